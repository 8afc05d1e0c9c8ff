/**
 * The control that takes the order away: all rows in an order drawn from a seed, at the times of the rows before. What a
 * learner still scores then is not memory of the last minutes.
 */
import type { LabelledRow } from './csv.ts'

/** A draw from 0 to n − 1, each as likely. */
export interface Draw {
  below(n: number): number
}

/**
 * All rows in one of the n! orders, each as likely (Fisher and Yates). Ids go with the rows; the k-th row out has the
 * k-th time in, so that time still goes forward. Holds all rows in memory.
 *
 * @example
 * ```ts
 * import { shuffleRows } from '../src/adapter/csv/shuffle.ts'
 * import { Random } from '../src/numeric/random.ts'
 * const observation = { line: 'a', station: null, product: null, features: {} }
 * const rows = ['p', 'q', 'r'].map((id, time) => ({ observation: { ...observation, id, time }, labels: {} }))
 * const shuffled = await shuffleRows(rows, new Random(1))
 * shuffled.map(row => row.observation.time) // => [0, 1, 2]
 * shuffled.map(row => row.observation.id).sort() // => ['p', 'q', 'r']
 * ```
 */
export async function shuffleRows(rows: AsyncIterable<LabelledRow> | Iterable<LabelledRow>, random: Draw): Promise<readonly LabelledRow[]> {
  const shuffled: LabelledRow[] = []
  for await (const row of rows) shuffled.push(row)
  const times = shuffled.map(row => row.observation.time)
  for (let i = shuffled.length - 1; i > 0; i--) {
    const j = random.below(i + 1)
    const row = shuffled[i]!
    shuffled[i] = shuffled[j]!
    shuffled[j] = row
  }
  return shuffled.map((row, i) => ({ ...row, observation: { ...row.observation, time: times[i]! } }))
}
