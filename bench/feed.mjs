/** Simulated lines into a log as fast as it is read: never more than a bounded backlog ahead of the pipeline. */
import { setTimeout as sleep } from 'node:timers/promises'
import { built } from './running.mjs'

const INPUTS = ['observations', 'labels', 'examples']
const CHUNK = 500
const MONTH_MS = 30 * 86_400_000

/**
 * Writes `events` records, observations and their labels, and returns how many of each. Calls `fed` with the number so far
 * after every chunk; ends early when it returns false. `backlog` is in records, `rate` in records a second.
 */
export async function feed(
  dist,
  { log, codec },
  { events, seed = 1, lines = 3, backlog = 2000, rate = Number.POSITIVE_INFINITY, fed = () => true }
) {
  const { SimulatedLines, driftOf, outgoing, write } = await built(dist, 'simulate/lines', 'command/feed', 'command/simulation')
  const simulated = new SimulatedLines({
    seed,
    lines,
    intervalMs: 1000,
    startMs: Date.now() - MONTH_MS,
    labelDelayParts: 50,
    drift: driftOf('recurring', lines)
  })
  const written = { observation: 0, label: 0 }
  const began = performance.now()
  for (let n = 0; n < events; ) {
    while ((await behind(log)) > backlog) await sleep(2)
    await sleep(Math.max(0, began + (1000 * n) / rate - performance.now()))
    const chunk = Array.from({ length: Math.min(CHUNK, events - n) }, () => simulated.next().value.event)
    await write(
      log,
      chunk.map(event => outgoing(codec, event)),
      new AbortController().signal
    )
    for (const { name } of chunk) written[name]++
    n += chunk.length
    if (!fed(n)) break
  }
  return written
}

/** Records that the pipeline has not taken yet. */
export async function behind(log) {
  const at = new Map((await log.committed('andon')).map(({ topic, partition, offset }) => [`${topic}/${partition}`, offset]))
  return (await log.ends(INPUTS)).reduce((sum, { topic, partition, offset }) => sum + offset - (at.get(`${topic}/${partition}`) ?? 0), 0)
}
