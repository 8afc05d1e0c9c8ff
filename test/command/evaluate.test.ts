/** `andon evaluate` as a program would use it. */
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { gzipSync } from 'node:zlib'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { type Cli, type Ended, openCli } from './cli.ts'

let cli: Cli
beforeAll(() => {
  cli = openCli()
  writeFileSync(join(cli.folder, 'stream.csv'), stream)
  writeFileSync(join(cli.folder, 'stream.csv.gz'), gzipSync(stream))
})
afterAll(() => cli.close())

/** 300 rows in blocks of ten alike: what went before tells nearly everything, as long as the order stands. */
const ROWS = 300
const rows = Array.from({ length: ROWS }, (_, i) => {
  const fault = Math.floor(i / 10) % 3 === 0 ? 'scratch' : Math.floor(i / 10) % 3 === 1 ? 'none' : 'dent'
  return `${(i * 37) % 101},${i % 4 === 0 ? '' : i % 2 ? 'a' : 'b'},press-${i % 2},${fault},${i % 5 === 0 ? '' : (i * 37) % 101 > 50 ? 'warm' : 'cold'}`
})
const stream = `torque,tool,line,fault,heat\n${rows.join('\n')}\n`

interface Summary {
  readonly events: number
  readonly learned: number
  readonly features: number
  readonly delay: number
  readonly config: { readonly experts: number }
  readonly tasks: Readonly<
    Record<
      string,
      {
        readonly judged: number
        readonly scores: Readonly<Record<string, number | null>>
        readonly perClass: readonly {
          readonly class: string
          readonly support: number
          readonly recall: number | null
          readonly recallInterval: readonly [number, number] | null
        }[]
        readonly baselines: {
          readonly noChange: { readonly kappa: number }
          readonly majority: { readonly accuracy: number }
          readonly single: { readonly gMean: number }
        }
        readonly perDomain: Readonly<Record<string, { readonly judged: number }>>
        readonly calibration: { readonly scored: string; readonly judged: number; readonly beforeBias: number; readonly afterBias: number }
        readonly curve: {
          readonly scored: string
          readonly judged: number
          readonly rarest: { readonly class: string; readonly support: number }
          readonly points: readonly { readonly exponent: number; readonly kappa: number; readonly rarestRecall: number }[]
        } | null
      }
    >
  >
}

const asked = ['evaluate', 'stream.csv', '--label', 'fault,heat', '--domain', 'line', '--json']
const summaryOf = ({ code, stdout, stderr }: Ended): Summary => {
  expect([code, stderr]).toEqual([0, ''])
  return JSON.parse(stdout) as Summary
}

test('prints one JSON object: every row judged, every label learned, tasks and domains apart, nothing on standard error', async () => {
  const { events, learned, features, config, tasks } = summaryOf(await cli.run(asked))
  expect([events, learned, config.experts]).toEqual([ROWS, ROWS, 2])
  expect(features).toBeGreaterThanOrEqual(3)
  expect(Object.keys(tasks)).toEqual(['fault', 'heat'])
  const { fault, heat } = tasks as { fault: Summary['tasks'][string]; heat: Summary['tasks'][string] }
  expect([fault.judged, heat.judged]).toEqual([ROWS, ROWS - ROWS / 5])
  expect(Object.fromEntries(fault.perClass.map(each => [each.class, each.support]))).toEqual({ scratch: 100, none: 100, dent: 100 })
  for (const { recall, recallInterval } of fault.perClass) {
    expect(recall).toBeGreaterThanOrEqual(recallInterval![0])
    expect(recall).toBeLessThanOrEqual(recallInterval![1])
  }
  expect(Object.keys(fault.scores).sort()).toEqual(
    ['accuracy', 'brier', 'ece', 'gMean', 'kappa', 'kappaMajority', 'kappaNoChange', 'logLoss', 'macroF1', 'macroRecall'].sort()
  )
  expect(fault.perDomain['press-0']!.judged + fault.perDomain['press-1']!.judged).toBe(ROWS)
  // On each of the two lines five rows in a row are alike: 4 of 5 repeat the label before, and κ = (.8 − ⅓) / (1 − ⅓).
  expect(fault.baselines.noChange.kappa).toBeCloseTo(0.7, 2)
  expect(fault.baselines.single.gMean).toBeGreaterThanOrEqual(0)
})

test('with labels late, all rows are judged by what was served and the last labels are never learned', async () => {
  const { delay, learned, tasks } = summaryOf(await cli.run([...asked, '--delay', '40']))
  expect([delay, learned, tasks.fault!.judged]).toEqual([40, ROWS - 40, ROWS])
  // 40 rows late, the last known label is of another block: repeating it is worth nothing.
  expect(tasks.fault!.baselines.noChange.kappa).toBeLessThan(0)
})

