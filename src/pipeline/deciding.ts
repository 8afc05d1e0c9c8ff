/** The decider as the watch asks it: what is worth keeping of its decisions goes to topic `decisions`, plain passes are only counted. */
import type { Decider } from '../decide/decider.ts'
import type { Decision } from '../events/event.ts'
import type { Watching } from './watching.ts'

export function openDeciding(decider: Decider): Watching<Decision> {
  return {
    knows: observation => decider.knows(observation),
    decide: prediction => decider.decide(prediction),
    learn: example => decider.learn(example),
    tell(decision, step) {
      if (decision.action === 'pass' && !decision.inspect) return
      step.emit('decisions', decision.line, 'decision', decision)
      if (decision.inspect) step.count('decisions', 'inspect')
    },
    isDefect: (task, name) => decider.isDefect(task, name),
    changes: () => [...decider.changes()],
    load: (key, saved) => decider.load(key, saved),
    restored: () => decider.restored(),
    inspections: (limit, line) => decider.inspections(limit, line),
    report: () => decider.report()
  }
}
