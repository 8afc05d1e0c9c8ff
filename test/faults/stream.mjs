/**
 * What a line may throw at the pipeline: parts and labels that repeat, correct, contradict, split, come early, late or for
 * parts nobody saw, labelled events beside them, controls, and records that are none. The same seed gives the same records.
 *
 * A label tells in `source` what must become of it, `FATE-NUMBER`: a `learned` one becomes an example, a `rejected` one a
 * rejection, a `stranger` (its part never comes) one or the other of a rejection and a place in the waiting room.
 */

/** Parts leave the waiting room after this much event time; a late label comes after, all others well before. */
export const MAX_AGE_S = 720
const LATE_MS = 2 * MAX_AGE_S * 1000
const SHARD = 'shard-0'

/** Records without end, each `{topic, key, value, kind}`; those of kind `bad` must be rejected as they are. */
export function* stream({ SimulatedLines, Soonest, Random, codec, seed, startMs }) {
  const random = new Random(seed)
  const chance = share => random.next() < share
  const later = new Soonest()
  const early = new Set()
  let serial = 0
  const record = (topic, key, name, event, kind = name) => ({ topic, key, value: codec.encode(name, event), kind })
  const label = (base, fate, changes = {}) => record('labels', base.line, 'label', { ...base, source: `${fate}-${serial++}`, ...changes })

  for (const { at, event } of new SimulatedLines({ seed, lines: 3, startMs, intervalMs: 1000, idPrefix: `p${seed}` })) {
    while (later.at <= at) yield later.take()
    if (event.name === 'observation') yield* observed(event.event, at)
    else if (!early.delete(event.event.observation)) yield* labelled(event.event, at)
    if (chance(0.02)) yield bad(at)
    if (chance(0.0005)) {
      const effort = { id: `effort-${serial++}`, time: at, kind: 'effort', task: null, value: 1 + random.below(3), drift: null }
      yield record('examples', SHARD, 'control', effort)
    }
  }

  function* observed(seen, at) {
    if (chance(0.02)) {
      early.add(seen.id)
      yield label({ observation: seen.id, line: seen.line, time: at, labels: { failure: 'ok', mode: 'none' } }, 'learned')
    }
    const first = record('observations', seen.line, 'observation', seen)
    yield first
    if (chance(0.02)) later.add(at + random.below(600_000), { ...first, kind: 'repeat' })
    if (chance(0.01)) yield record('observations', seen.line, 'observation', { ...seen, product: 'X' }, 'bad')
    if (chance(0.03)) {
      const whole = {
        observation: { ...seen, id: `direct-${seed}-${serial++}` },
        labels: { failure: 'ok' },
        labelTime: at,
        source: null,
        prediction: null
      }
      const direct = record('examples', SHARD, 'example', whole)
      yield direct
      if (chance(0.1)) later.add(at + random.below(60_000), { ...direct, kind: 'repeat' })
    }
  }

  function* labelled(base, at) {
    if (chance(0.04)) return
    if (chance(0.02)) {
      later.add(at + LATE_MS, label(base, 'rejected'))
      return
    }
    if (chance(0.02)) yield label(base, 'stranger', { observation: `nobody-${seed}-${serial}` })
    if (chance(0.01)) yield label(base, 'rejected', { line: 'line-elsewhere' })
    if (chance(0.03)) {
      yield label(base, 'learned', { labels: { failure: base.labels.failure } })
      later.add(at + random.below(60_000), label(base, 'learned', { labels: { mode: base.labels.mode } }))
      return
    }
    const first = label(base, 'learned')
    yield first
    if (chance(0.05)) later.add(at + random.below(60_000), { ...first, kind: 'repeat' })
    if (chance(0.05)) {
      const failure = base.labels.failure === 'ok' ? 'failure' : 'ok'
      const time = at + 1 + random.below(60_000)
      later.add(time, label(base, 'learned', { time, labels: { failure } }))
    }
  }

  function bad(at) {
    const part = { id: `bad-${serial++}`, line: 'line-1', station: null, product: null, time: at, features: { torque_nm: 40 } }
    const whole = codec.encode('observation', part)
    const noise = Uint8Array.from({ length: 1 + random.below(60) }, () => random.below(256))
    const none = { observation: part.id, line: part.line, time: at, source: null, labels: {} }
    const kinds = [
      ['observations', noise],
      ['predictions', noise],
      ['examples', noise],
      ['labels', whole],
      ['observations', whole.subarray(0, 10 + random.below(whole.length - 10))],
      ['observations', Uint8Array.of(...whole, 0)],
      ['observations', codec.encode('observation', { ...part, time: 0 })],
      ['observations', codec.encode('observation', { ...part, id: '' })],
      ['labels', codec.encode('label', none)]
    ]
    const [topic, value] = kinds[random.below(kinds.length)]
    return { topic, key: topic === 'examples' ? SHARD : 'line-1', value, kind: 'bad' }
  }
}
