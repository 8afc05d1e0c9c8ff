import { describe, expect, test, vi } from 'vitest'
import { Learner } from '../../src/learner/learner.ts'
import { defaultLearnerOptions, type LearnerOptions } from '../../src/learner/options.ts'
import type { Judged } from '../../src/learner/watcher.ts'
import { Random } from '../../src/numeric/random.ts'
import { evaluate, type Labelled, type TaskEvaluation } from '../../src/pipeline/evaluation.ts'
import { type Heard, LastSaid, SaidScores } from '../../src/pipeline/said-scores.ts'
import { observation } from '../learner/stream.ts'

const said = (p: readonly number[], reported = p, counts = [99, 1]): Heard => ({
  classes: ['good', 'bad'],
  p: Float64Array.from(p),
  reported: Float32Array.from(reported),
  chosen: p[0]! >= p[1]! ? 0 : 1,
  single: null,
  counts: Float64Array.from(counts)
})
const inOrder = (name: string) => ['good', 'bad'].indexOf(name)

describe('scores of what was said', () => {
  test('choose along the exponents by what decides and how frequent the classes are', () => {
    const scores = new SaidScores([0, 0.5])
    scores.add(1, said([0.7, 0.3]), inOrder)
    scores.add(0, said([0.99, 0.01]), inOrder)
    const { curve, judged } = scores.report(['good', 'bad'])
    expect(judged).toBe(2)
    expect(curve!.points.map(point => point.kappa)).toEqual([0, 1])
  })

  test('measure calibration by the chosen class’s probability, as it decides and as it is reported', () => {
    const scores = new SaidScores([])
    for (const truth of [0, 0, 1, 1]) scores.add(truth, said([0.8, 0.2], [0.5, 0.5]), inOrder)
    const { calibration, curve } = scores.report(['good', 'bad'])
    expect(calibration.beforeBias).toBeCloseTo(0.3, 12) // says .8, half are right
    expect(calibration.afterBias).toBe(0)
    expect(curve).toBeNull()
  })

  test('count a label of which nothing was said as missed, by every exponent', () => {
    const scores = new SaidScores([0, 1])
    scores.add(0, null, inOrder)
    scores.add(0, said([0.9, 0.1]), inOrder)
    const { judged, curve } = scores.report(['good', 'bad'])
    expect(judged).toBe(2)
    expect(curve!.points.map(point => point.rarestRecall)).toEqual([0.5, 0])
  })

  test('take classes by their names, whatever their order', () => {
    const [one, other] = [new SaidScores([0]), new SaidScores([0])]
    for (const truth of [0, 1, 1]) {
      one.add(truth, said([0.6, 0.4]), inOrder)
      other.add(1 - truth, said([0.6, 0.4]), name => 1 - inOrder(name))
    }
    expect(other.report(['bad', 'good']).calibration).toEqual(one.report(['good', 'bad']).calibration)
    expect(other.report(['bad', 'good']).curve!.points).toEqual(one.report(['good', 'bad']).curve!.points)
  })
})

test('what was heard stands after the committee went on, until the next record', () => {
  const heard = new LastSaid()
  const live = { classes: ['a', 'b'], p: Float64Array.of(0.6, 0.4), reported: Float64Array.of(0.5, 0.5), counts: Float64Array.of(3, 2) }
  const single = { probabilities: Float32Array.of(0.25, 0.75), chosen: 1 }
  heard.judged({ ...live, task: 'fault', chosen: 0, single } as unknown as Judged)
  for (const array of [live.p, live.reported, live.counts, single.probabilities]) array.fill(0)
  live.classes.push('c')
  expect(heard.of('fault')).toEqual({
    classes: ['a', 'b'],
    p: Float64Array.of(0.6, 0.4),
    reported: Float32Array.of(0.5, 0.5),
    chosen: 0,
    counts: Float64Array.of(3, 2),
    single: { probabilities: Float32Array.of(0.25, 0.75), chosen: 1 }
  })
  expect(heard.of('wear')).toBeNull()
  heard.clear()
  expect(heard.of('fault')).toBeNull()
})

