import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { Baselines } from '../../src/judge/baselines.ts'
import type { Report } from '../../src/judge/report.ts'
import { Scoreboard } from '../../src/judge/scoreboard.ts'
import { bits, feed, names, streams } from './stream.ts'

const empty = new Scoreboard().report([])

function reports(board: Scoreboard): Report[] {
  return [board.report(names), board.windowReport(names), board.forgettingReport(names)]
}

describe('scores keep their bounds', () => {
  test('whatever the stream: shares and κ within theirs, intervals round their score, nothing NaN', () => {
    fc.assert(
      fc.property(streams(), stream => {
        for (const { scores, perClass, baselines } of reports(feed(new Scoreboard({ window: 7, forget: 0.9 }), stream))) {
          const within = (x: number | null, low: number, high: number) => x === null || (x >= low - 1e-12 && x <= high + 1e-12)
          for (const x of [scores.accuracy, scores.gMean, scores.macroRecall, scores.macroF1, scores.ece])
            expect(within(x, 0, 1)).toBe(true)
          for (const x of [scores.kappa, baselines.noChange.kappa, baselines.majority.kappa]) expect(within(x, -1, 1)).toBe(true)
          for (const x of [scores.kappaNoChange, scores.kappaMajority]) expect(within(x, Number.NEGATIVE_INFINITY, 1)).toBe(true)
          expect(within(scores.logLoss, 0, 13.815510558)).toBe(true)
          expect(within(scores.brier, 0, 2)).toBe(true)
          expect(scores.gMean! <= scores.macroRecall! + 1e-12).toBe(true)
          for (const c of perClass) {
            expect(c.recall === null).toBe(c.support < 0.05)
            if (c.recall !== null) expect(c.recallInterval![0] <= c.recall && c.recall <= c.recallInterval![1] + 1e-12).toBe(true)
          }
        }
      })
    )
  })

  test('also where probabilities are no probabilities: the sums stay finite', () => {
    const board = new Scoreboard()
    board.add(0, [Number.NaN, 1], 0)
    board.add(0, [Number.POSITIVE_INFINITY, 1], 0)
    board.add(0, [-3, 0.5], 0)
    board.add(0, [1.0000001, 0], 0)
    for (const { scores } of reports(board)) {
      for (const x of [scores.logLoss, scores.brier, scores.ece]) expect(Number.isFinite(x)).toBe(true)
      expect(scores.brier).toBeLessThanOrEqual(2)
      expect(scores.logLoss).toBeGreaterThanOrEqual(0)
    }
  })

  test('no score without support: an empty board and a class that never came say null, never 0', () => {
    for (const x of Object.values(empty.scores)) expect(x).toBeNull()
    expect(empty.baselines).toEqual({ noChange: { accuracy: null, kappa: null }, majority: { accuracy: null, kappa: null } })
    const board = new Scoreboard()
    board.add(0, [0.4, 0.6], 1)
    const [, never] = board.report(['good', 'scratch']).perClass
    expect(never).toEqual({
      class: 'scratch',
      support: 0,
      predicted: 1,
      recall: null,
      precision: null,
      recallInterval: null,
      precisionInterval: null
    })
    expect(board.report(['good', 'scratch', 'dent']).perClass).toHaveLength(3)
  })
})

