/**
 * The closed-form gradients against central differences of the loss written out in float64. The logits of gate and experts
 * are sums over the blocks of a linear map: one of a task's mixture, two, A and B_d, of a residual in a domain of its own.
 *
 * Shapes: a block is (rows, stride); the gate's has expert k in column k, the experts' has class c of expert k in c K + k.
 */
import { describe, expect, test } from 'vitest'
import { type GatePenalties, gateEntropy } from '../../src/bank/mixture.ts'
import { Random } from '../../src/numeric/random.ts'
import type { Saved } from '../../src/numeric/saved.ts'
import { expectBroken } from '../numeric/planted.ts'
import {
  type Entries,
  fill,
  kernels,
  type MixtureStand,
  type PlainSaved,
  type ResidualSaved,
  ROWS,
  residualStand,
  type Settings,
  STRANGER,
  slip,
  taskStand
} from './stand.ts'

const K = 4
const C = 3
const RATE = 0.05
const X: Entries = [[2, 0.7], [3, -1.3], [5, 0.25]] // biome-ignore format: one record
/** The active inputs, the bias with them. */
const ACTIVE: Entries = [[0, 1], ...X]
const none: GatePenalties = { loadFloor: 0, zLoss: 0, entropy: 0 }

type Part = 'gate' | 'head'
/** Blocks whose logits add up, of the gate and of the experts; `own` are blocks of other domains. */
interface Weights {
  readonly gate: PlainSaved[]
  readonly head: PlainSaved[]
}

interface Kind {
  readonly open: (changed: Partial<Settings>) => MixtureStand
  readonly domain: number
  /** The blocks that sum up in the domain, then all others. */
  readonly blocks: (map: Saved) => readonly [summed: PlainSaved[], others: PlainSaved[]]
}

const residualBlocks =
  (domain: number): Kind['blocks'] =>
  map => {
    const { shared, own } = map as unknown as ResidualSaved
    const part = (wanted: boolean) => own.filter(([d]) => (d === domain) === wanted).map(([, each]) => each)
    return [[shared, ...part(true)], part(false)]
  }

const kinds: Readonly<Record<string, Kind>> = {
  "a task's mixture": { open: changed => taskStand(1, changed), domain: 0, blocks: map => [[map as unknown as PlainSaved], []] },
  'a residual in a domain with a part of its own': { open: changed => residualStand(1, changed), domain: 1, blocks: residualBlocks(1) },
  'a residual in a domain without': { open: changed => residualStand(1, changed), domain: STRANGER, blocks: residualBlocks(STRANGER) }
}

type MixtureSaved = { readonly gate: { readonly meanGate: Float64Array; readonly weights: Saved }; readonly head: Saved }
const saved = (stand: MixtureStand) => stand.save() as unknown as MixtureSaved

function weights({ blocks }: Kind, stand: MixtureStand): Weights & { readonly others: PlainSaved[] } {
  const { gate, head } = saved(stand)
  const [[ownGate, otherGate], [ownHead, otherHead]] = [blocks(gate.weights), blocks(head)]
  return { gate: ownGate, head: ownHead, others: [...otherGate, ...otherHead] }
}

const stride = ({ block }: PlainSaved) => block.widths.reduce((a, b) => a + b, 0)

/** A bank whose weights are all drawn at random and have no history. */
function staged(kind: Kind, gate: GatePenalties & { readonly l2?: number }, seed: number, kernel = kernels('simd')): MixtureStand {
  const stand = kind.open({ kernel, experts: K, rate: RATE, forgetting: 1, gate: { l2: 0, ...gate } })
  for (let c = 0; c < C; c++) stand.bank.addClass()
  const random = new Random(seed)
  const state = saved(stand)
  for (const map of [state.gate.weights, state.head]) {
    for (const { block } of kind.blocks(map).flat()) {
      for (let i = 0; i < block.W.length; i++) block.W[i] = random.normal()
      block.S.fill(0)
    }
  }
  for (let k = 0; k < K; k++) state.gate.meanGate[k] = (1 + random.next()) / (1.5 * K)
  stand.load(state as unknown as Saved)
  return stand
}

const logSumExp = (z: readonly number[]) => Math.log(z.reduce((sum, each) => sum + Math.exp(each), 0))
const softmax = (z: readonly number[]) => z.map(each => Math.exp(each - logSumExp(z)))

type Blocks = Readonly<Record<Part, readonly { readonly W: Float64Array; readonly stride: number }[]>>

/** The loss of one example in float64; `mean` is ḡ, which does not move. */
function loss(W: Blocks, y: number, w: number, penalties: GatePenalties, mean: Float64Array): number {
  const z = (part: Part, column: number) => {
    let sum = 0
    for (const { W: block, stride: width } of W[part]) for (const [row, value] of ACTIVE) sum += value * block[row * width + column]!
    return sum
  }
  const experts = Array.from({ length: K }, (_, k) => k)
  const logits = experts.map(k => z('gate', k))
  const g = softmax(logits)
  const P = experts.map(k => softmax(Array.from({ length: C }, (_, c) => z('head', c * K + k))))
  const q = experts.reduce((sum, k) => sum + g[k]! * P[k]![y]!, 0)
  const H = -g.reduce((sum, each) => sum + each * Math.log(each), 0)
  const load = K * experts.reduce((sum, k) => sum + g[k]! * mean[k]!, 0)
  return -w * Math.log(q) + penalties.loadFloor * load + penalties.zLoss * logSumExp(logits) ** 2 - penalties.entropy * H
}

