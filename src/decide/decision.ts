/**
 * What a decision is: policy applied to a prediction. A prediction says how likely each class is and nothing of what to do;
 * everything a plant wants (what a miss costs, what was promised, who may look at parts) stands here and changes no prediction.
 */
import type { TaskPrediction } from '../events/event.ts'

export type { Decision } from '../events/event.ts'

/** What is said of a part before anyone looks at it: the classes known then, what is reported of each, and the chosen one. */
export type Stated = Pick<TaskPrediction, 'task' | 'classes' | 'probabilities' | 'chosen'>

/** The reported probability of a class, 0 where it was not known. */
export function reportedOf({ classes, probabilities }: Pick<Stated, 'classes' | 'probabilities'>, name: string): number {
  const at = classes.indexOf(name)
  return at < 0 ? 0 : probabilities[at]!
}