test('a curve tells of the same rows along decision exponents, the learner’s own among them with the scores there are', async () => {
  const env = { ANDON_LEARNER__DECISION_EXPONENT: '0.2' }
  const { tasks } = summaryOf(await cli.run([...asked, '--curve'], env))
  for (const { judged, scores, perClass, calibration, curve } of Object.values(tasks)) {
    expect([curve!.scored, curve!.judged, calibration.scored, calibration.judged]).toEqual(['as served', judged, 'as served', judged])
    expect(curve!.points.map(each => each.exponent)).toEqual([-0.25, 0, 0.125, 0.2, 0.25, 0.375, 0.5, 0.625, 0.75, 1])
    const { kappa, gMean, macroF1 } = scores
    const { recall, support } = perClass.find(each => each.class === curve!.rarest.class)!
    expect(curve!.points[3]).toEqual({ exponent: 0.2, kappa, gMean, macroF1, rarestRecall: recall })
    expect(support).toBe(Math.min(...perClass.map(each => each.support)))
    expect(calibration.afterBias).toBe(scores.ece)
  }
})

test('with labels late the curve is of what was served all the same; unasked there is none', async () => {
  const [late, plain] = await Promise.all([cli.run([...asked, '--curve', '--delay', '40']), cli.run(asked)])
  const { judged, scores, calibration, curve } = summaryOf(late).tasks.fault!
  expect([curve!.scored, curve!.judged, calibration.scored, calibration.judged]).toEqual(['as served', judged, 'as served', judged])
  expect(curve!.points.find(each => each.exponent === 0)).toMatchObject({ kappa: scores.kappa, gMean: scores.gMean })
  expect(summaryOf(plain).tasks.fault!.curve).toBeNull()
})

test('later than the file is long, nothing is learned and nothing is claimed', async () => {
  const { learned, tasks } = summaryOf(await cli.run([...asked, '--delay', '1000']))
  expect(learned).toBe(0)
  for (const { recall } of tasks.fault!.perClass) expect(recall === null || recall === 0).toBe(true)
})

test('a shuffled stream has the same rows without their order', async () => {
  const { events, tasks } = summaryOf(await cli.run([...asked, '--shuffle', '--seed', '3']))
  expect([events, tasks.fault!.judged]).toEqual([ROWS, ROWS])
  expect(tasks.fault!.baselines.noChange.kappa).toBeLessThan(0.3)
})

test('the same file packed gives the same figures, and --limit ends it early', async () => {
  const [plain, packed, few] = await Promise.all([
    cli.run(asked),
    cli.run(['evaluate', 'stream.csv.gz', ...asked.slice(2)]),
    cli.run([...asked, '--limit', '50'])
  ])
  expect(summaryOf(packed).tasks.fault!.scores).toEqual(summaryOf(plain).tasks.fault!.scores)
  expect(summaryOf(few).events).toBe(50)
})

test('people get tables, and a pipe neither colours nor a progress bar', async () => {
  const { code, stdout, stderr } = await cli.run([...asked.slice(0, -1), '--curve'])
  expect([code, stderr]).toEqual([0, ''])
  expect(stdout).not.toContain('\u001b')
  expect(stdout).toMatch(/^calibration error 0\.\d{3} before the class bias, 0\.\d{3} after \(as served, 300 rows\)$/m)
  expect(stdout).toMatch(/^exponent, as served +κ +G-mean +macro-F1 +recall of scratch \(100\)$/m)
  expect(stdout).toMatch(/^−0\.25( +−?0\.\d{3}){4}$/m)
  expect(stdout).toMatch(/^sharing +labels +nats gained +a label +last 1,000 +own bank’s weight$/m)
  expect(stdout).toMatch(/^press-[01] +\d+ +−?\d+\.\d +−?\d\.\d{3} +−?\d\.\d{3} +[01]\.\d\d$/m)
  expect(stdout).toMatch(/^tasks: .*add.*; .*repeat/m)
  for (const row of ['mixture of experts', 'single model', 'no change', 'majority', 'scratch']) expect(stdout).toContain(row)
})

