/** One part explained: what each of its features did to the answer, against a typical part of its line. */
import type { FeatureValue, Observation } from '../events/event.ts'
import { logOdds, pushesOf } from '../learner/explanation.ts'
import type { Learner } from '../learner/learner.ts'
import type { ExplainedPart, KnownPart } from './board.ts'

/** Predictions that one explanation may cost: at 0.2 ms each the loop waits 0.1 s at most. */
const MOST_ASKED = 500
const MOST_PAIRS = 4

/**
 * Why `task` was answered as it is now for this part. The class explained is the likeliest defect, or the chosen one; its rival is
 * the likeliest of the others. Null where the state knows no such task or only one class. Changes nothing.
 */
export function explain(
  learner: Pick<Learner, 'predict' | 'learned'>,
  part: KnownPart,
  typical: { readonly of: number; readonly features: Readonly<Record<string, FeatureValue>> },
  task: string | null
): ExplainedPart | null {
  const seen: Observation = { ...part, id: part.observation }
  const prediction = learner.predict(seen)
  const said = task === null ? prediction.tasks[0] : prediction.tasks.find(each => each.task === task)
  if (said === undefined || said.classes.length < 2) return null
  const chosen = said.classes.indexOf(said.chosen)
  const rival = said.probabilities.reduce((best, p, c) => (c !== chosen && (best < 0 || p > said.probabilities[best]!) ? c : best), -1)
  // What is the same as in a typical part pushes nowhere, and need not be asked.
  const names = [...new Set([...Object.keys(part.features), ...Object.keys(typical.features)])]
  const moving = names.filter(name => (part.features[name] ?? null) !== (typical.features[name] ?? null))
  const score = (moved: ReadonlySet<string>): number => {
    const features = Object.fromEntries(names.map(name => [name, (moved.has(name) ? part : typical).features[name] ?? null]))
    const { probabilities, classes } = learner.predict({ ...seen, features }).tasks.find(each => each.task === said.task)!
    return logOdds(probabilities[classes.indexOf(said.chosen)] ?? 0, probabilities[rival] ?? 0)
  }
  const pairs = Math.max(1, Math.min(MOST_PAIRS, Math.floor(MOST_ASKED / (2 * Math.max(1, moving.length)))))
  const { base, total, pushes } = pushesOf(moving, score, pairs)
  return {
    part,
    task: said.task,
    classes: said.classes,
    class: said.chosen,
    rival: said.classes[rival]!,
    base,
    total,
    pushes: moving
      .map((feature, i) => ({
        feature,
        value: part.features[feature] ?? null,
        typical: typical.features[feature] ?? null,
        push: pushes[i]!
      }))
      .sort((a, b) => Math.abs(b.push) - Math.abs(a.push)),
    learned: prediction.learned,
    typicalOf: typical.of,
    banks: said.banks,
    probabilities: said.probabilities
  }
}
