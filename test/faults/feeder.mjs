/**
 * A process of its own that writes the stream into the log: `node feeder.mjs DIST CONFIG SEED LEDGER [roles]`. It keeps the backlog
 * between a little and a thousand records, so that the pipeline is never idle for long and never far behind. SIGTERM ends
 * it: it then writes to LEDGER what the log has acknowledged.
 */
import { createHash } from 'node:crypto'
import { writeFileSync } from 'node:fs'
import { setTimeout as sleep } from 'node:timers/promises'
import { built } from './built.mjs'
import { stream } from './stream.mjs'
import { alone, roles } from './verify.mjs'

const [dist, configPath, seed, ledger, by] = process.argv.slice(2)
const parts = await built(dist, 'wiring', 'config/load', 'simulate/lines', 'simulate/soonest', 'numeric/random')
const { inputs } = by === 'roles' ? roles : alone
/** Made of what was fed: it weighs on the rest by itself. */
const MADE = 'predictions'
const BACKLOG = 1000
const CHUNK = 100
const MONTH_MS = 30 * 86_400_000

const config = parts.loadConfig({ path: configPath, env: {} })
const { log, codec } = await parts.openStore(config)
let stopped = false
process.on('SIGTERM', () => {
  stopped = true
})
const counts = {}
const bad = []
const records = stream({ ...parts, codec, seed: Number(seed), startMs: Date.now() - MONTH_MS })
process.stdout.write('ready\n')
while (!stopped) {
  if ((await backlog()) > BACKLOG) {
    await sleep(4)
    continue
  }
  const chunk = Array.from({ length: CHUNK }, () => records.next().value)
  const positions = await log.write(chunk.map(({ topic, key, value }) => ({ topic, key, value })))
  chunk.forEach(({ kind, value }, i) => {
    counts[kind] = (counts[kind] ?? 0) + 1
    if (kind === 'bad') bad.push({ ...positions[i], sha256: createHash('sha256').update(value).digest('hex') })
  })
}
writeFileSync(ledger, JSON.stringify({ counts, bad }))
await log.close()

async function backlog() {
  let left = 0
  for (const [group, topics] of Object.entries(inputs)) {
    const at = new Map((await log.committed(group)).map(({ topic, partition, offset }) => [`${topic}/${partition}`, offset]))
    for (const { topic, partition, offset } of await log.ends(topics.filter(topic => topic !== MADE)))
      left += Math.max(0, offset - (at.get(`${topic}/${partition}`) ?? 0))
  }
  return left
}
