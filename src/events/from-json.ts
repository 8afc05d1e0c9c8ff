/**
 * Posted JSON becomes an event. The shape alone is judged here, every problem at once; `check` judges the rest, the same
 * for an event that came as Avro.
 */
import type { BankOpinion, Events, Example, Label, Observation, Prediction, TaskPrediction } from './event.ts'
import { feature, finite, list, map, optional, record, type Shape, text, time, whole } from './json-shape.ts'

export type JsonEventName = 'observation' | 'label' | 'example'

/** The event, or everything that is wrong with the value, each with its path. */
export type FromJson<N extends JsonEventName> = { readonly event: Events[N] } | { readonly problems: readonly string[] }

const observation = record<Observation>({
  id: text,
  line: text,
  station: optional(text),
  product: optional(text),
  time,
  features: map(feature)
})

const label = record<Label>({ observation: text, line: text, time, source: optional(text), labels: map(text) })

const bank = record<BankOpinion>({ bank: text, weight: finite, opinion: list(finite), shares: orEmpty(list(finite)) })

const task = record<TaskPrediction>({
  task: text,
  classes: list(text),
  probabilities: list(finite),
  chosen: text,
  set: orEmpty(list(text)),
  banks: orEmpty(list(bank))
})

const prediction = record<Prediction>({
  observation: text,
  line: text,
  time,
  learned: whole,
  fold: whole,
  tasks: list(task),
  station: optional(text)
})

/** As an example is posted: a label known when its observation was seen needs no time of its own. */
const example = record<Omit<Example, 'labelTime'> & { readonly labelTime: number | null }>({
  observation,
  labels: map(text),
  labelTime: optional(time),
  source: optional(text),
  prediction: optional(prediction)
})

const shapes: { readonly [N in JsonEventName]: Shape<Events[N]> } = {
  observation,
  label,
  example: (value, path, problems) => {
    const posted = example(value, path, problems)
    return posted === undefined ? undefined : { ...posted, labelTime: posted.labelTime ?? posted.observation.time }
  }
}

/**
 * Reads a parsed JSON value as an event. `time` and `labelTime` may be milliseconds since 1970 or ISO 8601 with a zone;
 * fields that may be null may be left out; an example without `labelTime` takes its observation's time; unknown keys are
 * refused.
 *
 * @example
 * ```ts
 * import { fromJson } from '../src/events/from-json.ts'
 * const label = fromJson('label', { observation: 'part-1', line: 'a', time: '2026-03-14T09:26:53Z', labels: { fault: 'scratch' } })
 * 'event' in label && label.event.time // => 1773480413000
 * fromJson('label', []) // => { problems: ['expected an object, got an array of 0'] }
 * ```
 */
export function fromJson<N extends JsonEventName>(name: N, value: unknown): FromJson<N> {
  const problems: string[] = []
  const event = shapes[name](value, '', problems)
  return event === undefined ? { problems } : { event }
}

function orEmpty<T>(shape: Shape<readonly T[]>): Shape<readonly T[]> {
  return (value, path, problems) => (value === undefined ? [] : shape(value, path, problems))
}
