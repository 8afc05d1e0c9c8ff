/** A gate with an input of its own: what each view keeps, and that a bank with such a gate keeps every law of a bank. */
import { describe, expect, test } from 'vitest'
import { Gate } from '../../src/bank/gate.ts'
import { bounded, gateView, type Part } from '../../src/bank/gate-input.ts'
import { type Initial, Plain, pooled, type View } from '../../src/bank/linear.ts'
import { MixtureBank } from '../../src/bank/mixture-bank.ts'
import { type EncodedRecord, Encodings } from '../../src/learner/encodings.ts'
import type { GateInput } from '../../src/learner/gate-rows.ts'
import { DOMAIN } from '../../src/learner/inputs.ts'
import { Learner } from '../../src/learner/learner.ts'
import { recipeOf } from '../../src/learner/presets.ts'
import type { Kernel } from '../../src/numeric/kernel.ts'
import { plainKernel } from '../../src/numeric/plain-kernel.ts'
import { hashNormal, Random } from '../../src/numeric/random.ts'
import type { Saved } from '../../src/numeric/saved.ts'
import type { Sparse } from '../../src/numeric/sparse.ts'
import { featuresOf } from '../encode/features.ts'
import { bits } from '../judge/stream.ts'
import { example, observation, small } from '../learner/stream.ts'
import { bankLaws } from './bank.laws.ts'
import { type Entries, fill, fillSparse, kernels, type MixtureStand, type PlainSaved, ROWS, settings, slip } from './stand.ts'

const vector = (x: Sparse) => Array.from({ length: x.n }, (_, i) => [x.index[i]!, x.value[i]!] as const)

describe('of a record with a domain, a number, a category and a missing value', () => {
  const encodings = new Encodings(small, plainKernel())
  const inputs = (a: number, word: string, b: number | null = null) => featuresOf({ [DOMAIN]: 'line 1', a, b, word })
  const random = new Random(1)
  for (let i = 0; i < 60; i++) {
    encodings.columns.declare(inputs(i % 7, `word ${i % 2}`, i === 0 ? 1 : null))
    encodings.learn(encodings.columns.observe(inputs(i % 7, `word ${i % 2}`)), 0, random)
  }
  const record: EncodedRecord = encodings.record()
  encodings.fill(record, encodings.columns.observe(inputs(5, 'word 1')), 0, 'both')
  const [domain, a, b, word] = [0, 1, 2, 3].map(slot => encodings.columns.at(slot))
  const whole = vector(record.pooled)
  const kept = (reads: GateInput, view: 'pooled' | 'own' = 'pooled') => vector(encodings.gateView(view, reads)(record))
  const rows = (...wanted: number[]) => whole.filter(([row]) => wanted.includes(row))
  const hats = Array.from({ length: small.knots.intervals + 1 }, (_, j) => a!.row + 2 + j)

  test('the whole has all of them, hats too', () => {
    expect(whole.map(([row]) => row)).toEqual(expect.arrayContaining([0, domain!.rows[0]!, a!.row, b!.row + 1, word!.rows[1]!]))
    expect(rows(...hats).length).toBeGreaterThan(0)
    expect(kept('all')).toEqual(whole)
  })

  test('`domain` keeps the bias and the domain, which a vector of its own lacks', () => {
    expect(kept('domain')).toEqual(rows(0, domain!.rows[0]!))
    expect(kept('domain', 'own')).toEqual([[0, 1]])
  })

  test('`linear` keeps all but the hats', () => {
    expect(kept('linear')).toEqual(whole.filter(([row]) => !hats.includes(row)))
  })

  test('`bounded` keeps the same rows, and what is a number passes through z/√(1 + z²)', () => {
    const z = rows(a!.row)[0]![1]
    expect(z).toBeGreaterThan(0.5)
    expect(kept('bounded')).toEqual(kept('linear').map(([row, value]) => [row, row === a!.row ? bounded(z) : value]))
    expect(bounded(z)).toBeCloseTo(z / Math.sqrt(1 + z * z), 6)
  })

  test('a list keeps the bias and all rows of the features it names, by the names people read', () => {
    expect(kept({ features: ['a'] })).toEqual(rows(0, a!.row, ...hats))
    expect(kept({ features: ['b', 'domain', 'never'] })).toEqual(rows(0, domain!.rows[0]!, b!.row + 1))
    expect(kept({ features: ['word'] })).toEqual(rows(0, word!.rows[1]!))
  })

  test('a value that appears later, and one beyond the limit, belong to their feature', () => {
    encodings.columns.declare(inputs(5, 'word 2'))
    for (const value of ['word 2', 'beyond']) {
      encodings.fill(record, encodings.columns.observe(inputs(5, value)), 0, 'both')
      expect(kept({ features: ['word'] }).length).toBe(2)
      expect(kept({ features: ['a'] }).map(([row]) => row)).not.toContain(word!.row + 1)
    }
  })
})

