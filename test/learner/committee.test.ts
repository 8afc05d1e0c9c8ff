/** What the fold does with its banks: from what the pools learn, what a new domain inherits, and what a decision leaves alone. */
import { describe, expect, test } from 'vitest'
import { decodeSaved, encodeSaved } from '../../src/adapter/file/saved.ts'
import type { Example, Prediction } from '../../src/events/event.ts'
import { Learner } from '../../src/learner/learner.ts'
import type { BankOptions, LearnerOptions } from '../../src/learner/options.ts'
import { presets } from '../../src/learner/presets.ts'
import { Random } from '../../src/numeric/random.ts'
import type { Saved } from '../../src/numeric/saved.ts'
import { ClassBias } from '../../src/pool/class-bias.ts'
import { Guard } from '../../src/pool/guard.ts'
import { Pool } from '../../src/pool/pool.ts'
import { bits } from '../judge/stream.ts'
import { example, log, observation, small } from './stream.ts'

const roomy: LearnerOptions = { ...small, maxIds: 1000, single: false }

/** Two lines of which `b` is the other way round, with a rare class. */
function stream(seed: number, n: number): Example[] {
  const random = new Random(seed)
  return Array.from({ length: n }, (_, i) => {
    const line = random.below(3) === 0 ? 'b' : 'a'
    const x = random.normal()
    const label = random.below(12) === 0 ? 'rare' : x > 0 === (line === 'a') ? 'high' : 'low'
    return example(observation(i, { x, y: random.normal() }, line), { task: label })
  })
}

interface Committee {
  readonly banks: Saved
  readonly all: Saved
  readonly blends: readonly Saved[]
}
const committeeOf = (learner: Learner) => (learner.save() as unknown as { tasks: { committee: Committee }[] }).tasks[0]!.committee

function taught(options: LearnerOptions, all: readonly Example[], served: (said: Prediction) => Prediction | null = () => null): Learner {
  const learner = new Learner(options)
  for (const each of all) learner.take({ ...each, prediction: served(learner.predict(each.observation)) })
  return learner
}

describe('what was served', () => {
  const all = stream(1, 120)

  test('at that very moment teaches what opinions on arrival teach, bit for bit', () => {
    expect(bits(committeeOf(taught(roomy, all, said => said)) as unknown as Saved)).toBe(
      bits(committeeOf(taught(roomy, all)) as unknown as Saved)
    )
  })

  test('teaches the pools and no bank', () => {
    // What each bank says is turned round: the pools must trust it less, the banks know nothing of it.
    const turned = (said: Prediction): Prediction => ({
      ...said,
      tasks: said.tasks.map(task => ({ ...task, banks: task.banks.map(bank => ({ ...bank, opinion: [...bank.opinion].reverse() })) }))
    })
    const [plain, other] = [committeeOf(taught(roomy, all)), committeeOf(taught(roomy, all, turned))]
    expect(bits(other.banks)).toBe(bits(plain.banks))
    expect(bits(other.all)).not.toBe(bits(plain.all))
    const exponents = ({ all }: Committee) => (all as unknown as { pool: Float64Array }).pool.reduce((sum, s) => sum + s, 0)
    expect(exponents(other)).toBeLessThan(exponents(plain))
  })

  test('without a bank, which was silent then or did not exist, leaves that bank’s exponent as it is', () => {
    const without = (said: Prediction): Prediction => ({
      ...said,
      tasks: said.tasks.map(task => ({ ...task, banks: task.banks.filter(({ bank }) => bank !== 'quick') }))
    })
    const { pool } = committeeOf(taught(roomy, all, without)).all as unknown as { pool: Float64Array }
    const at = presets.default.withDomain.findIndex(({ name }) => name === 'quick')
    expect(pool[at]).toBe(1 / pool.length)
    expect(pool[0]).not.toBe(1 / pool.length)
  })
})

describe('a prediction', () => {
  test('names the banks that speak with weights that sum to one, and what they say sums to one', () => {
    const learner = taught(roomy, stream(2, 80))
    const { banks } = learner.predict(observation(999, { x: 1 }, 'a')).tasks[0]!
    expect(banks.map(({ bank }) => bank)).toEqual(presets.default.withDomain.map(({ name }) => name))
    expect(banks.reduce((sum, { weight }) => sum + weight, 0)).toBeCloseTo(1, 12)
    for (const { opinion, shares } of banks) for (const of of [opinion, shares]) expect(of.reduce((sum, q) => sum + q, 0)).toBeCloseTo(1, 5)
  })

  test('of a domain not met yet has no word of a bank of its own', () => {
    const learner = taught(roomy, stream(2, 80))
    const { banks, probabilities } = learner.predict(observation(999, { x: 1 }, 'c')).tasks[0]!
    expect(banks.map(({ bank }) => bank)).toEqual(['task', 'residual', 'quick', 'memory'])
    expect(probabilities.reduce((sum, p) => sum + p, 0)).toBeCloseTo(1, 5)
  })

  test('has a solo bank’s word from the label after the first that its domain must wait for', () => {
    const learner = new Learner({ ...roomy, admitAfter: 3 })
    const speaks = () => learner.predict(observation(999, { x: 1 }, 'a')).tasks[0]?.banks.some(({ bank }) => bank === 'solo') ?? false
    const spoke = stream(3, 12)
      .map(each => ({ ...each, observation: { ...each.observation, line: 'a' } }))
      .map(each => {
        learner.take(each)
        return speaks()
      })
    expect(spoke.slice(0, 5)).toEqual([false, false, false, true, true])
  })
})

