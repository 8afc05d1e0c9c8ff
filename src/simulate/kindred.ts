/**
 * Kindred lines: of every task, the score of a class is a shared part that all lines have and a part of the line's own, both
 * linear in the inputs, and the class is drawn from the softmax of the scores. A line may have the shared part turned round.
 * What sharing can gain and cost is then known from how the stream was made. The same seed gives the same parts.
 *
 * Shapes: x (INPUTS) standard normal; directions w_c of length 1, one a class and line; score_c = shared · w_c·x + own_c·x + bias_c.
 */
import { log } from '../numeric/exp-log.ts'
import { Random } from '../numeric/random.ts'

export interface KindredLine {
  readonly line: string
  /** Of all parts. */
  readonly share: number
  /** What the shared part counts, where the own counts 1: below 0 in a line that contradicts the others. */
  readonly shared: number
  /** Added to the score of each class, by its place: what is common on one line and rare on another. */
  readonly bias?: readonly number[]
}

export interface KindredTask {
  readonly task: string
  readonly classes: number
  /** Of its labels, how many come. */
  readonly labelled: number
}

/** Two lines of 3 % that have little to learn from alone, and one of 13 % that the others would mislead. */
export const kindredLines: readonly KindredLine[] = [
  { line: 'most', share: 0.4, shared: 2.5 },
  { line: 'many', share: 0.25, shared: 2.5 },
  { line: 'some', share: 0.16, shared: 2.5 },
  { line: 'contrary', share: 0.13, shared: -2.5 },
  { line: 'rare', share: 0.03, shared: 2.5 },
  { line: 'rarer', share: 0.03, shared: 2.5 }
]

export const kindredTasks: readonly KindredTask[] = [
  { task: 'two', classes: 2, labelled: 1 },
  { task: 'three', classes: 3, labelled: 1 },
  { task: 'four', classes: 4, labelled: 0.5 }
]

export interface KindredPart {
  readonly line: string
  readonly features: Readonly<Record<string, number>>
  /** By task; those that do not come are not there. */
  readonly labels: Readonly<Record<string, string>>
}

const INPUTS = 6

/**
 * @example
 * ```ts
 * import { kindred } from '../src/simulate/kindred.ts'
 * const [part] = [...kindred(1, 1)]
 * Object.keys(part.features) // => ['x0', 'x1', 'x2', 'x3', 'x4', 'x5']
 * ```
 */
export function* kindred(
  seed: number,
  n: number,
  lines: readonly KindredLine[] = kindredLines,
  tasks: readonly KindredTask[] = kindredTasks
): Generator<KindredPart> {
  const truth = new Random(seed)
  const shared = tasks.map(({ classes }) => directions(truth, classes))
  const own = lines.map(() => tasks.map(({ classes }) => directions(truth, classes)))
  const random = new Random(seed + 1)
  for (let i = 0; i < n; i++) {
    const at = drawn(lines, random.next())
    const line = lines[at]!
    const x = Array.from({ length: INPUTS }, () => random.normal())
    const labels: Record<string, string> = {}
    tasks.forEach(({ task, classes, labelled }, t) => {
      const scores = Array.from({ length: classes }, (_, c) => {
        return line.shared * dot(shared[t]![c]!, x) + dot(own[at]![t]![c]!, x) + (line.bias?.[c] ?? 0) + gumbel(random)
      })
      if (random.next() < labelled) labels[task] = `class ${scores.indexOf(Math.max(...scores))}`
    })
    yield { line: line.line, features: Object.fromEntries(x.map((value, d) => [`x${d}`, value])), labels }
  }
}

function directions(random: Random, classes: number): number[][] {
  return Array.from({ length: classes }, () => {
    const w = Array.from({ length: INPUTS }, () => random.normal())
    const length = Math.sqrt(dot(w, w))
    return w.map(each => each / length)
  })
}

function dot(a: readonly number[], b: readonly number[]): number {
  return a.reduce((sum, each, d) => sum + each * b[d]!, 0)
}

/** Added to each score, it makes the largest a draw from their softmax. */
function gumbel(random: Random): number {
  return -log(-log(Math.max(1e-12, random.next())))
}

function drawn(lines: readonly KindredLine[], u: number): number {
  let sum = 0
  const at = lines.findIndex(({ share }) => {
    sum += share
    return u < sum
  })
  return at < 0 ? lines.length - 1 : at
}