test('asking once gives the scores of asking first and then taking, at limits and repeats too', async () => {
  const random = new Random(6)
  const rows: Labelled[] = Array.from({ length: 200 }, (_, i) => {
    const a = random.normal()
    const label = i % 50 === 49 ? `late ${i}` : a > 0 ? 'x' : 'y'
    // Every twentieth comes again, some labels are missing, and most of the late classes lie beyond the limit.
    const labels: Record<string, string> = i % 7 === 0 ? {} : { one: label, ...(i % 3 === 0 ? { two: label } : {}) }
    const id = `part-${i % 20 === 19 ? i - 1 : i}`
    return { observation: { id, line: `line ${i % 3}`, station: null, product: null, time: i, features: { a } }, labels }
  })
  const options = { ...defaultLearnerOptions, experts: 3, effort: { least: 2, most: 2, scale: 1 }, maxClasses: 3, maxTasks: 2 }
  const run = () => evaluate(rows, { learner: options, delay: 0, stopwatch: () => 0, cpu: () => 0 })
  const once = await run()
  const spy = vi.spyOn(Learner.prototype, 'judges').mockReturnValue(false)
  const twice = await run()
  spy.mockRestore()
  for (const task of ['one', 'two']) {
    const { costs: _, ...scores } = once.tasks[task]!
    const { costs: __, ...other } = twice.tasks[task]!
    expect(scores).toEqual(other)
  }
  expect(once.tasks.one!.report.n).toBe(twice.tasks.one!.report.n)
})

describe('evaluation', () => {
  const ROWS = 250
  const random = new Random(5)
  const rows: Labelled[] = Array.from({ length: ROWS }, (_, i) => {
    const [a, b] = [random.normal(), random.normal()]
    const fault = a > 1.2 ? 'bad' : b > 1 ? 'worn' : 'good'
    const labels = i % 3 === 0 ? { fault, wear: b > 0 ? 'yes' : 'no' } : { fault }
    return { observation: observation(i, { a: a + random.normal() / 2, b }, `line ${i % 2}`), labels }
  })
  const learner: LearnerOptions = { ...defaultLearnerOptions, experts: 3, preset: 'fast', single: false }
  const evaluated = async (changed: Partial<LearnerOptions>, delay: number, curve: readonly number[] = [0, 0.3, 1]) => {
    const options = { learner: { ...learner, ...changed }, delay, curve, stopwatch: () => 0, cpu: () => 0 }
    return (await evaluate(rows, options)).tasks
  }
  const figures = ({ report: { scores } }: TaskEvaluation) => ({ kappa: scores.kappa, gMean: scores.gMean, macroF1: scores.macroF1 })

  test.each([0, 40])(
    'with labels %i rows late tells at the learner’s own exponent what it scores, and the calibration error of what it reports',
    async delay => {
      for (const decisionExponent of [0, 0.3, 1]) {
        for (const task of Object.values(await evaluated({ decisionExponent }, delay))) {
          const { curve, judged, calibration } = task.said
          expect(judged).toBe(task.report.n)
          expect(curve!.points.find(each => each.exponent === decisionExponent)).toMatchObject(figures(task))
          expect(calibration.afterBias).toBe(task.report.scores.ece)
          expect(calibration.beforeBias).not.toBe(calibration.afterBias)
        }
      }
    }
  )

  test('tells the same curve whatever the learner itself decides with', async () => {
    const [one, other] = await Promise.all([evaluated({}, 0), evaluated({ decisionExponent: 1 }, 0)])
    expect(other.fault!.said.curve).toEqual(one.fault!.said.curve)
    expect(figures(other.fault!)).not.toEqual(figures(one.fault!))
  })

  test('scores what it scores without a curve, and has none where none was asked for', async () => {
    const [plain, curved] = await Promise.all([evaluated({}, 3, []), evaluated({}, 3)])
    expect(plain.fault!.said.curve).toBeNull()
    expect(plain.fault!.report).toEqual(curved.fault!.report)
    expect(plain.fault!.said.calibration).toEqual(curved.fault!.said.calibration)
  })
})
