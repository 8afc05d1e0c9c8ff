/**
 * The pipeline with a fault planted in it, to prove that the kills find it: `node plant.mjs DIST FAULT CONFIG PHASEFILE`.
 * `apart` makes positions durable before the outputs, so that a kill between loses what was made; `twice` predictions before
 * positions, so that they are made again; `behind` names a position one short in every snapshot.
 */
import { openSync, writeSync } from 'node:fs'
import { setTimeout as sleep } from 'node:timers/promises'
import { built } from './built.mjs'

const [dist, fault, configPath, phaseFile] = process.argv.slice(2)
const { loadConfig, openStore, openPipeline } = await built(dist, 'wiring', 'config/load')
const letters = { recovering: 'v', reading: 'r', folding: 'f', committing: 'f', snapshotting: 's' }
const file = openSync(phaseFile, 'w')
const tell = letter => writeSync(file, letter, 0)
/** Long enough that a kill aimed at the gap hits it. */
const GAP_MS = 5

const config = loadConfig({ path: configPath, env: {} })
const store = await openStore(config)
const nothing = { outputs: [], positions: [], notes: [] }

const planted = {
  claim: async group => {
    const claim = await store.log.claim(group)
    return {
      positions: () => claim.positions(),
      notes: () => claim.notes(),
      commit: async ({ outputs, positions, notes }) => {
        const isPrediction = ({ topic }) => topic === 'predictions'
        const halves = {
          apart: [
            { ...nothing, positions, notes },
            { ...nothing, outputs }
          ],
          twice: [
            { ...nothing, outputs: outputs.filter(isPrediction) },
            { outputs: outputs.filter(output => !isPrediction(output)), positions, notes }
          ],
          behind: [{ outputs, positions, notes }]
        }[fault]
        const written = [...(await claim.commit(halves[0]))]
        tell('c')
        await sleep(GAP_MS)
        if (halves[1] !== undefined) written.push(...(await claim.commit(halves[1])))
        return written
      }
    }
  }
}
const behind = ({ positions, ...rest }) => ({
  ...rest,
  positions: positions.map(p => (p.topic === 'examples' ? { ...p, offset: p.offset - 1 } : p))
})
const { log, snapshots } = store
const pipeline = openPipeline(
  config,
  {
    ...store,
    log: new Proxy(log, {
      get: (target, name) => planted[name] ?? (typeof target[name] === 'function' ? target[name].bind(target) : target[name])
    }),
    snapshots: { ...snapshots, write: (header, state) => snapshots.write(fault === 'behind' ? behind(header) : header, state) }
  },
  'all',
  {
    timings: { labelDelay() {}, predictMs() {}, learnMs() {} },
    tell: (_level, message) => process.stderr.write(`${message}\n`),
    phase: phase => tell(letters[phase])
  }
)
const stop = new AbortController()
process.on('SIGTERM', () => stop.abort())
await pipeline.run(stop.signal)
await log.close()
