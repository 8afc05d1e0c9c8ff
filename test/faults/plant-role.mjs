/**
 * A predictor with a fault in it: `node plant-role.mjs DIST early CONFIG`. It moves its positions before it writes what it made,
 * so that a kill in between loses predictions.
 */
import { setTimeout as sleep } from 'node:timers/promises'
import { built } from './built.mjs'

const [dist, , configPath] = process.argv.slice(2)
/** Much longer than what lies between two portions, so that nearly every kill comes in between. */
const BETWEEN_MS = 1000
const { openStore, openRole, loadConfig } = await built(dist, 'wiring', 'config/load')
const config = loadConfig({ path: configPath, env: {} })
const store = await openStore(config, { role: 'predict' })
const { log } = store
const share = log.share.bind(log)
log.share = async function* (...given) {
  for await (const { records, done } of share(...given))
    yield {
      records,
      async done(outputs) {
        await done([])
        await sleep(BETWEEN_MS)
        await log.write(outputs)
      }
    }
}
const stop = new AbortController()
process.on('SIGTERM', () => stop.abort())
process.stderr.write('listening to signals\n')
const timings = { labelDelay() {}, predictMs() {}, learnMs() {} }
await openRole(config, store, 'predict', { timings, tell: () => {} }).run(stop.signal)
await log.close()
