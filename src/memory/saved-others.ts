/** Opinions of other tasks beside remembered examples, as they are saved: all in one row, each as long as it was. */
import type { Saved } from '../numeric/saved.ts'

/** Undefined where no example has any, so that a state without them holds no trace of them. */
export function saveOthers(
  all: readonly (Float32Array | null)[]
): { readonly lengths: Int32Array; readonly values: Float32Array } | undefined {
  if (all.every(others => others === null)) return undefined
  const lengths = Int32Array.from(all, others => others?.length ?? 0)
  const values = new Float32Array(lengths.reduce((sum, n) => sum + n, 0))
  let at = 0
  for (const others of all) {
    if (others === null) continue
    values.set(others, at)
    at += others.length
  }
  return { lengths, values }
}

/** What `n` examples had. */
export function loadOthers(saved: Saved | undefined, n: number): (Float32Array | null)[] {
  if (saved === undefined) return new Array<null>(n).fill(null)
  const { lengths, values } = saved as { lengths: Int32Array; values: Float32Array }
  let at = 0
  return Array.from(lengths, length => {
    const others = length === 0 ? null : values.slice(at, at + length)
    at += length
    return others
  })
}
