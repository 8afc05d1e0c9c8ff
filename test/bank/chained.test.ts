/** A bank that hears what others say keeps every law of a bank; its second map starts at nothing and learns like the first. */
import { describe, expect, test } from 'vitest'
import { Chained, others } from '../../src/bank/chained.ts'
import { type Initial, Plain, pooled } from '../../src/bank/linear.ts'
import type { Kernel } from '../../src/numeric/kernel.ts'
import { openKernel } from '../../src/numeric/open-kernel.ts'
import { Random } from '../../src/numeric/random.ts'
import type { Saved } from '../../src/numeric/saved.ts'
import { bits } from '../judge/stream.ts'
import { bankLaws } from './bank.laws.ts'
import { type Entries, fill, fillSparse, kernels, type MixtureStand, type PlainSaved, ROWS, type Slip, slip, taskStand } from './stand.ts'

const HEARD = ROWS
const map = (kernel: Kernel, initial: Initial) =>
  new Chained(new Plain(kernel, { rows: ROWS }, pooled, 'pooled', initial), new Plain(kernel, { rows: HEARD }, others, null, () => 0))

const opened = (kernel: () => Kernel, forgetting = 0.9995, seed = 1): MixtureStand => {
  const gate = { loadFloor: 0, zLoss: 0, entropy: 0, l2: 0 }
  return { ...taskStand(seed, { kernel, forgetting, gate }, map), reads: 'pooled', hears: true, follows: ['pooled'] }
}

for (const name of ['simd', 'plain'] as const) {
  const kernel = kernels(name)
  bankLaws(`a mixture that hears others, ${name} kernel,`, seed => opened(kernel, 0.9995, seed))
}

function heard(it: Slip, entries: Entries): Slip {
  it.others.clear()
  for (const [row, value] of entries) it.others.push(row, value)
  return it
}

function three(stand: MixtureStand): MixtureStand {
  for (let c = 0; c < 3; c++) stand.bank.addClass()
  return stand
}

function said({ bank }: MixtureStand, x: Slip): Float32Array {
  const q = new Float32Array(3)
  bank.opinion(x, q)
  return q
}

describe('what others say', () => {
  test('counts for nothing before the first label, and is learned', () => {
    const stand = three(opened(kernels('simd')))
    const x = fill(slip(stand.kernel), [[1, 0.5]])
    expect(bits(said(stand, heard(x, [[3, 0.5], [4, -0.5]])))).toBe(bits(said(stand, heard(x, [])))) // biome-ignore format: one line
    const random = new Random(2)
    for (let i = 0; i < 600; i++) {
      const y = random.below(2)
      stand.bank.learn(heard(fill(x, [[1, random.normal()]]), [[3, y - 0.5], [4, 0.5 - y]]), y, 1, true) // biome-ignore format: one line
    }
    fill(x, [[1, 0]])
    expect(said(stand, heard(x, [[3, 0.5], [4, -0.5]]))[1]).toBeGreaterThan(0.9) // biome-ignore format: one line
    expect(said(stand, heard(x, [[3, -0.5], [4, 0.5]]))[0]).toBeGreaterThan(0.9) // biome-ignore format: one line
  })

  test('is read anew where only it changed since the opinion was given', () => {
    const [stand, again] = [three(opened(kernels('simd'))), three(opened(kernels('simd')))]
    const [x, y] = [slip(stand.kernel), slip(again.kernel)]
    for (let i = 0; i < 20; i++) {
      said(stand, heard(fill(x, [[1, 1]]), [[2, 0.7]]))
      stand.bank.learn(heard(x, [[5, -0.4]]), i % 3, 1, true)
      again.bank.learn(heard(fill(y, [[1, 1]]), [[5, -0.4]]), i % 3, 1, true)
    }
    expect(bits(stand.save())).toBe(bits(again.save()))
  })

  test('is the same to either kernel, saved and loaded, and stays where it is when knots move', () => {
    const [own, theirs] = (['simd', 'plain'] as const).map(name => {
      const kernel = openKernel(name)
      const stand = three(opened(() => kernel))
      const x = slip(kernel)
      const random = new Random(4)
      for (let i = 0; i < 100; i++) stand.bank.learn(heard(fill(x, [[1 + random.below(20), random.normal()]]), [[1 + random.below(7), random.normal()]]), random.below(3), 1, true) // biome-ignore format: one line
      const again = opened(() => kernel)
      again.load(stand.save())
      fillSparse(x.pooled, [[7, 1]])
      expect(bits(said(again, heard(x, [[2, 0.3]])))).toBe(bits(said(stand, x)))
      const before = (stand.save() as unknown as State).head.others
      stand.carry('pooled', [{ row: 1, from: Int32Array.of(1, 0), t: Float32Array.of(0, 0.5) }])
      expect((stand.save() as unknown as State).head.others).toEqual(before)
      return bits(stand.save())
    })
    expect(own).toBe(theirs)
  })
})

