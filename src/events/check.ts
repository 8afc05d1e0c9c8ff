/**
 * What a decoded event has to fulfil before it may enter: finite numbers, a believable time, usable names, and the
 * policy for lines, tasks and classes. The first problem found is told; the fold never sees an event that has one.
 */
import type { DriftSeen, EventName, Events, Label, Observation, RejectionCode } from './event.ts'
import { categoryProblem, nameProblem } from './names.ts'
import { predictionProblem } from './prediction-check.ts'
import { shown } from './shown.ts'

/** Why an event is refused: what was expected, what came. */
export interface Problem {
  readonly code: RejectionCode
  readonly reason: string
}

export interface Policy {
  /** How far a time may lie ahead of `now`, in milliseconds: clocks of machines differ. */
  readonly maxSkewMs: number
  readonly maxFeatures: number
  /** The lines there are; absent: any. */
  readonly lines?: readonly string[] | undefined
  /** The tasks there are, each with its classes or `any`; absent: any. */
  readonly tasks?: Readonly<Record<string, readonly string[] | 'any'>> | undefined
  /** The classes of a task where any task may come; a task not named may have any. */
  readonly classes?: Readonly<Record<string, readonly string[]>> | undefined
}

/** A policy at a moment: `now` is when the log took the record, in milliseconds since 1970. */
export interface PolicyAt extends Policy {
  readonly now: number
}

/** 2000-01-01T00:00:00Z: an earlier time is a clock that was never set. */
export const EARLIEST = 946_684_800_000

/**
 * The first problem of an event; null when it may enter. `policy.now` is when the log took the record, not the reader's
 * clock, so that a record read again is judged alike.
 *
 * @example
 * ```ts
 * import { check } from '../src/events/check.ts'
 * const now = 1773480413000
 * const policy = { maxSkewMs: 60000, maxFeatures: 100, now }
 * const observation = { id: 'part-1', line: 'a', station: null, product: null, time: now, features: { torque: 41.5 } }
 * check('observation', observation, policy) // => null
 * check('observation', { ...observation, features: { torque: NaN } }, policy)?.code // => 'not-finite'
 * ```
 */
export function check<N extends EventName>(name: N, event: Events[N], policy: PolicyAt): Problem | null
export function check(name: EventName, event: Events[EventName], policy: PolicyAt): Problem | null {
  switch (name) {
    case 'observation':
      return checkObservation(event as Observation, policy)
    case 'label':
      return checkLabel(event as Label, policy)
    case 'example':
      return checkExample(event as Events['example'], policy)
    case 'prediction':
      return checkPrediction(event as Events['prediction'], policy)
    case 'control':
      return checkControl(event as Events['control'], policy)
    case 'decision':
    case 'alert':
    case 'signal':
    case 'rejection':
      return timeProblem('time', (event as Events['decision' | 'alert' | 'signal' | 'rejection']).time, policy)
  }
}

function checkObservation(o: Observation, policy: PolicyAt): Problem | null {
  const named = badName('id', o.id) ?? badName('line', o.line) ?? optionalName('station', o.station) ?? optionalName('product', o.product)
  return named ?? timeProblem('time', o.time, policy) ?? lineProblem(o.line, policy) ?? featuresProblem(o.features, policy)
}

function checkLabel(label: Label, policy: PolicyAt): Problem | null {
  const named = badName('observation', label.observation) ?? badName('line', label.line) ?? optionalName('source', label.source)
  return named ?? timeProblem('time', label.time, policy) ?? lineProblem(label.line, policy) ?? labelsProblem(label.labels, policy)
}

function checkExample(example: Events['example'], policy: PolicyAt): Problem | null {
  const { observation, prediction } = example
  const own =
    checkObservation(observation, policy) ??
    labelsProblem(example.labels, policy) ??
    timeProblem('labelTime', example.labelTime, policy) ??
    optionalName('source', example.source)
  if (own !== null || prediction === null) return own
  if (prediction.observation !== observation.id || prediction.line !== observation.line)
    return malformed(
      `expected the prediction of ${shown(observation.id)} on ${shown(observation.line)}, got that of ${shown(prediction.observation)} on ${shown(prediction.line)}`
    )
  return checkPrediction(prediction, policy)
}

function checkPrediction(prediction: Events['prediction'], policy: PolicyAt): Problem | null {
  const { observation, line, station, time } = prediction
  const named = badName('observation', observation) ?? badName('line', line) ?? optionalName('station', station)
  return named ?? timeProblem('time', time, policy) ?? predictionProblem(prediction)
}

