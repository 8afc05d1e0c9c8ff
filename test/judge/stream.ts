/** Random streams of predictions to judge. */
import fc from 'fast-check'
import type { Scoreboard } from '../../src/judge/scoreboard.ts'
import type { Saved } from '../../src/numeric/saved.ts'

export interface Judged {
  readonly truth: number
  readonly p: Float32Array
  readonly chosen: number
}

/** Names of enough classes. */
export const names = Array.from({ length: 12 }, (_, c) => `class ${c}`)

/** Predictions whose vectors differ in length, whose truth may be unknown to them, and where at times nothing was chosen. */
export function streams(max = 60): fc.Arbitrary<Judged[]> {
  const one = fc
    .record({
      truth: fc.nat(7),
      raw: fc.array(fc.double({ min: 0, max: 1, noNaN: true }), { maxLength: 8 }),
      agrees: fc.boolean(),
      pick: fc.nat(7)
    })
    .map(({ truth, raw, agrees, pick }) => {
      const sum = raw.reduce((a, b) => a + b, 0)
      const p = Float32Array.from(raw, x => (sum > 0 ? x / sum : 1 / raw.length))
      const chosen = p.length === 0 ? -1 : agrees && truth < p.length ? truth : pick % p.length
      return { truth, p, chosen }
    })
  return fc.array(one, { minLength: 1, maxLength: max })
}

export function feed(board: Scoreboard, stream: readonly Judged[]): Scoreboard {
  for (const { truth, p, chosen } of stream) board.add(truth, p, chosen)
  return board
}

/** Every bit of a saved state, in order. */
export function bits(saved: Saved): string {
  if (saved === null || typeof saved === 'boolean' || typeof saved === 'string') return JSON.stringify(saved)
  if (typeof saved === 'number') return bits(Float64Array.of(saved))
  if (ArrayBuffer.isView(saved)) {
    const { buffer, byteOffset, byteLength } = saved as Uint8Array
    return `${saved.constructor.name} ${Buffer.from(buffer, byteOffset, byteLength).toString('hex')}`
  }
  if (Array.isArray(saved)) return `[${(saved as readonly Saved[]).map(bits).join()}]`
  return `{${Object.entries(saved as Record<string, Saved>)
    .map(([key, value]) => `${key}: ${bits(value)}`)
    .join()}}`
}
