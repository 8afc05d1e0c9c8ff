/**
 * Under which subject a schema stands at the registry.
 *
 *     topic          {topic}-value                     observations-value
 *     topicRecord    {topic}-{full name of the record}  observations-andon.Observation
 *     record         {full name of the record}          andon.Observation
 *
 * A topic that carries several events cannot have one subject for all of them: there `topic` means `topicRecord`.
 */
import { type EventName, type Topic, topics } from '../../events/event.ts'

export const namings = ['topic', 'topicRecord', 'record'] as const
export type Naming = (typeof namings)[number]

/**
 * The subject of an event's schema.
 *
 * @example
 * ```ts
 * import { subjectOf } from '../src/adapter/registry/subjects.ts'
 * subjectOf('label', 'topic') // => 'labels-value'
 * subjectOf('control', 'topic') // => 'examples-andon.Control'
 * subjectOf('label', 'record') // => 'andon.Label'
 * ```
 */
export function subjectOf(event: EventName, naming: Naming): string {
  const record = `andon.${event[0]!.toUpperCase()}${event.slice(1)}`
  const [topic, carried] = (Object.entries(topics) as [Topic, readonly EventName[]][]).find(([, names]) => names.includes(event))!
  if (naming === 'record') return record
  return naming === 'topic' && carried.length === 1 ? `${topic}-value` : `${topic}-${record}`
}