describe('classes', () => {
  test('names in another order give the same scores', () => {
    fc.assert(
      fc.property(streams(), fc.shuffledSubarray([0, 1, 2, 3, 4, 5, 6, 7], { minLength: 8, maxLength: 8 }), (stream, to) => {
        const moved = stream.map(({ truth, p, chosen }) => {
          const q = new Float32Array(8)
          p.forEach((x, c) => {
            q[to[c]!] = x
          })
          return { truth: to[truth]!, p: q, chosen: chosen < 0 ? -1 : to[chosen]! }
        })
        const here = feed(new Scoreboard(), stream).report(names.slice(0, 8))
        const there = feed(new Scoreboard(), moved).report(names.slice(0, 8))
        // The majority's ties go to the lower index, so it alone may depend on the order.
        for (const key of ['accuracy', 'kappa', 'kappaNoChange', 'gMean', 'macroRecall', 'macroF1', 'logLoss', 'brier', 'ece'] as const) {
          if (here.scores[key] === null) expect(there.scores[key]).toBeNull()
          else expect(there.scores[key]).toBeCloseTo(here.scores[key], 9)
        }
        here.perClass.forEach((c, y) => {
          expect({ ...there.perClass[to[y]!], class: '' }).toEqual({ ...c, class: '' })
        })
      })
    )
  })

  test('a class unknown when served counts with probability 1e-6 and as wrong', () => {
    const board = new Scoreboard()
    board.add(2, [0.5, 0.5], 0)
    const { scores } = board.report(['a', 'b', 'c'])
    expect(scores.logLoss).toBeCloseTo(13.815510557964274, 12)
    expect(scores.brier).toBe(1.5)
    expect(scores.accuracy).toBe(0)
  })

  test('what is no class index is refused and changes nothing', () => {
    const board = feed(new Scoreboard(), [{ truth: 1, p: Float32Array.of(0.5, 0.5), chosen: 1 }])
    const before = bits(board.save())
    for (const bad of [-1, 1.5, Number.NaN, 4096]) expect(() => board.add(bad, [1], 0)).toThrow(/expected the truth as a class index/)
    expect(() => board.add(0, [1], -2)).toThrow(/the chosen class/)
    expect(() => board.report(['only one'])).toThrow(/expected the names of 2 classes, got 1/)
    expect(bits(board.save())).toBe(before)
  })
})

describe('the baselines', () => {
  test('know only labels that came before: a label that comes late is not guessed from', () => {
    const known = new Baselines()
    const late = new Scoreboard()
    const truth = [0, 1, 1, 1]
    const guesses = truth.map((_, i) => {
      if (i >= 2) known.learn(truth[i - 2]!) // each label is two predictions late
      return [known.noChange, known.majority] as const
    })
    expect(guesses).toEqual([
      [-1, -1],
      [-1, -1],
      [0, 0],
      [1, 0]
    ]) // prettier in a row
    truth.forEach((y, i) => {
      late.addWithBaselines(y, [0, 1], 1, ...guesses[i]!)
    })
    const { baselines, scores } = late.report(['a', 'b'])
    expect(baselines.noChange.accuracy).toBe(0.25)
    expect(baselines.majority.accuracy).toBe(0)
    expect(scores.kappaNoChange).toBeCloseTo((0.75 - 0.25) / 0.75, 12)
  })

  test('repeat the last label and the most frequent one, the lower index on ties, corrections and all', () => {
    fc.assert(
      fc.property(fc.array(fc.nat(5), { minLength: 1, maxLength: 30 }), fc.nat(), fc.nat(5), (truth, place, to) => {
        const known = new Baselines()
        for (const y of truth) known.learn(y)
        const mode = (all: number[]) => Math.max(...[0, 1, 2, 3, 4, 5].map(c => all.filter(y => y === c).length * 10 - c))
        const best = (all: number[]) => [0, 1, 2, 3, 4, 5].find(c => all.filter(y => y === c).length * 10 - c === mode(all))
        expect([known.noChange, known.majority]).toEqual([truth.at(-1), best(truth)])
        const at = place % truth.length
        known.correct(truth[at]!, to, at === truth.length - 1)
        const corrected = truth.with(at, to)
        expect([known.noChange, known.majority]).toEqual([corrected.at(-1), best(corrected)])
        expect(bits(Baselines.load(known.save()).save())).toBe(bits(known.save()))
      })
    )
  })
})

