/**
 * The closed-form gradients against central differences of the loss written out in float64.
 * Shapes: W is (rows, stride), the gate in columns 0 … K − 1, class c of expert k in column (1 + c) K + k.
 */
import { describe, expect, test } from 'vitest'
import { type GatePenalties, gateEntropy } from '../../src/bank/mixture.ts'
import { MixtureBank } from '../../src/bank/mixture-bank.ts'
import { Random } from '../../src/numeric/random.ts'
import { RowBlock } from '../../src/numeric/row-block.ts'
import type { Sparse } from '../../src/numeric/sparse.ts'
import { sparse } from './stand.ts'

const K = 4
const C = 3
const ROWS = 6
const none: GatePenalties = { loadFloor: 0, zLoss: 0, entropy: 0 }

interface Stage {
  readonly bank: MixtureBank
  readonly block: RowBlock
}

/** A bank whose weights are all drawn at random and have no history. */
function stage(gate: GatePenalties & { readonly l2?: number }, seed: number): Stage {
  const block = new RowBlock()
  const bank = new MixtureBank('bank', block, { experts: K, rate: 0.05, decay: 0, forgetting: 1, gate: { l2: 0, ...gate } }, 1, 3)
  block.extend(ROWS)
  for (let c = 0; c < C; c++) bank.addClass()
  const random = new Random(seed)
  for (let i = 0; i < ROWS * block.stride; i++) block.W[i] = random.normal()
  block.S.fill(0)
  for (let k = 0; k < K; k++) bank.meanGate[k] = (1 + random.next()) / (1.5 * K)
  return { bank, block }
}

const logSumExp = (z: readonly number[]) => Math.log(z.reduce((sum, each) => sum + Math.exp(each), 0))
const softmax = (z: readonly number[]) => z.map(each => Math.exp(each - logSumExp(z)))

/** The loss of one example in float64; `mean` is ḡ, which does not move. */
function loss(W: Float64Array, stride: number, x: Sparse, y: number, w: number, penalties: GatePenalties, mean: Float64Array): number {
  const z = (column: number) => {
    let sum = 0
    for (let i = 0; i < x.n; i++) sum += x.value[i]! * W[x.index[i]! * stride + column]!
    return sum
  }
  const experts = Array.from({ length: K }, (_, k) => k)
  const logits = experts.map(z)
  const g = softmax(logits)
  const P = experts.map(k => softmax(Array.from({ length: C }, (_, c) => z((1 + c) * K + k))))
  const q = experts.reduce((sum, k) => sum + g[k]! * P[k]![y]!, 0)
  const H = -g.reduce((sum, each) => sum + each * Math.log(each), 0)
  const load = K * experts.reduce((sum, k) => sum + g[k]! * mean[k]!, 0)
  return -w * Math.log(q) + penalties.loadFloor * load + penalties.zLoss * logSumExp(logits) ** 2 - penalties.entropy * H
}

/** Learns one example and reads the gradient off the first step: with no history s = d², and W moved against d. */
function learned({ bank, block }: Stage, x: Sparse, y: number, w: number): Float64Array {
  const before = block.W.slice()
  bank.learn(x, y, w, true)
  return Float64Array.from(block.S, (s, i) => Math.sqrt(s) * Math.sign(before[i]! - block.W[i]!))
}

function compare(penalties: GatePenalties): void {
  for (let seed = 1; seed <= 5; seed++) {
    const it = stage(penalties, seed)
    const { W, stride } = it.block
    const x = sparse([[2, 0.7], [3, -1.3], [5, 0.25]]) // biome-ignore format: one record
    const y = seed % C
    const w = 0.5 + seed / 4
    const W64 = Float64Array.from(W)
    const mean = it.bank.meanGate.slice()
    const gradient = learned(it, x, y, w)
    let largest = 0
    for (let row = 0; row < ROWS; row++) {
      for (let column = 0; column < (1 + C) * K; column++) {
        const at = row * stride + column
        const h = 1e-5
        const around = [h, -h].map(step => {
          const moved = W64.slice()
          moved[at]! += step
          return loss(moved, stride, x, y, w, penalties, mean)
        })
        const numeric = (around[0]! - around[1]!) / (2 * h)
        largest = Math.max(largest, Math.abs(numeric))
        expect(Math.abs(gradient[at]! - numeric), `row ${row}, column ${column}`).toBeLessThan(2e-6 + 2e-5 * Math.abs(numeric))
      }
    }
    expect(largest).toBeGreaterThan(0.01)
  }
}

describe('the gradient equals central differences', () => {
  test('of the loss −w ln q[y], in every weight of gate and experts', () => compare(none))
  test('with the load floor, its mean gate held still', () => compare({ ...none, loadFloor: 0.5 }))
  test('with the z-loss', () => compare({ ...none, zLoss: 0.1 }))
  test('with the reward for entropy', () => compare({ ...none, entropy: 0.3 }))
  test('with all of them', () => compare({ loadFloor: 0.2, zLoss: 0.05, entropy: 0.1 }))
})

test('the comparison tells a wrong gradient: that of another penalty does not pass', () => {
  const it = stage({ ...none, loadFloor: 0.5 }, 1)
  const plain = stage(none, 1)
  const x = sparse([[2, 0.7]])
  const [a, b] = [learned(it, x, 1, 1), learned(plain, x, 1, 1)]
  expect(Math.max(...a.map((each, i) => Math.abs(each - b[i]!)))).toBeGreaterThan(1e-3)
})

test('L2 takes η λ W from the touched weights of the gate and from no others', () => {
  const l2 = 0.2
  const [with2, without] = [stage({ ...none, l2 }, 3), stage(none, 3)]
  const before = with2.block.W.slice()
  const x = sparse([[2, 0.7], [5, -1]]) // biome-ignore format: a pair
  for (const { bank } of [with2, without]) bank.learn(x, 1, 1, true)
  const touched = new Set([0, 2, 5])
  for (let row = 0; row < ROWS; row++) {
    for (let column = 0; column < (1 + C) * K; column++) {
      const at = row * with2.block.stride + column
      const taken = without.block.W[at]! - with2.block.W[at]!
      if (touched.has(row) && column < K) expect(Math.abs(taken - 0.05 * l2 * before[at]!)).toBeLessThan(1e-6)
      else expect(taken).toBe(0)
    }
  }
})

test('responsibilities sum to one and share the label as gate × opinion', () => {
  const { bank } = stage(none, 4)
  const x = sparse([[1, 1]])
  const q = new Float32Array(C)
  bank.opinion(x, q)
  const whole = Array.from({ length: K }, (_, k) => bank.g[k]! * bank.P[2 * K + k]!)
  bank.learn(x, 2, 1, true)
  expect(bank.r.reduce((a, b) => a + b, 0)).toBeCloseTo(1, 6)
  for (let k = 0; k < K; k++) expect(bank.r[k]).toBeCloseTo(whole[k]! / q[2]!, 5)
})

test('gate entropy runs from 0 to ln K', () => {
  expect(gateEntropy(Float32Array.of(0, 1, 0))).toBeCloseTo(0, 12)
  expect(gateEntropy(new Float32Array(4).fill(0.25))).toBeCloseTo(Math.log(4), 12)
})
