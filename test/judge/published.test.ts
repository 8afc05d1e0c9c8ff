/** Scores against numbers that others have published, and against scikit-learn on random cases. */
import { describe, expect, test } from 'vitest'
import { binOf, calibrationError } from '../../src/judge/calibration.ts'
import type { Report } from '../../src/judge/report.ts'
import { kappa } from '../../src/judge/score.ts'
import { Scoreboard } from '../../src/judge/scoreboard.ts'
import published from './scikit-learn.json' with { type: 'json' }

const onehot = (c: number, C: number): number[] => Array.from({ length: C }, (_, i) => (i === c ? 1 : 0))
const names = (C: number): string[] => Array.from({ length: C }, (_, c) => `${c}`)

function choices(truth: readonly number[], chosen: readonly number[]): Report {
  const C = 1 + Math.max(...truth, ...chosen)
  const board = new Scoreboard()
  truth.forEach((y, i) => {
    board.add(y, onehot(chosen[i]!, C), chosen[i]!)
  })
  return board.report(names(C))
}

describe('published examples come out', () => {
  // The examples under "Examples" on each function's page of scikit-learn 1.9's documentation.
  test('cohen_kappa_score: .6875', () => {
    expect(choices([0, 1, 0, 2, 1], [0, 1, 0, 2, 0]).scores.kappa).toBeCloseTo(0.6875, 12)
  })

  test('balanced_accuracy_score: .625', () => {
    expect(choices([0, 1, 0, 0, 1, 0], [0, 1, 0, 0, 0, 1]).scores.macroRecall).toBeCloseTo(0.625, 12)
  })

  test('f1_score, recall_score and precision_score of three classes: .267, [1, 0, 0], [.66, 0, 0]', () => {
    const { scores, perClass } = choices([0, 1, 2, 0, 1, 2], [0, 2, 1, 0, 0, 1])
    expect(scores.macroF1).toBeCloseTo(0.8 / 3, 12)
    expect(scores.macroRecall).toBeCloseTo(1 / 3, 12)
    expect(perClass.map(c => c.recall)).toEqual([1, 0, 0])
    expect(perClass.map(c => c.precision)).toEqual([2 / 3, 0, 0])
    expect(scores.gMean).toBe(0)
  })

  test('log_loss of spam and ham: .21616', () => {
    const board = new Scoreboard()
    const p = [
      [0.1, 0.9],
      [0.9, 0.1],
      [0.8, 0.2],
      [0.35, 0.65]
    ] // prettier to read in rows
    const truth = [1, 0, 0, 1]
    truth.forEach((y, i) => {
      board.add(y, p[i]!, y)
    })
    expect(board.report(['ham', 'spam']).scores.logLoss).toBeCloseTo(0.21616, 5)
  })

  test('brier_score_loss of three classes: .146, which is Σ over classes; of two unhalved: .075', () => {
    const three = new Scoreboard()
    three.add(0, [0.8, 0.1, 0.1], 0)
    three.add(1, [0.2, 0.7, 0.1], 1)
    three.add(2, [0.2, 0.2, 0.6], 2)
    // The page prints .146 truncated from (.06 + .14 + .24) / 3.
    expect(three.report(names(3)).scores.brier).toBeCloseTo(0.44 / 3, 12)
    const two = new Scoreboard()
    const truth = [0, 1, 1, 0]
    const p = [0.1, 0.9, 0.8, 0.3]
    truth.forEach((y, i) => {
      two.add(y, [1 - p[i]!, p[i]!], y)
    })
    expect(two.report(names(2)).scores.brier).toBeCloseTo(0.075, 12)
  })

  test('the confusion matrix 75, 8, 7, 10 of Bifet’s lectures on data streams (2012): 85 %, 74.59 %, 72.90 %', () => {
    const board = new Scoreboard()
    for (const [y, c, n] of [
      [0, 0, 75],
      [0, 1, 8],
      [1, 0, 7],
      [1, 1, 10]
    ] as const) {
      for (let i = 0; i < n; i++) board.add(y, onehot(c, 2), c)
    }
    const { scores } = board.report(['+', '-'])
    expect(scores.accuracy).toBe(0.85)
    expect(scores.macroRecall).toBeCloseTo(0.7459, 4)
    expect(scores.gMean!.toFixed(6)).toBe('0.729066') // he cuts it to 72.90
    // His chance table has 68.06 and 3.06 on its diagonal: p_c = .7112.
    expect(scores.kappa).toBeCloseTo((0.85 - 0.7112) / (1 - 0.7112), 12)
  })

  test('MulticlassCalibrationError of torchmetrics 1.x with 3 bins: .2000', () => {
    const confidence = [0.55, 0.55, 0.6, 0.9]
    const right = [0, 0, 1, 1]
    const hits = [0, 0, 0]
    const sums = [0, 0, 0]
    confidence.forEach((p, i) => {
      hits[binOf(p, 3)]! += right[i]!
      sums[binOf(p, 3)]! += p
    })
    expect(calibrationError(hits, sums, 4)).toBeCloseTo(0.2, 12)
  })
})