describe('a new domain', () => {
  test('starts with the exponents and class rates of all and a guard that trusts no one in particular', () => {
    const learner = taught(roomy, stream(4, 150))
    const first = example(observation(500, { x: 1 }, 'new'), { task: 'high' })
    const { classes, banks } = learner.predict(first.observation).tasks[0]!
    const { all } = committeeOf(learner) as unknown as { all: { pool: Float64Array; bias: Float64Array } }
    learner.take(first)
    const { blends } = committeeOf(learner) as unknown as {
      blends: { pool: Float64Array; guard: Float64Array; bias: Float64Array; learned: number }[]
    }
    const [M, C, y] = [presets.default.withDomain.length, classes.length, classes.indexOf('high')]
    const spoke = Uint8Array.from(presets.default.withDomain, ({ name }) => (banks.some(({ bank }) => bank === name) ? 1 : 0))
    const Q = Float32Array.from(
      presets.default.withDomain.flatMap(({ name }) => banks.find(({ bank }) => bank === name)?.opinion ?? Array(C).fill(0))
    )
    const [pool, guard, bias] = [new Pool(M, roomy.pool), new Guard(M, roomy.guardShare), new ClassBias()]
    pool.s.set(all.pool)
    bias.load(all.bias)
    const [q0, p] = [new Float64Array(C), new Float64Array(C)]
    pool.mix(Q, spoke, C, q0)
    guard.mix(q0, Q, spoke, C, p)
    bias.learn(p, C, y)
    guard.learn(q0, Q, spoke, C, y)
    pool.learn(Q, spoke, C, y)
    const { learned, ...own } = blends.at(-1)!
    expect([learned, own.pool, own.guard, own.bias]).toEqual([1, pool.s, guard.u, bias.b])
    expect(new Set(all.pool).size).toBeGreaterThan(1)
  })

  test('is reported apart, with what sharing gained it from its solo bank’s first word on', () => {
    const all = stream(5, 90)
    const { committee } = taught(roomy, all).status().tasks[0]!
    expect(Object.keys(committee).sort()).toEqual(['a', 'b'])
    for (const line of ['a', 'b']) {
      // Of a class that has not occurred the pools learn nothing, and in a domain’s first example its solo bank is silent.
      const known = all.filter(
        (each, i) => each.observation.line === line && all.slice(0, i).some(before => before.labels.task === each.labels.task)
      )
      const first = all.find(each => each.observation.line === line)!
      expect(committee[line]!.learned).toBe(known.length)
      expect(committee[line]!.transfer!.n).toBe(known.filter(each => each !== first).length)
      expect(committee[line]!.banks.reduce((sum, { weight }) => sum + weight, 0)).toBeCloseTo(1, 12)
    }
  })

  test('is all there is where records name none, without an account of sharing', () => {
    const { committee } = taught({ ...roomy, domain: [] }, stream(5, 40)).status().tasks[0]!
    const [report] = Object.values(committee)
    expect(Object.keys(committee)).toHaveLength(1)
    expect(report!.transfer).toBeNull()
    expect(report!.banks.map(({ bank }) => bank)).toEqual(presets.default.withoutDomain.map(({ name }) => name))
  })
})

test('the decision exponent changes what is chosen, and neither what is learned nor what is reported', () => {
  const all = stream(6, 200)
  const [plain, bold] = [0, 2].map(decisionExponent => taught({ ...roomy, decisionExponent }, all))
  expect(bits(committeeOf(bold!) as unknown as Saved)).toBe(bits(committeeOf(plain!) as unknown as Saved))
  const asked = all.map(each => each.observation)
  const [said, boldly] = [plain!, bold!].map(learner => asked.map(each => learner.predict(each).tasks[0]!))
  expect(boldly!.map(({ probabilities }) => probabilities)).toEqual(said!.map(({ probabilities }) => probabilities))
  const rare = (of: typeof said) => of!.filter(({ chosen }) => chosen === 'rare').length
  expect(rare(boldly)).toBeGreaterThan(rare(said))
})

const joint = (banks: readonly BankOptions[]): BankOptions[] =>
  banks.map(bank => (bank.scope === 'memory' ? bank : { ...bank, joint: true }))

test.each<[string, Partial<LearnerOptions>]>([
  ['whose tasks share their gates', { banks: joint(presets.default.withDomain) }],
  ['without a domain', { domain: [] }],
  ['of the fast preset', { preset: 'fast' }],
  ['of the memory alone', { banks: presets.default.withDomain.filter(bank => bank.scope === 'memory') }],
  ['whose experts learn only what they answer for', { experts: 8, sparse: 0.1 }],
  ['whose domains wait for their weights', { admitAfter: 5 }],
  ['with every penalty on its gates', { gate: { loadFloor: 0.02, zLoss: 0.01, entropy: 0.01, l2: 0.001 } }]
])('a committee %s goes on from a saved state bit for bit', (_name, changed) => {
  const options = { ...small, ...changed }
  const all = log(17, 120)
  const whole = new Learner(options)
  let again = new Learner(options)
  for (const [i, entry] of all.entries()) {
    if (i % 25 === 24) again = Learner.load(decodeSaved(encodeSaved(again.save())), options)
    expect(again.take(entry)).toEqual(whole.take(entry))
  }
  expect(Buffer.compare(encodeSaved(again.save()), encodeSaved(whole.save()))).toBe(0)
  expect(whole.learned).toBeGreaterThan(50)
})
