import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import type { Report } from '../../src/judge/report.ts'
import { Scoreboard } from '../../src/judge/scoreboard.ts'
import { bits, names, streams } from './stream.ts'

/** Both boards are told the same guesses, as a label corrected later changes none that was made. */
function board(stream: readonly { truth: number; p: Float32Array; chosen: number }[], window: number): Scoreboard {
  const made = new Scoreboard({ window, forget: 0.9 })
  stream.forEach(({ truth, p, chosen }, i) => {
    made.addWithBaselines(truth, p, chosen, (i % 5) - 1, (i % 4) - 1)
  })
  return made
}

function expectClose(one: Report, other: Report): void {
  const flat = (r: Report) => [r.n, r.scores, r.baselines, r.perClass.map(c => ({ ...c, class: '' }))]
  const numbers = (x: unknown): (number | null)[] =>
    x === null || typeof x === 'number' ? [x] : typeof x === 'object' ? Object.values(x as object).flatMap(numbers) : []
  const a = numbers(flat(one))
  const b = numbers(flat(other))
  expect(a.length).toBe(b.length)
  a.forEach((x, i) => {
    if (x === null || b[i] === null) expect(x).toBe(b[i])
    else expect(x).toBeCloseTo(b[i]!, 8)
  })
}

describe('a corrected label', () => {
  test('known with its probabilities and place leaves every report as if it had been right at once', () => {
    fc.assert(
      fc.property(streams(), fc.nat(), fc.nat(7), (stream, place, to) => {
        const at = place % stream.length
        const { truth, p, chosen } = stream[at]!
        const corrected = board(stream, 100)
        corrected.correct(truth, to, chosen, { probabilities: p, at })
        const right = board(stream.with(at, { truth: to, p, chosen }), 100)
        expectClose(corrected.report(names), right.report(names))
        expectClose(corrected.windowReport(names), right.windowReport(names))
        // A class that the correction has emptied keeps at most a rounding of weight, below what counts as support.
        expectClose(corrected.forgettingReport(names), right.forgettingReport(names))
      })
    )
  })

  test('known by its classes alone moves the confusion counts and leaves the rest as first judged', () => {
    fc.assert(
      fc.property(streams(), fc.nat(), fc.nat(7), (stream, place, to) => {
        const at = place % stream.length
        const { truth, p, chosen } = stream[at]!
        const first = board(stream, 100)
        const before = first.report(names)
        const window = first.windowReport(names)
        first.correct(truth, to, chosen)
        const after = first.report(names)
        const right = board(stream.with(at, { truth: to, p, chosen }), 100).report(names)
        expect(after.perClass).toEqual(right.perClass)
        for (const key of ['accuracy', 'kappa', 'gMean', 'macroRecall', 'macroF1'] as const)
          expect(after.scores[key]).toBe(right.scores[key])
        for (const key of ['logLoss', 'brier', 'ece'] as const) expect(after.scores[key]).toBe(before.scores[key])
        expect(after.baselines).toEqual(before.baselines)
        expect(first.windowReport(names)).toEqual(window)
      })
    )
  })

  test('that has left the window moves no baseline, and keeps κ of the baselines within −1 and 1', () => {
    fc.assert(
      fc.property(streams(), fc.nat(), fc.nat(7), (stream, place, to) => {
        const at = place % stream.length
        const { truth, p, chosen } = stream[at]!
        const narrow = board(stream, 1)
        const before = narrow.report(names).baselines
        narrow.correct(truth, to, chosen, { probabilities: p, at })
        if (at < stream.length - 1) expect(narrow.report(names).baselines).toEqual(before)
        const { noChange, majority } = narrow.report(names).baselines
        for (const kappa of [noChange.kappa, majority.kappa]) expect(kappa === null || Math.abs(kappa) <= 1 + 1e-12).toBe(true)
      })
    )
  })

  test('is what the board repeats from then on where labels come at once', () => {
    const labels = new Scoreboard()
    labels.add(0, [1, 0], 0)
    labels.correct(0, 1, 0, { at: 0 })
    labels.add(1, [1, 0], 0)
    expect(labels.report(['a', 'b']).baselines.noChange.accuracy).toBe(0.5)
  })

  test('that was never judged is refused and changes nothing', () => {
    const made = new Scoreboard()
    made.add(0, [0.5, 0.5], 1)
    made.add(1, [0.5, 0.5], 1)
    const before = bits(made.save())
    expect(() => made.correct(0, 1, 0)).toThrow(/expected a judgement of truth 0 and choice 0, none is counted/)
    expect(() => made.correct(0, 1, 1, { at: 1 })).toThrow(/at 1, none is counted/)
    expect(() => made.correct(0, 1, 1, { at: 2 })).toThrow(/expected a judgement before 2, got 2/)
    expect(bits(made.save())).toBe(before)
  })
})
