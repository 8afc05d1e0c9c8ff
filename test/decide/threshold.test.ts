/** Thresholds keep what they promise, and every law goes red on the fault it is there for. */
import { describe, expect, test } from 'vitest'
import { decodeSaved, encodeSaved } from '../../src/adapter/file/saved.ts'
import { type SavedThreshold, Threshold } from '../../src/decide/conformal.ts'
import { Random } from '../../src/numeric/random.ts'
import type { Saved } from '../../src/numeric/saved.ts'
import { expectBroken } from '../numeric/planted.ts'
import { type KeeperOptions, laws, type Open } from './threshold.laws.ts'

const open: Open = options => new Threshold(options)
const lawOf = (start: string) => laws.find(([name]) => name.startsWith(start))![1]

test.each(laws)('%s', (_name, law) => law(open))

/** A threshold with a fault. */
const planted =
  (change: (threshold: Threshold, options: KeeperOptions) => Partial<ReturnType<Open>>): Open =>
  options => {
    const threshold = new Threshold(options)
    const changed = change(threshold, options)
    return {
      get value() {
        return changed.value ?? threshold.value
      },
      holds: changed.holds ?? (p => threshold.holds(p)),
      learn: changed.learn ?? ((p, held, weight) => threshold.learn(p, held, weight))
    }
  }

describe('a planted fault goes red', () => {
  test.each<[string, string, Open]>([
    ['no step for a miss', 'an adversary', options => new Threshold({ ...options, adapt: 0 })],
    ['steps the wrong way', 'an adversary', planted(threshold => ({ learn: (p, held) => threshold.learn(p, !held) }))],
    [
      'judged by the threshold of now, where labels are late',
      'an adversary',
      planted((threshold, { adapt, missRate }) => ({
        learn: p => threshold.learn(p, adapt === 0 || p! >= threshold.value || missRate === 0)
      }))
    ],
    ['ruling out nothing', 'where parts are alike', planted(() => ({ holds: () => true }))],
    ['a bound above which all is ruled out', 'where parts are alike', planted(() => ({ holds: p => p > 0.1 }))],
    ['ready at once', 'nothing is ruled out', planted(threshold => ({ holds: p => threshold.labels > 0 && p > 0.5 }))],
    ['all labels for ever and no step', 'after a drift', options => new Threshold({ ...options, adapt: 0, window: null })],
    ['weights ignored', 'a label weighed', planted(threshold => ({ learn: (p, held) => threshold.learn(p, held) }))]
  ])('%s', (_name, law, fault) => expectBroken(() => lawOf(law)(fault)))
})

test('saved and loaded it goes on bit for bit', () => {
  const random = new Random(3)
  const options = { missRate: 0.05, adapt: 0.02, window: 50 }
  const whole = new Threshold(options)
  let other = new Threshold(options)
  for (let i = 0; i < 300; i++) {
    const [p, weight] = [random.next(), i % 3 === 0 ? 1 / random.next() : 1]
    for (const each of [whole, other]) each.learn(p, each.holds(p), weight)
    if (i % 37 === 0) {
      const saved = decodeSaved(encodeSaved(other.save() as unknown as Saved)) as unknown as SavedThreshold
      other = new Threshold(options)
      other.load(saved)
    }
    expect(other.value).toBe(whole.value)
  }
  expect(encodeSaved(other.save() as unknown as Saved)).toEqual(encodeSaved(whole.save() as unknown as Saved))
})

test('a promise too strict for the window is taken from as many labels as it needs', () => {
  const threshold = new Threshold({ missRate: 0.005, adapt: 0.02, window: 20 })
  for (let i = 0; i < 500; i++) threshold.learn(0.5 + i / 1000, true)
  expect([threshold.needed, threshold.ready]).toEqual([199, true])
  expect(threshold.value).toBeGreaterThan(0)
})
