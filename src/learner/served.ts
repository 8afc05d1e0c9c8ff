/** A prediction as it was served, in the terms of the task as it is now: a class that was not known then had no probability. */
import type { TaskPrediction } from '../events/event.ts'
import type { Opinion } from './boards.ts'

/** Place of a class by name, −1 where it has not occurred. */
type IndexOf = (name: string) => number

/** What was reported and chosen, over `C` classes. */
export function servedOpinion(served: TaskPrediction, C: number, indexOf: IndexOf): Opinion {
  const probabilities = new Array<number>(C).fill(0)
  served.classes.forEach((name, i) => {
    const c = indexOf(name)
    if (c >= 0) probabilities[c] = served.probabilities[i]!
  })
  return { probabilities, chosen: indexOf(served.chosen) }
}

/** Every bank's opinion, (M, C) by the `names` of the banks, and who spoke; a bank that was silent then is silent now. */
export function servedOpinions(
  served: TaskPrediction,
  names: readonly string[],
  C: number,
  indexOf: IndexOf
): [Q: Float32Array, spoke: Uint8Array] {
  const Q = new Float32Array(names.length * C)
  const spoke = new Uint8Array(names.length)
  const places = served.classes.map(indexOf)
  for (const { bank, opinion } of served.banks) {
    const m = names.indexOf(bank)
    if (m < 0) continue
    spoke[m] = 1
    for (let i = 0; i < places.length; i++) if (places[i]! >= 0) Q[m * C + places[i]!] = opinion[i]!
  }
  return [Q, spoke]
}