/** Reads a gradient off the first step: with no history s = d², and W moved against d. */
const gradientOf = (before: PlainSaved, after: PlainSaved) =>
  Float64Array.from(after.block.S, (s, i) => Math.sqrt(s) * Math.sign(before.block.W[i]! - after.block.W[i]!))

/** Throws where a gradient is not that of the loss with `asked`, though the bank has the penalties `has`. */
function compare(kind: Kind, has: GatePenalties, asked = has): void {
  for (let seed = 1; seed <= 5; seed++) {
    const stand = staged(kind, has, seed, kernels(seed % 2 === 0 ? 'plain' : 'simd'))
    const y = seed % C
    const w = 0.5 + seed / 4
    const before = weights(kind, stand)
    const mean = saved(stand).gate.meanGate
    stand.bank.learn(fill(slip(stand.kernel), X, kind.domain), y, w, true)
    const after = weights(kind, stand)
    const start = (part: Part) => before[part].map(each => ({ W: Float64Array.from(each.block.W), stride: stride(each) }))
    const at: Blocks = { gate: start('gate'), head: start('head') }
    let largest = 0
    for (const part of ['gate', 'head'] as const) {
      at[part].forEach(({ W, stride: width }, b) => {
        const gradient = gradientOf(before[part][b]!, after[part][b]!)
        for (let row = 0; row < ROWS; row++) {
          for (let column = 0; column < (part === 'gate' ? K : C * K); column++) {
            const i = row * width + column
            const h = 1e-5
            const here = W[i]!
            const around = [h, -h].map(step => {
              W[i] = here + step
              return loss(at, y, w, asked, mean)
            })
            W[i] = here
            const numeric = (around[0]! - around[1]!) / (2 * h)
            largest = Math.max(largest, Math.abs(numeric))
            expect(Math.abs(gradient[i]! - numeric), `${part} ${b}, row ${row}, column ${column}`).toBeLessThan(
              2e-6 + 2e-5 * Math.abs(numeric)
            )
          }
        }
      })
    }
    expect(largest).toBeGreaterThan(0.01)
    // Another domain's part takes no step.
    after.others.forEach(({ block }, i) => {
      expect(block.W).toEqual(before.others[i]!.block.W)
    })
  }
}

for (const [name, kind] of Object.entries(kinds)) {
  describe(`the gradient of ${name} equals central differences`, () => {
    test('of the loss −w ln q[y], in every weight of gate and experts', () => compare(kind, none))
    test('with the load floor, its mean gate held still', () => compare(kind, { ...none, loadFloor: 0.5 }))
    test('with the z-loss', () => compare(kind, { ...none, zLoss: 0.1 }))
    test('with the reward for entropy', () => compare(kind, { ...none, entropy: 0.3 }))
    test('with all of them', () => compare(kind, { loadFloor: 0.2, zLoss: 0.05, entropy: 0.1 }))
    test('and of no other loss: each penalty forgotten is told', () => {
      const all = { loadFloor: 0.2, zLoss: 0.05, entropy: 0.1 }
      for (const forgotten of ['loadFloor', 'zLoss', 'entropy']) expectBroken(() => compare(kind, { ...all, [forgotten]: 0 }, all))
    })
  })
}

test('the comparison tells a residual whose domain part is left out of the logits', () => {
  const kind = kinds['a residual in a domain with a part of its own']!
  const stranger: Kind = { ...kind, domain: STRANGER }
  expectBroken(() => compare(stranger, none))
})

test('L2 takes η λ W from the touched weights of the gate and from no others', () => {
  const l2 = 0.2
  for (const kind of Object.values(kinds)) {
    const [with2, without] = [staged(kind, { ...none, l2 }, 3), staged(kind, none, 3)]
    const before = weights(kind, with2)
    for (const stand of [with2, without]) stand.bank.learn(fill(slip(stand.kernel), X, kind.domain), 1, 1, true)
    const [own, theirs] = [weights(kind, with2), weights(kind, without)]
    own.gate.forEach((each, b) => {
      const width = stride(each)
      for (let row = 0; row < ROWS; row++) {
        for (let column = 0; column < K; column++) {
          const i = row * width + column
          const taken = theirs.gate[b]!.block.W[i]! - each.block.W[i]!
          if (ACTIVE.some(([active]) => active === row))
            expect(Math.abs(taken - RATE * l2 * before.gate[b]!.block.W[i]!)).toBeLessThan(1e-6)
          else expect(taken).toBe(0)
        }
      }
    })
    expect(own.head).toEqual(theirs.head)
    expect(own.others).toEqual(theirs.others)
  }
})

test('responsibilities sum to one and share the label as gate × opinion', () => {
  const stand = staged(kinds["a task's mixture"]!, none, 4)
  const { bank } = stand
  const x = fill(slip(stand.kernel), [[1, 1]])
  const q = new Float32Array(C)
  bank.opinion(x, q)
  const whole = Array.from({ length: K }, (_, k) => bank.gate.g[k]! * bank.P[2 * K + k]!)
  bank.learn(x, 2, 1, true)
  expect(bank.r.reduce((a, b) => a + b, 0)).toBeCloseTo(1, 6)
  for (let k = 0; k < K; k++) expect(bank.r[k]).toBeCloseTo(whole[k]! / q[2]!, 5)
})

test('gate entropy runs from 0 to ln K', () => {
  expect(gateEntropy(Float32Array.of(0, 1, 0))).toBeCloseTo(0, 12)
  expect(gateEntropy(new Float32Array(4).fill(0.25))).toBeCloseTo(Math.log(4), 12)
})