describe('what cannot be read is told with what was expected, and ends with 3', () => {
  const header = 'torque,fault\n'
  test.each<[string, string | Uint8Array | null, readonly string[], RegExp]>([
    ['missing.csv', null, [], /expected a readable file at missing\.csv, got ENOENT/],
    ['empty.csv', '', [], /expected a header in the first row of empty\.csv, the file is empty/],
    ['column.csv', 'torque,heat\n1,a\n', [], /expected a column "fault" \(label\) in column\.csv, there are torque, heat/],
    ['number.csv', `${header}${'1,a\n'.repeat(1000)}wide,a\n`, [], /line 1002.*torque.*number.*wide/],
    ['ragged.csv', `${header}1,a\n1,a,b\n`, [], /line 3: expected 2 cells as in the header, got 3/],
    ['plain.csv.gz', header, [], /expected gzip in plain\.csv\.gz/],
    ['cut.csv.gz', gzipSync(stream).subarray(0, 300), [], /expected gzip in cut\.csv\.gz/]
  ])('%s', async (file, content, more, expected) => {
    if (content !== null) writeFileSync(join(cli.folder, file), content)
    const { code, stdout, stderr } = await cli.run(['evaluate', file, '--label', 'fault', ...more])
    expect([code, stdout]).toEqual([3, ''])
    expect(stderr).toMatch(expected)
    expect(stderr).not.toContain('    at ')
  })
})

test('a wrong call ends with 2 and says where help is', async () => {
  const calls = [
    ['evaluate', 'stream.csv'],
    ['evaluate', 'stream.csv', '--label', 'fault', '--delay', '-1'],
    ['evaluate', 'stream.csv', '--label', 'fault', '--nonsense'],
    ['evaluate', 'stream.csv', '--label', 'fault', '--config', 'none.yaml'],
    ['nonsense']
  ]
  for (const { code, stdout, stderr } of await Promise.all(calls.map(call => cli.run(call)))) {
    expect([code, stdout]).toEqual([2, ''])
    expect(stderr).toMatch(/--help|configuration file/)
  }
})

describe('decisions', () => {
  interface Kept {
    readonly parts: number
    readonly inspected: number
    readonly classes: readonly {
      readonly class: string
      readonly promise: number | null
      readonly labels: number
      readonly coverage: number
      readonly inSet: number
      readonly blocks: readonly { readonly labels: number; readonly outside: number }[]
    }[]
    readonly corrected: { readonly labels: number }
  }
  const decisionsOf = (ended: Ended, task: string): Readonly<Record<'adaptive' | 'fixed', Kept>> =>
    (summaryOf(ended).tasks[task] as unknown as { readonly decisions: Readonly<Record<'adaptive' | 'fixed', Kept>> }).decisions

  test('a promise is told with what it took, of a decider that adapts and of one that does not', async () => {
    const { adaptive, fixed } = decisionsOf(await cli.run([...asked, '--promise', '0.1', '--delay', '5']), 'fault')
    expect(fixed.parts).toBe(ROWS)
    const { parts, classes } = adaptive
    expect(parts).toBe(ROWS)
    expect(classes.map(each => [each.class, each.promise]).sort()).toEqual([
      ['dent', 0.1],
      ['none', null],
      ['scratch', 0.1]
    ])
    expect(classes.reduce((sum, { labels }) => sum + labels, 0)).toBe(ROWS - 5)
    for (const { promise, coverage, labels, inSet, blocks } of classes.filter(each => each.promise !== null)) {
      // The stream comes in runs: of a promise of .1, steps of .02 and labels 5 late, 13 more than promised may be outside.
      expect((1 - coverage) * labels).toBeLessThanOrEqual(0.1 * labels + 13)
      expect(inSet).toBeGreaterThan(0.3)
      expect(blocks.reduce((sum, each) => sum + each.labels, 0)).toBe(labels)
      expect(promise).toBe(0.1)
    }
    const { stdout } = await cli.run(asked.filter(word => word !== '--json').concat('--promise', '0.1'))
    expect(stdout).toMatch(/class +labels +promised +covered/)
  })

  test('only inspected rows are labelled, about as many as the budget says, and all are judged', async () => {
    const ended = await cli.run([...asked, '--inspect', '0.2', '--pick', 'random'])
    const { learned, tasks } = summaryOf(ended)
    expect(learned).toBeGreaterThan(40)
    expect(learned).toBeLessThanOrEqual(0.2 * ROWS + 20)
    expect(tasks.fault!.judged).toBe(ROWS)
    expect(decisionsOf(ended, 'fault').adaptive.corrected.labels).toBe(learned)
    const { stdout } = await cli.run(asked.filter(word => word !== '--json').concat('--inspect', '0.2'))
    expect(stdout).toMatch(/class +share of all rows +corrected/)
    const { code } = await cli.run([...asked, '--inspect', '1.5'])
    expect(code).toBe(2)
  })
})