describe('against a label that persists or prevails', () => {
  test('a window that CapyMOA prints comes out: κ 74.440796, κ_T 24.242424, κ_M 68.856172 and all per-class scores', () => {
    // notebooks/00_getting_started.ipynb of CapyMOA: Hoeffding tree on Electricity, the first 4,500 predictions. Its
    // recalls and precisions fix the confusion counts; its κ_T and κ_M fix the errors of the baselines, 726 and 1,766.
    const board = new Scoreboard()
    let i = 0
    for (const [y, c, count] of [
      [0, 0, 1505],
      [0, 1, 265],
      [1, 0, 285],
      [1, 1, 2445]
    ] as const) {
      for (let end = i + count; i < end; i++) board.addWithBaselines(y, onehot(c, 2), c, i < 726 ? 1 - y : y, i < 1766 ? 1 - y : y)
    }
    const { scores, perClass } = board.report(['DOWN', 'UP'])
    const percent = (x: number | null) => (100 * x!).toFixed(6)
    expect([scores.accuracy, scores.kappa, scores.kappaNoChange, scores.kappaMajority].map(percent)).toEqual([
      '87.777778',
      '74.440796',
      '24.242424',
      '68.856172'
    ])
    expect(perClass.map(c => percent(c.recall))).toEqual(['85.028249', '89.560440'])
    expect(perClass.map(c => percent(c.precision))).toEqual(['84.078212', '90.221402'])
    expect(percent(scores.macroRecall)).toBe('87.294344')
    expect(scores.macroF1).toBeCloseTo((0.84550562 + 0.89889706) / 2, 8) // of its F1 per class; its own mean is another
  })

  test('κ_T and κ_M are the paper’s formulas over the accuracy of their baseline, κ_T = (p − p_nochange) / (1 − p_nochange)', () => {
    // Žliobaitė et al. (2015), section 4; Bifet et al. (2015), section 3. Truth stays for long: repeating it is right 7
    // times in 10 (the first has nothing to repeat), the majority so far 6 times in 10; the model is right 8 times.
    const truth = [0, 0, 0, 0, 1, 1, 1, 0, 0, 0]
    const chosen = [0, 0, 0, 0, 0, 1, 1, 1, 0, 0]
    const { scores, baselines } = choices(truth, chosen)
    expect(baselines.noChange.accuracy).toBe(0.7)
    expect(baselines.majority.accuracy).toBe(0.6)
    expect(scores.kappaNoChange).toBeCloseTo((0.8 - 0.7) / 0.3, 12)
    expect(scores.kappaMajority).toBeCloseTo((0.8 - 0.6) / 0.4, 12)
  })

  test('repeating the last label has κ_T 0 and a worse model a negative one', () => {
    const truth = [0, 0, 1, 1, 1, 0, 0, 1, 1, 1]
    const repeat = new Scoreboard()
    truth.forEach((y, i) => {
      repeat.add(y, [], i === 0 ? -1 : truth[i - 1]!)
    })
    expect(repeat.report(names(2)).scores.kappaNoChange).toBe(0)
    expect(
      choices(
        truth,
        truth.map(y => 1 - y)
      ).scores.kappaNoChange
    ).toBeLessThan(0)
  })

  test('κ is (p − chance) / (1 − chance), and absent where chance is perfect', () => {
    expect(kappa(0.85, 0.7112)).toBeCloseTo(0.4806, 4)
    expect(kappa(1, 1)).toBeNull()
    expect(kappa(null, 0.5)).toBeNull()
  })
})

describe('scikit-learn says the same', () => {
  test.each(published.cases.map((c, i) => [i, c.classes, c.truth.length, c] as const))(
    'case %i: %i classes, %i predictions',
    (_, C, n, c) => {
      const board = new Scoreboard()
      c.truth.forEach((y, i) => {
        board.add(
          y,
          c.p1024.slice(i * C, (i + 1) * C).map(x => x / 1024),
          c.chosen[i]!
        )
      })
      const { scores, perClass, baselines, n: judged } = board.report(names(C))
      expect(judged).toBe(n)
      expect(scores.accuracy).toBeCloseTo(c.accuracy, 12)
      expect(scores.kappa).toBeCloseTo(c.kappa, 12)
      expect(scores.macroRecall).toBeCloseTo(c.balancedAccuracy, 12)
      expect(scores.macroF1).toBeCloseTo(c.f1MacroOfOccurred, 12)
      expect(scores.gMean).toBeCloseTo(c.gMean, 12)
      expect(scores.logLoss).toBeCloseTo(c.logLoss, 12)
      expect(scores.brier).toBeCloseTo(c.brier, 12)
      expect(scores.ece).toBeCloseTo(c.ece, 12)
      expect(baselines.noChange.accuracy).toBeCloseTo(c.noChange, 12)
      expect(baselines.majority.accuracy).toBeCloseTo(c.majority, 12)
      expect(baselines.noChange.kappa).toBeCloseTo(c.noChangeKappa, 12)
      expect(baselines.majority.kappa).toBeCloseTo(c.majorityKappa, 12)
      expect(perClass.map(x => x.support)).toEqual(c.support)
      perClass.forEach((x, y) => {
        if (x.support === 0) expect([x.recall, x.precision, x.recallInterval, x.precisionInterval]).toEqual([null, null, null, null])
        else {
          expect(x.recall).toBeCloseTo(c.recall[y]!, 12)
          if (c.precision[y] === null) expect(x.precision).toBeNull()
          else expect(x.precision).toBeCloseTo(c.precision[y]!, 12)
        }
      })
    }
  )

  test('but averages F1 and recall over predicted classes that never occurred, with 0, which we do not', () => {
    const apart = published.cases.filter(c => c.union > c.support.filter(s => s > 0).length)
    expect(apart.length).toBeGreaterThan(0)
    for (const c of apart) {
      const { scores } = choices(c.truth, c.chosen)
      const occurred = c.support.filter(s => s > 0).length
      expect((scores.macroF1! * occurred) / c.union).toBeCloseTo(c.f1MacroOfUnion, 12)
      expect((scores.macroRecall! * occurred) / c.union).toBeCloseTo(c.recallMacroOfUnion, 12)
    }
  })
})
