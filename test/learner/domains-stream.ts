/** Kindred lines as examples: six of 40, 25, 16, 13, 3 and 3 %, three tasks of 2, 3 and 4 classes, the last labelled half the time. */
import type { Example } from '../../src/events/event.ts'
import { type KindredLine, type KindredTask, kindred } from '../../src/simulate/kindred.ts'
import { example, observation } from './stream.ts'

/** `n` examples; the same seed gives the same. */
export function domains(seed: number, n: number, lines?: readonly KindredLine[], tasks?: readonly KindredTask[]): Example[] {
  return [...kindred(seed, n, lines, tasks)].map(({ line, features, labels }, i) => example(observation(i, features, line), labels))
}
