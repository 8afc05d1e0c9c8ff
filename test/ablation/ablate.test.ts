/** One pass over rows: the committee as evaluation scores it, and controls that know no more than it did. */
import { expect, test } from 'vitest'
import { type AblationOptions, ablate } from '../../src/ablation/ablate.ts'
import { Control } from '../../src/ablation/control.ts'
import { PooledMixer } from '../../src/ablation/mixer.ts'
import { type AblationRow, COMMITTEE } from '../../src/ablation/pass.ts'
import { defaultLearnerOptions } from '../../src/learner/options.ts'
import { recipeOf } from '../../src/learner/presets.ts'
import { Random } from '../../src/numeric/random.ts'
import { evaluate } from '../../src/pipeline/evaluation.ts'

const SEED = 3
const learner = { ...defaultLearnerOptions, experts: 4, effort: { least: 1, most: 2, scale: 50 } }
const options: AblationOptions = { learner, seeds: [SEED], delay: 0, joint: false, thorough: false }

/** Two lines whose third class comes late, and a second task that not every row has. */
function stream(rows: number): AblationRow[] {
  const random = new Random(SEED)
  return Array.from({ length: rows }, (_, i) => {
    const [a, b] = [random.next(), random.next()]
    const line = i % 3 === 0 ? 'press' : 'saw'
    const fault = i > rows / 2 && b > 0.8 ? 'crack' : a + (line === 'saw' ? 0.3 : 0) > 0.6 ? 'dent' : 'none'
    const labels = i % 5 === 0 ? { fault } : { fault, heat: b > 0.5 ? 'warm' : 'cold' }
    return { observation: { id: `${i}`, line, station: null, product: null, time: i * 1000, features: { a, b } }, labels }
  })
}
const rows = stream(150)

test.each([0, 7])('the committee scores what evaluation says of the same seed, with labels %i rows late', async delay => {
  const { tasks } = await ablate(rows, { ...options, delay, joint: true })
  const { tasks: evaluated } = await evaluate(rows, { learner: { ...learner, seed: SEED }, delay, stopwatch: () => 0, cpu: () => 0 })
  expect(Object.keys(tasks)).toEqual(['fault', 'heat'])
  for (const [name, { variants }] of Object.entries(tasks)) {
    const { report, single } = evaluated[name]!
    const row = (variant: string) => variants.find(each => each.name === variant)!.mean
    expect(row(COMMITTEE)).toMatchObject({ kappa: report.scores.kappa, gMean: report.scores.gMean, logLoss: report.scores.logLoss })
    expect(row('single model')).toMatchObject({ kappa: single!.scores.kappa, logLoss: single!.scores.logLoss })
    expect(row('no change')).toMatchObject({ kappa: report.baselines.noChange.kappa, logLoss: null })
    expect(row('majority').kappa).toBe(report.baselines.majority.kappa)
  }
})

test.each([0, 7])('a control that weighs as the committee does scores as it does, with labels %i rows late', async delay => {
  const { tasks } = await ablate(rows, {
    ...options,
    delay,
    controls: (banks, { pool, guardShare }) => {
      const mixer = new PooledMixer({ banks: banks.map((_, m) => m), parts: { pool: true, guard: true }, pool, share: guardShare })
      return new Map([['the same', new Control(mixer, true)]])
    }
  })
  for (const { variants } of Object.values(tasks)) {
    expect(variants[1]!.name).toBe('the same')
    expect(variants[1]!.perSeed).toEqual(variants[0]!.perSeed)
    expect(variants[1]!.kappaDifference).toEqual({ mean: 0, interval: null })
  }
})

test('learners beside learn what evaluation with their options learns', async () => {
  const { tasks } = await ablate(rows, { ...options, thorough: true })
  const { tasks: evaluated } = await evaluate(rows, {
    learner: { ...learner, seed: SEED, banks: recipeOf(learner).banks.map(bank => ({ ...bank, experts: 1 })), rest: { below: 0 } },
    delay: 0,
    stopwatch: () => 0,
    cpu: () => 0
  })
  const names = tasks.fault!.variants.map(({ name }) => name)
  expect(names).toContain('preset thorough')
  expect(names).not.toContain('joint gates')
  const { mean } = tasks.fault!.variants.find(({ name }) => name === 'one expert')!
  expect(mean.kappa).toBe(evaluated.fault!.report.scores.kappa)
})

test('seeds are passes of their own, and differences are paired over them', async () => {
  const two = await ablate(rows.slice(0, 60), { ...options, seeds: [1, 2] })
  const one = await ablate(rows.slice(0, 60), { ...options, seeds: [2] })
  expect(two.rows).toBe(60)
  const [committee, control] = two.tasks.fault!.variants
  expect(committee!.perSeed[1]).toEqual(one.tasks.fault!.variants[0]!.perSeed[0])
  expect(committee!.kappaDifference).toBeNull()
  const d = [0, 1].map(i => control!.perSeed[i]!.kappa! - committee!.perSeed[i]!.kappa!)
  const half = (12.706 * Math.abs(d[0]! - d[1]!)) / 2
  expect(control!.kappaDifference!.interval![0]).toBeCloseTo((d[0]! + d[1]!) / 2 - half, 9)
  expect(one.tasks.fault!.variants[1]!.kappaDifference!.interval).toBeNull()
})

test('without domains there is no control that needs them, and without rows nothing', async () => {
  const { tasks } = await ablate(rows.slice(0, 40), { ...options, learner: { ...learner, domain: [] } })
  expect(tasks.fault!.variants.map(({ name }) => name)).not.toContain('own against others')
  expect(await ablate([], options)).toEqual({ rows: 0, tasks: {} })
})