type State = Record<'head', { record: PlainSaved; others: PlainSaved }> & { gate: { weights: { record: PlainSaved; others: PlainSaved } } }
const softmax = (z: readonly number[]) => {
  const e = z.map(each => Math.exp(each - Math.max(...z)))
  return e.map(each => each / e.reduce((a, b) => a + b, 0))
}

test('gradients in the weights of what others say equal central differences of the loss', () => {
  const [K, C, y] = [4, 3, 1]
  const stand = three(opened(kernels('simd'), 1))
  const state = stand.save() as unknown as State
  const random = new Random(6)
  const blocks = [state.gate.weights.record, state.gate.weights.others, state.head.record, state.head.others]
  for (const { block } of blocks) for (let i = 0; i < block.W.length; i++) block.W[i] = random.normal()
  stand.load(state as unknown as Saved)
  const [X, O]: [Entries, Entries] = [[[0, 1], [3, 0.4]], [[2, 0.6], [3, -0.35]]] // biome-ignore format: a pair
  stand.bank.learn(heard(fill(slip(stand.kernel), X.slice(1)), O), y, 1, true)
  const after = stand.save() as unknown as State
  const stride = ({ block }: PlainSaved) => block.widths.reduce((sum, width) => sum + width, 0)
  const W = new Map(blocks.map(each => [each, Float64Array.from(each.block.W)]))
  const z = (record: PlainSaved, heardOf: PlainSaved, column: number) => {
    const part = (of: PlainSaved, x: Entries) => x.reduce((sum, [row, v]) => sum + v * W.get(of)![row * stride(of) + column]!, 0)
    return part(record, X) + part(heardOf, O)
  }
  const loss = () => {
    const g = softmax(Array.from({ length: K }, (_, k) => z(state.gate.weights.record, state.gate.weights.others, k)))
    const P = (k: number) => softmax(Array.from({ length: C }, (_, c) => z(state.head.record, state.head.others, c * K + k)))[y]!
    return -Math.log(g.reduce((sum, gk, k) => sum + gk * P(k), 0))
  }
  const pairs = [[state.gate.weights.others, after.gate.weights.others, K], [state.head.others, after.head.others, C * K]] as const // biome-ignore format: a pair
  for (const [before, then, width] of pairs) {
    for (let i = 0; i < HEARD * stride(before); i++) {
      if (i % stride(before) >= width) continue
      const w = W.get(before)!
      const here = w[i]!
      const [up, down] = [1e-5, -1e-5].map(h => {
        w[i] = here + h
        return loss()
      })
      w[i] = here
      const numeric = (up! - down!) / 2e-5
      const own = Math.sqrt(then.block.S[i]!) * Math.sign(before.block.W[i]! - then.block.W[i]!)
      expect(Math.abs(own - numeric), `weight ${i}`).toBeLessThan(2e-6 + 2e-5 * Math.abs(numeric))
    }
  }
})