test('the bound keeps sign, zero and order, and stays below one', () => {
  const values = [-4, -1, -1e-3, 0, 1e-3, 1, 4].map(bounded)
  expect(values).toEqual([...values].sort((x, y) => x - y))
  expect(values[3]).toBe(0)
  expect(Math.max(...values.map(Math.abs))).toBeLessThan(1)
  for (const each of values) expect(Math.fround(each)).toBe(each)
})

test('a vector is derived anew when its record was refilled, whoever else is read between', () => {
  const view = gateView(plainKernel(), pooled, { part: row => (row < 3 ? 'keep' : 'drop') })
  const [one, other] = [slip(plainKernel()), slip(plainKernel())]
  const read = (of: typeof one) => vector(view(of))
  fill(one, [[1, 0.5], [5, 1]]) // biome-ignore format: one record
  fill(other, [[2, 0.25]])
  for (let i = 0; i < 2; i++) {
    expect(read(one)).toEqual([[0, 1], [1, 0.5]]) // biome-ignore format: one record
    expect(read(other)).toEqual([[0, 1], [2, 0.25]]) // biome-ignore format: one record
  }
  fillSparse(one.pooled, [[1, 0.75]])
  expect(read(one)).toEqual([[0, 1], [1, 0.75]]) // biome-ignore format: one record
})

/** Rows 4 to 9 are hats of the laws' spline: kept by the first, dropped by the second. */
const selections: Readonly<Record<string, (row: number) => Part>> = {
  'some rows and a curve': row => (row % 3 === 1 || row === 0 ? 'keep' : row >= 4 && row <= 9 ? 'keep' : 'drop'),
  'no curve and bounded numbers': row => (row === 0 || row > 9 ? 'keep' : row < 4 ? 'bound' : 'drop'),
  'the bias alone': row => (row === 0 ? 'keep' : 'drop')
}

const first =
  (seed: number, spread: number, K: number): Initial =>
  (row, column) =>
    column < K ? (row === 0 ? spread : spread / 2) * hashNormal(seed, row, column) : 0

/** A task's mixture whose gate reads a selection of rows. */
function stand(seed: number, part: (row: number) => Part, kernel: Kernel, K = 4, forgetting = settings.forgetting): MixtureStand {
  const pace = { rate: settings.rate, decay: 0, forgetting }
  const map = (view: View, initial: Initial) => new Plain(kernel, { rows: ROWS }, view, 'pooled', initial)
  const gate = new Gate(kernel, map(gateView(kernel, pooled, { part }), first(seed, 0.3, K)), K, pace, { ...settings.gate, loadFloor: 0 })
  const bank = new MixtureBank('gated', kernel, gate, map(pooled, first(seed + 1, 0.09, K)), { ...pace, sparse: 0, warm: false })
  return {
    bank,
    kernel,
    reads: 'pooled',
    follows: ['pooled'],
    seeded: true,
    costs: 'classes',
    everywhere: true,
    carry: (encoding, moves) => bank.carry(encoding, moves),
    keepFollowing() {},
    save: () => bank.save(),
    load: saved => bank.load(saved)
  }
}

for (const name of ['simd', 'plain'] as const) {
  const kernel = kernels(name)
  for (const [kind, part] of Object.entries(selections))
    bankLaws(`a mixture whose gate reads ${kind}, ${name} kernel,`, seed => stand(seed, part, kernel()))
}

const records = (n: number): Entries[] => {
  const random = new Random(7)
  return Array.from({ length: n }, () => Array.from({ length: 6 }, (_, i) => [1 + 3 * i + random.below(3), random.normal()] as const))
}

test('either kernel gives the same bytes', () => {
  for (const part of Object.values(selections)) {
    const [own, theirs] = (['simd', 'plain'] as const).map(name => {
      const it = stand(1, part, kernels(name)(), 16)
      for (let c = 0; c < 3; c++) it.bank.addClass()
      const x = slip(it.kernel)
      for (const [i, entries] of records(200).entries()) it.bank.learn(fill(x, entries), i % 3, 1 + (i % 2), true)
      return bits(it.save())
    })
    expect(own).toBe(theirs)
  }
})

const softmax = (z: readonly number[]) => {
  const e = z.map(each => Math.exp(each - Math.max(...z)))
  return e.map(each => each / e.reduce((a, b) => a + b, 0))
}
const stride = ({ block }: PlainSaved) => block.widths.reduce((sum, width) => sum + width, 0)
type State = { gate: { weights: PlainSaved }; head: PlainSaved }

