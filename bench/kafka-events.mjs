/** The messages of the Kafka benchmark: observations and labels of simulated lines, the same for whoever takes them. */
import { built } from './running.mjs'

const MONTH_MS = 30 * 86_400_000

/** `n` records for the log. */
export async function records(dist, codec, n, startMs = Date.now() - MONTH_MS) {
  const { SimulatedLines, driftOf, outgoing } = await built(dist, 'simulate/lines', 'command/feed', 'command/simulation')
  const simulated = new SimulatedLines({
    seed: 1,
    lines: 3,
    intervalMs: 1000,
    startMs,
    labelDelayParts: 50,
    drift: driftOf('recurring', 3)
  })
  return Array.from({ length: n }, () => outgoing(codec, simulated.next().value.event))
}

/** Calls `send(i, n)` with ten places of `total` every ten milliseconds, and waits for the last. */
export async function atThousand(total, send) {
  const began = performance.now()
  const sent = []
  for (let i = 0; i < total; i += 10) {
    const wait = began + i - performance.now()
    if (wait > 0) await new Promise(resolve => setTimeout(resolve, wait))
    sent.push(send(i, Math.min(10, total - i)))
  }
  await Promise.all(sent)
}

export function quantiles(waits) {
  const sorted = waits.toSorted((a, b) => a - b)
  const at = q => sorted[Math.min(sorted.length - 1, Math.floor(q * sorted.length))]
  return { p50: at(0.5), p99: at(0.99) }
}
