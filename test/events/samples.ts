/** One valid event of every kind, with everything optional present. */
import type { Events } from '../../src/events/event.ts'

const time = Date.UTC(2026, 2, 14, 9, 26, 53)

const observation: Events['observation'] = {
  id: 'part-1',
  line: 'line-a',
  station: 'press-2',
  product: 'lid',
  time,
  features: { torque: 41.5, speed: -1400, tool: 'drill', pressure: null, 'Wärme ✓': 1e-300 }
}

const prediction: Events['prediction'] = {
  observation: 'part-1',
  line: 'line-a',
  station: 'gate',
  time,
  learned: 12_345,
  fold: 1,
  tasks: [
    {
      task: 'fault',
      classes: ['none', 'scratch'],
      probabilities: [0.75, 0.25],
      chosen: 'none',
      set: ['none'],
      banks: [{ bank: 'shared', weight: 1, opinion: [0.75, 0.25], shares: [0.5, 0.25, 0.25] }]
    }
  ]
}

export const samples: { readonly [N in keyof Events]: Events[N] } = {
  observation,
  label: { observation: 'part-1', line: 'line-a', time: time + 60_000, source: 'camera', labels: { fault: 'scratch', grade: 'B' } },
  example: { observation, labels: { fault: 'scratch' }, labelTime: time + 60_000, source: null, prediction },
  control: { id: 'control-1', time, kind: 'effort', task: null, value: 4, drift: null },
  prediction,
  decision: {
    observation: 'part-1',
    line: 'line-a',
    station: 'gate',
    time,
    task: 'fault',
    action: 'flag',
    class: 'scratch',
    probability: 0.25,
    set: ['none', 'scratch'],
    inspect: true,
    propensity: 0.125,
    reason: 'scratch cannot be ruled out.',
    learned: 12_345
  },
  alert: {
    id: 'alert-1',
    time,
    line: 'line-a',
    kind: 'raised',
    severity: 'critical',
    rule: 'scratches',
    observation: 'part-1',
    task: 'fault',
    class: 'scratch',
    message: 'Scratches on line-a.',
    station: 'press-2',
    cause: '["scratches","line-a","fault","scratch"]',
    by: 'Ada',
    value: 0.25,
    count: 7,
    trial: false
  },
  signal: {
    id: 'signal-1',
    time,
    kind: 'class-appeared',
    domain: 'line-a',
    task: 'fault',
    class: 'scratch',
    bank: null,
    expert: 3,
    value: 0.5,
    learned: 12,
    message: 'The class scratch appeared.'
  },
  rejection: {
    code: 'malformed',
    reason: 'expected an observation, got noise',
    topic: 'observations',
    partition: 2,
    offset: 9_007_199_254_740_000,
    time,
    length: 3,
    sha256: 'ab'.repeat(32),
    truncated: false,
    value: Uint8Array.of(1, 2, 255)
  }
}

/** Every field a plain value, so that values of different classes compare. */
export function plain(value: unknown): unknown {
  if (value instanceof Uint8Array) return [...value]
  if (Array.isArray(value)) return value.map(plain)
  if (typeof value !== 'object' || value === null) return value
  return Object.fromEntries(Object.entries(value).map(([key, one]) => [key, plain(one)]))
}
