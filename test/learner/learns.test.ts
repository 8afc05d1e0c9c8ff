/** That it learns at all, and what rare-class weights and experts are for, on streams made for the purpose. */
import { expect, test } from 'vitest'
import { decodeSaved, encodeSaved } from '../../src/adapter/file/saved.ts'
import type { Example } from '../../src/events/event.ts'
import type { Report } from '../../src/judge/report.ts'
import { Learner } from '../../src/learner/learner.ts'
import { defaultLearnerOptions, type LearnerOptions } from '../../src/learner/options.ts'
import { recipeOf } from '../../src/learner/presets.ts'
import { Random } from '../../src/numeric/random.ts'
import { example, log, observation, small } from './stream.ts'

type Draw = (random: Random) => { readonly features: Record<string, number | string | null>; readonly label: string }

function stream(seed: number, n: number, draw: Draw): Example[] {
  const random = new Random(seed)
  return Array.from({ length: n }, (_, i) => {
    const { features, label } = draw(random)
    return example(observation(i, features), { task: label })
  })
}

/** Scores over all, and over the last thousand. */
function learned(all: readonly Example[], changed: Partial<LearnerOptions> = {}): { readonly all: Report; readonly last: Report } {
  const learner = new Learner({ ...defaultLearnerOptions, single: false, ...changed })
  for (const each of all) learner.take(each)
  const { testThenTrain, window } = learner.status().tasks[0]!
  return { all: testThenTrain, last: window }
}

test('three clumps that are apart are told apart at once and kept apart', () => {
  const all = stream(1, 2000, random => {
    const y = random.below(3)
    return {
      features: { a: y * 4 + random.normal() * 0.8, b: random.normal(), word: random.below(5) === 0 ? null : `w${y % 2}` },
      label: `class ${y}`
    }
  })
  const { all: whole, last } = learned(all)
  expect(whole.scores.accuracy!).toBeGreaterThan(0.95)
  expect(last.scores.accuracy!).toBeGreaterThan(0.97)
  expect(whole.baselines.majority.accuracy!).toBeLessThan(0.4)
})

test('a class of one in fifty that overlaps with the rest is found because it weighs more', () => {
  const all = stream(2, 3000, random => {
    const rare = random.below(50) === 0
    return { features: { a: random.normal() + (rare ? 1.8 : 0), b: random.normal() }, label: rare ? 'bad' : 'good' }
  })
  const weighed = learned(all).all.scores.gMean!
  const unweighed = learned(all, { rare: { ...defaultLearnerOptions.rare, exponent: 0 } }).all.scores.gMean!
  expect(weighed).toBeGreaterThan(unweighed + 0.1)
})

const exclusiveOr = (seed: number) =>
  stream(seed, 3000, random => {
    const [a, b] = [random.normal(), random.normal()]
    return { features: { a, b }, label: a * b > 0 ? 'same' : 'other' }
  })
const { banks } = recipeOf(defaultLearnerOptions)
const mixtures = banks.filter(bank => bank.scope !== 'memory')

test('experts tell what no sum of curves can, in every bank of them and all together: the exclusive or of two numbers', () => {
  const all = exclusiveOr(3)
  for (const some of [mixtures, ...mixtures.map(bank => [bank])]) {
    const names = some.map(bank => bank.name).join()
    const one = some.map(bank => ({ ...bank, experts: 1 }))
    expect(learned(all, { banks: one }).last.scores.accuracy!, names).toBeLessThan(0.65)
    expect(learned(all, { banks: some }).last.scores.accuracy!, names).toBeGreaterThan(0.95)
  }
})

test('where the curves know nothing the memory decides, and where experts know more they do', () => {
  const all = exclusiveOr(4)
  const [memory] = banks.filter(bank => bank.scope === 'memory')
  const alone = learned(all, { banks: [memory!] }).last.scores.accuracy!
  const blind = learned(all, { experts: 1 }).last.scores.accuracy!
  const seeing = learned(all, { experts: 16 }).last.scores.accuracy!
  expect(alone).toBeGreaterThan(0.9)
  expect(Math.abs(blind - alone)).toBeLessThan(0.02)
  expect(seeing).toBeGreaterThan(alone + 0.01)
})

test('after the world turned round it learns anew', () => {
  let i = 0
  const all = stream(4, 4000, random => {
    const y = random.below(2)
    const turned = i++ >= 2000
    return { features: { a: (y === 1) !== turned ? 2 + random.normal() : -2 + random.normal() }, label: `class ${y}` }
  })
  expect(learned(all).last.scores.accuracy!).toBeGreaterThan(0.9)
})

test('what experts did over thousands of examples is saved with the rest', () => {
  const all = log(31, 5000)
  const options = { ...small, maxIds: 10_000 }
  const whole = new Learner(options)
  let again = new Learner(options)
  for (const [i, entry] of all.entries()) {
    expect(again.take(entry)).toEqual(whole.take(entry))
    if (i % 500 === 499) again = Learner.load(decodeSaved(encodeSaved(again.save())), options)
  }
  expect(Buffer.compare(encodeSaved(again.save()), encodeSaved(whole.save()))).toBe(0)
  expect(whole.status().tasks[0]!.learned).toBeGreaterThan(2000)
  const [bank] = whole.status().tasks[0]!.banks
  expect(bank!.experts.every(expert => expert.change !== null)).toBe(true)
  expect(again.status().tasks[0]!.banks).toEqual(whole.status().tasks[0]!.banks)
})

test('without features, domain or categories the shares of the classes are still learned, and saved', () => {
  const options = { ...small, domain: [] }
  const learner = new Learner(options)
  const all = stream(5, 300, random => ({ features: {}, label: random.below(4) === 0 ? 'bad' : 'good' }))
  for (const each of all.slice(0, 150)) learner.take(each)
  const again = Learner.load(decodeSaved(encodeSaved(learner.save())), options)
  for (const each of all.slice(150)) expect(again.take(each)).toEqual(learner.take(each))
  expect(Buffer.compare(encodeSaved(again.save()), encodeSaved(learner.save()))).toBe(0)
  expect(learner.predict(observation(999, {})).tasks[0]!.chosen).toBe('good')
})

test('numbers beyond all measure spoil no prediction that comes after them', () => {
  const random = new Random(6)
  const learner = new Learner(small)
  const wild = [Number.MAX_VALUE, -Number.MAX_VALUE, 5e-324, -0, 1e308, -1e308]
  for (let i = 0; i < 200; i++) {
    const a = i % 5 === 0 ? wild[random.below(wild.length)]! : random.normal()
    learner.take(example(observation(i, { a, b: random.normal() }), { task: `class ${random.below(2)}` }))
  }
  for (const a of [0, ...wild]) {
    const { probabilities } = learner.predict(observation(999, { a })).tasks[0]!
    expect(probabilities.every(Number.isFinite)).toBe(true)
    expect(probabilities.reduce((sum, p) => sum + p, 0)).toBeCloseTo(1, 5)
  }
})