test('gradients through the view equal central differences of the loss, and rows that are dropped take no step', () => {
  const [K, C] = [4, 3]
  for (const part of Object.values(selections)) {
    for (let seed = 1; seed <= 3; seed++) {
      const it = stand(seed, part, kernels('simd')(), K, 1)
      for (let c = 0; c < C; c++) it.bank.addClass()
      const state = it.save() as unknown as State
      const random = new Random(seed)
      for (const { block } of [state.gate.weights, state.head]) for (let i = 0; i < block.W.length; i++) block.W[i] = random.normal()
      it.load(state as unknown as Saved)
      const X: Entries = [[0, 1], [1, 0.7], [2, -1.3], [5, 0.25], [10, 0.5]] // biome-ignore format: one record
      it.bank.learn(fill(slip(it.kernel), X.slice(1)), seed % C, 1.5, true)
      const after = it.save() as unknown as State
      const seen = X.flatMap(([row, value]) => (part(row) === 'drop' ? [] : [[row, part(row) === 'bound' ? value / Math.sqrt(1 + value * value) : value] as const])) // biome-ignore format: one line
      const W = { gate: Float64Array.from(state.gate.weights.block.W), head: Float64Array.from(state.head.block.W) }
      const wide = { gate: stride(state.gate.weights), head: stride(state.head) }
      const loss = () => {
        const z = (of: 'gate' | 'head', x: Entries, column: number) =>
          x.reduce((sum, [row, v]) => sum + v * W[of][row * wide[of] + column]!, 0)
        const g = softmax(Array.from({ length: K }, (_, k) => z('gate', seen, k)))
        const q = g.reduce((sum, gk, k) => sum + gk * softmax(Array.from({ length: C }, (_, c) => z('head', X, c * K + k)))[seed % C]!, 0)
        return -1.5 * Math.log(q)
      }
      for (const [of, before, then] of [
        ['gate', state.gate.weights, after.gate.weights],
        ['head', state.head, after.head]
      ] as const) {
        for (let i = 0; i < ROWS * wide[of]; i++) {
          if (i % wide[of] >= (of === 'gate' ? K : C * K)) continue
          const here = W[of][i]!
          const [up, down] = [1e-5, -1e-5].map(h => {
            W[of][i] = here + h
            return loss()
          })
          W[of][i] = here
          const numeric = (up! - down!) / 2e-5
          const own = Math.sqrt(then.block.S[i]!) * Math.sign(before.block.W[i]! - then.block.W[i]!)
          expect(Math.abs(own - numeric), `${of}, weight ${i}`).toBeLessThan(2e-6 + 2e-5 * Math.abs(numeric))
        }
      }
    }
  }
})

const options = { ...small, maxIds: 1000 }

/** Learns a stream of two lines on which the meaning of `a` differs, and returns each bank's shares of some records. */
function shares(gateInput: GateInput, joint = false) {
  const banks = recipeOf(options).banks.map(bank => (bank.scope === 'memory' ? bank : { ...bank, joint }))
  const learner = new Learner({ ...options, banks, gateInput })
  const random = new Random(3)
  for (let i = 0; i < 200; i++) {
    const a = random.normal()
    learner.take(example(observation(i, { a, b: random.normal() }, `line ${i % 2}`), { task: a > 0 === i % 2 > 0 ? 'good' : 'bad' }))
  }
  const at = (line: string, a: number) => {
    const { banks: said } = learner.predict(observation(999, { a, b: -a }, line)).tasks[0]!
    return said.filter(({ bank }) => bank !== 'memory').map(each => [each.bank, ...each.shares])
  }
  return at
}

test('a gate that reads the domain alone is the same for all records of a domain, in every bank, and no other line’s', () => {
  for (const joint of [false, true]) {
    const at = shares('domain', joint)
    expect(at('line 0', 2)).toEqual(at('line 0', -1))
    expect(at('line 1', 2)).toEqual(at('line 1', -1))
    expect(at('line 0', 2).length).toBe(4)
    for (const [m, each] of at('line 0', 2).entries()) expect(each).not.toEqual(at('line 1', 2)[m])
  }
})

test('every other gate tells records of a domain apart, by what it reads', () => {
  for (const reads of ['all', 'linear', 'bounded', { features: ['b'] }] as const) {
    const at = shares(reads)
    for (const [m, each] of at('line 0', 2).entries()) expect(each).not.toEqual(at('line 0', -1)[m])
  }
  const pooledBanks = (at: ReturnType<typeof shares>, line: string, a: number) =>
    at(line, a).filter(([bank]) => bank === 'task' || bank === 'quick')
  const blind = shares({ features: ['never'] })
  expect(pooledBanks(blind, 'line 0', 2)).toEqual(pooledBanks(blind, 'line 1', -1))
})

test('what a bank says of its own gate stands over what the learner says of all', () => {
  const own = recipeOf(options).banks.map(bank => (bank.name === 'quick' ? { ...bank, gate: 'linear' as const } : bank))
  const gates = recipeOf({ ...options, banks: own, gateInput: 'domain' }).banks.map(({ name, gate }) => [name, gate])
  expect(Object.fromEntries(gates)).toEqual({ task: 'domain', residual: 'domain', solo: 'domain', quick: 'linear', memory: 'all' })
  expect(recipeOf(options).banks.every(({ gate }) => gate === 'all')).toBe(true)
})
