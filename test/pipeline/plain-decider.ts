/** A decider without promises, costs and memory, for pipelines whose decisions are not looked at. */
import type { Watching } from '../../src/pipeline/watching.ts'

/** Flags whatever is chosen and is not one of the classes of good parts. */
export function openPlainDecider(good: readonly string[]): Watching {
  const isDefect = (_task: string, name: string): boolean => !good.includes(name)
  return {
    knows: () => false,
    decide: ({ observation, line, station, time, learned, tasks }) =>
      tasks.map(({ task, classes, probabilities, chosen }) => {
        const flagged = isDefect(task, chosen)
        const probability = probabilities[classes.indexOf(chosen)] ?? 0
        return {
          observation,
          line,
          station,
          time,
          learned,
          task,
          probability,
          action: flagged ? 'flag' : 'pass',
          class: flagged ? chosen : null
        }
      }),
    learn() {},
    isDefect,
    changes: () => [],
    load() {}
  }
}