describe('the window', () => {
  test('says what a fresh board says after the last judgements, bit for bit', () => {
    fc.assert(
      fc.property(streams(), fc.integer({ min: 1, max: 40 }), (stream, window) => {
        const board = feed(new Scoreboard({ window }), stream)
        const fresh = new Scoreboard()
        const known = new Baselines()
        stream.forEach(({ truth, p, chosen }, i) => {
          if (i >= stream.length - window) fresh.addWithBaselines(truth, p, chosen, known.noChange, known.majority)
          known.learn(truth)
        })
        expect(board.windowReport(names)).toEqual(fresh.report(names))
      })
    )
  })

  test('of 0 keeps nothing', () => {
    const board = feed(new Scoreboard({ window: 0 }), [{ truth: 0, p: Float32Array.of(1), chosen: 0 }])
    expect(board.windowReport(['a']).n).toBe(0)
    expect(board.report(['a']).n).toBe(1)
  })
})

describe('forgetting', () => {
  test('equals weights that shrink by the factor at every judgement', () => {
    fc.assert(
      fc.property(streams(), fc.double({ min: 0.5, max: 0.999, noNaN: true }), (stream, forget) => {
        const { n, scores, perClass } = feed(new Scoreboard({ forget }), stream).forgettingReport(names)
        const weight = (i: number) => forget ** (stream.length - 1 - i)
        const sum = (f: (s: (typeof stream)[number]) => number) => stream.reduce((total, s, i) => total + weight(i) * f(s), 0)
        expect(n).toBeCloseTo(
          sum(() => 1),
          9
        )
        expect(scores.accuracy).toBeCloseTo(sum(s => Number(s.truth === s.chosen)) / n, 9)
        expect(scores.logLoss).toBeCloseTo(sum(s => -Math.log(Math.max(1e-6, Math.min(1, s.p[s.truth] ?? 0)))) / n, 9)
        for (const [c, { support, predicted }] of perClass.entries()) {
          expect(support).toBeCloseTo(
            sum(s => Number(s.truth === c)),
            9
          )
          expect(predicted).toBeCloseTo(
            sum(s => Number(s.chosen === c)),
            9
          )
        }
      })
    )
  })

  test('goes on beyond the range of float64, and drops a class that has not come for long', () => {
    const board = new Scoreboard({ forget: 0.9 })
    board.add(1, [1, 0], 0)
    for (let i = 0; i < 20_000; i++) board.add(0, [1, 0], 0)
    const { n, scores, perClass } = board.forgettingReport(['a', 'b'])
    expect(n).toBeCloseTo(10, 9)
    expect(perClass[1]!.recall).toBeNull()
    expect(scores.gMean).toBe(1)
    expect(board.report(['a', 'b']).scores.gMean).toBe(0)
  })

  test('of 1 forgets nothing', () => {
    fc.assert(
      fc.property(streams(20), stream => {
        const board = feed(new Scoreboard({ forget: 1 }), stream)
        expect(board.forgettingReport(names)).toEqual(board.report(names))
      })
    )
  })
})

describe('saved and loaded', () => {
  test('a board goes on with the same bits', () => {
    fc.assert(
      fc.property(streams(), streams(), fc.integer({ min: 0, max: 40 }), (first, then, window) => {
        const board = feed(new Scoreboard({ window, forget: 0.8 }), first)
        const loaded = Scoreboard.load(board.save())
        expect(bits(loaded.save())).toBe(bits(board.save()))
        feed(board, then)
        feed(loaded, then)
        expect(bits(loaded.save())).toBe(bits(board.save()))
        expect(reports(loaded)).toEqual(reports(board))
      })
    )
  })

  test('a board shares nothing with what it was loaded from', () => {
    const board = feed(new Scoreboard(), [{ truth: 1, p: Float32Array.of(0.5, 0.5), chosen: 1 }])
    const saved = board.save()
    const before = bits(saved)
    feed(Scoreboard.load(saved), [{ truth: 0, p: Float32Array.of(0.5, 0.5), chosen: 1 }])
    feed(board, [{ truth: 0, p: Float32Array.of(0.5, 0.5), chosen: 1 }])
    expect(bits(saved)).toBe(before)
  })
})