function checkDrift({ domain, class: name, feature, what, since, from, to, seen }: DriftSeen, policy: PolicyAt): Problem | null {
  // A domain is made of up to several names, and may be empty.
  if (domain.length > 1000) return malformed(`drift.domain: expected at most 1000 characters, got ${domain.length}`)
  const named = optionalName('drift.class', name) ?? optionalName('drift.feature', feature) ?? timeProblem('drift.since', since, policy)
  if (named !== null) return named
  if (what !== 'input' && what !== 'gate' && what !== 'rate')
    return malformed(`drift.what: expected input, gate or rate, got ${JSON.stringify(what)}`)
  for (const value of [from, to])
    if (!Number.isFinite(value)) return { code: 'not-finite', reason: `drift: expected finite numbers, got ${value}` }
  return seen >= 0 ? null : malformed(`drift.seen: expected 0 or more, got ${seen}`)
}

function checkControl(control: Events['control'], policy: PolicyAt): Problem | null {
  const named = badName('id', control.id) ?? optionalName('task', control.task) ?? timeProblem('time', control.time, policy)
  if (named !== null) return named
  if (!Number.isFinite(control.value)) return { code: 'not-finite', reason: `value: expected a finite number, got ${control.value}` }
  if ((control.kind === 'drift') !== (control.drift !== null))
    return malformed(
      `drift: expected what was seen where the kind is drift and null elsewhere, got ${control.drift === null ? 'null' : 'one'}`
    )
  const problem = control.drift === null ? null : checkDrift(control.drift, policy)
  if (problem !== null) return problem
  return control.value >= 0 ? null : malformed(`value: expected 0 or more, got ${control.value}`)
}

function featuresProblem(features: Observation['features'], policy: Policy): Problem | null {
  const names = Object.keys(features)
  if (names.length > policy.maxFeatures)
    return { code: 'too-many-features', reason: `features: expected at most ${policy.maxFeatures}, got ${names.length}` }
  for (const name of names) {
    const named = badName('feature', name)
    if (named !== null) return named
    const value = features[name]
    if (typeof value === 'number') {
      if (!Number.isFinite(value)) return { code: 'not-finite', reason: `feature ${shown(name)}: expected a finite number, got ${value}` }
    } else if (typeof value === 'string') {
      const wrong = categoryProblem(value)
      if (wrong !== null) return { code: 'bad-name', reason: `category of feature ${shown(name)}: ${wrong}` }
    }
  }
  return null
}

function labelsProblem(labels: Label['labels'], policy: Policy): Problem | null {
  const tasks = Object.keys(labels)
  if (tasks.length === 0) return { code: 'no-labels', reason: 'labels: expected the class of at least one task, got none' }
  for (const task of tasks) {
    const named = badName('task', task) ?? badName(`class of task ${shown(task)}`, labels[task]!)
    if (named !== null) return named
    const known: Readonly<Record<string, readonly string[] | 'any'>> = policy.tasks ?? policy.classes ?? {}
    const classes = Object.hasOwn(known, task) ? known[task]! : policy.tasks === undefined ? 'any' : null
    if (classes === null)
      return { code: 'unknown-task', reason: `expected one of the tasks ${some(Object.keys(known))}, got ${shown(task)}` }
    if (classes !== 'any' && !classes.includes(labels[task]!))
      return {
        code: 'unknown-class',
        reason: `task ${shown(task)}: expected one of the classes ${some(classes)}, got ${shown(labels[task])}`
      }
  }
  return null
}

function lineProblem(line: string, policy: Policy): Problem | null {
  if (policy.lines === undefined || policy.lines.includes(line)) return null
  return { code: 'unknown-line', reason: `expected one of the lines ${some(policy.lines)}, got ${shown(line)}` }
}

function timeProblem(field: string, time: number, policy: PolicyAt): Problem | null {
  const latest = policy.now + policy.maxSkewMs
  if (time >= EARLIEST && time <= latest && Number.isInteger(time)) return null
  return {
    code: 'time-out-of-range',
    reason: `${field}: expected whole milliseconds since 1970 from ${EARLIEST} (the year 2000) to ${latest} (${policy.maxSkewMs} ms ahead of the log's clock), got ${time}`
  }
}

function badName(field: string, name: string): Problem | null {
  const wrong = nameProblem(name)
  return wrong === null ? null : { code: 'bad-name', reason: `${field}: ${wrong}` }
}

function optionalName(field: string, name: string | null): Problem | null {
  return name === null ? null : badName(field, name)
}

function malformed(reason: string): Problem {
  return { code: 'malformed', reason }
}

/** The first few of a list that may be long. */
function some(names: readonly string[]): string {
  const few = names.slice(0, 8).map(shown).join(', ')
  return names.length > 8 ? `${few}, … (${names.length} in all)` : few || '(none)'
}
