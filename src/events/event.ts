/**
 * What travels through Andon. Each type has its Avro schema of the same name in `schemas/`, where every field is
 * documented; times are milliseconds since 1970 in UTC.
 */

/** A number, a category, or missing. */
export type FeatureValue = number | string | null

/** One part or cycle as the sensors saw it. */
export interface Observation {
  readonly id: string
  readonly line: string
  readonly station: string | null
  readonly product: string | null
  readonly time: number
  readonly features: Readonly<Record<string, FeatureValue>>
}

/** An inspection's result for any subset of the tasks: task → class. A person stands in `source` only as a keyed hash. */
export interface Label {
  readonly observation: string
  readonly line: string
  readonly time: number
  readonly source: string | null
  readonly labels: Readonly<Record<string, string>>
}

/** What one bank said, how much it weighed and how it shared the example among its experts. */
export interface BankOpinion {
  readonly bank: string
  readonly weight: number
  readonly opinion: readonly number[]
  readonly shares: readonly number[]
}

/** The served distribution for one task; `opinion` and `probabilities` are in the order of `classes`. */
export interface TaskPrediction {
  readonly task: string
  readonly classes: readonly string[]
  readonly probabilities: readonly number[]
  readonly chosen: string
  readonly set: readonly string[]
  readonly banks: readonly BankOpinion[]
}

/** What was served for an observation. Its identity is the observation's, so that a repeat can be dropped. */
export interface Prediction {
  readonly observation: string
  readonly line: string
  readonly time: number
  /** Number of examples the state behind it had learned. */
  readonly learned: number
  /** Version of the fold that made it. */
  readonly fold: number
  readonly tasks: readonly TaskPrediction[]
  readonly station: string | null
}

/** A labelled defect event, in the order it is learned. */
export interface Example {
  readonly observation: Observation
  readonly labels: Readonly<Record<string, string>>
  readonly labelTime: number
  readonly source: string | null
  /** The prediction as it was served; null where the example came labelled. */
  readonly prediction: Prediction | null
}

/** A decision from outside the fold, in the same partition as the examples so that its order is defined. */
export interface Control {
  readonly id: string
  readonly time: number
  /** `effort` caps the learning steps per example at `value`; `drift` tells of a change seen without labels, by `value` parts. */
  readonly kind: 'effort' | 'drift'
  readonly task: string | null
  readonly value: number
  /** Null of any kind but `drift`. */
  readonly drift: DriftSeen | null
}

/** Ids of the controls that the pipeline decides on by itself, under load, begin with this; those of people do not. */
export const LOAD = 'load-'

export function isUnderLoad({ kind, id }: Pick<Control, 'kind' | 'id'>): boolean {
  return kind === 'effort' && id.startsWith(LOAD)
}

/** A change of what comes in or of what is said of it, seen without labels. */
export interface DriftSeen {
  readonly domain: string
  /** The mean of a feature, the entropy of gates, or the rate at which a class is predicted. */
  readonly what: 'input' | 'gate' | 'rate'
  readonly class: string | null
  readonly feature: string | null
  /** Event time of the first part since the change. */
  readonly since: number
  readonly from: number
  readonly to: number
  readonly seen: number
}

/** Something that happened to the model, in the past tense. */
export interface Signal {
  readonly id: string
  readonly time: number
  readonly kind: SignalKind
  readonly domain: string | null
  readonly task: string | null
  readonly class: string | null
  readonly bank: string | null
  readonly expert: number | null
  readonly value: number | null
  readonly learned: number
  readonly message: string
}

export const signalKinds = [
  'task-appeared',
  'class-appeared',
  'domain-appeared',
  'feature-appeared',
  'domain-overflowed',
  'task-overflowed',
  'class-overflowed',
  'feature-overflowed',
  'category-overflowed',
  'knots-refitted',
  'label-corrected',
  'bank-restarted',
  'drift-detected',
  'drift-suspected',
  'drift-ended',
  'expert-unstable',
  'expert-stable',
  'effort-capped'
] as const
export type SignalKind = (typeof signalKinds)[number]

/** What was decided about one task of a part, by policy, from its prediction. */
export interface Decision {
  readonly observation: string
  readonly line: string
  readonly time: number
  readonly task: string
  readonly action: 'pass' | 'flag' | 'abstain'
  /** The class it is flagged as; null on pass and abstain. */
  readonly class: string | null
  /** Reported probability of that class, or of the chosen one. */
  readonly probability: number
  /** The chosen class and those that a promise cannot rule out. */
  readonly set: readonly string[]
  /** Sent to inspection. */
  readonly inspect: boolean
  /** Probability with which it was sent: 1 where it had to be, 0 where it could not. */
  readonly propensity: number
  /** One sentence. */
  readonly reason: string
  /** Version of the state that predicted: number of examples it had learned. */
  readonly learned: number
  readonly station: string | null
}

/** Stands for the line of what is about no single one. */
export const ALL_LINES = '*'

/** What an operator must see: one step of an alert's life. */
export interface Alert {
  readonly id: string
  readonly time: number
  /** `ALL_LINES` where it is about all of them. */
  readonly line: string
  readonly kind: 'raised' | 'escalated' | 'downgraded' | 'acknowledged' | 'cleared'
  readonly severity: 'information' | 'warning' | 'critical'
  readonly rule: string
  readonly observation: string | null
  readonly task: string | null
  readonly class: string | null
  readonly message: string
  readonly station: string | null
  /** Of one cause one alert is open at a time; null before version 2 of the event. */
  readonly cause: string | null
  /** Who acknowledged it; null where nobody did or nobody is known. */
  readonly by: string | null
  readonly value: number | null
  /** Records that spoke for it since it was raised. */
  readonly count: number
  /** Raised in trial mode: no sink is told of it. */
  readonly trial: boolean
}

export const rejectionCodes = [
  'too-long',
  'unknown-schema',
  'incompatible-schema',
  'truncated',
  'trailing-bytes',
  'malformed',
  'wrong-event',
  'not-finite',
  'time-out-of-range',
  'bad-name',
  'unknown-line',
  'unknown-task',
  'unknown-class',
  'too-many-features',
  'no-labels',
  'label-expired',
  'observation-repeated',
  'label-contradicts-line',
  'waiting-overflow',
  'observation-never-seen'
] as const
export type RejectionCode = (typeof rejectionCodes)[number]

/** A record that could not be used, whole up to a limit, with the reason. */
export interface Rejection {
  readonly code: RejectionCode
  readonly reason: string
  readonly topic: string
  readonly partition: number
  readonly offset: number
  readonly time: number
  readonly length: number
  /** Hexadecimal SHA-256 of the whole record. */
  readonly sha256: string
  readonly truncated: boolean
  readonly value: Uint8Array
}

/** Every event by the name of its schema. */
export interface Events {
  readonly observation: Observation
  readonly label: Label
  readonly example: Example
  readonly control: Control
  readonly prediction: Prediction
  readonly decision: Decision
  readonly alert: Alert
  readonly signal: Signal
  readonly rejection: Rejection
}
export type EventName = keyof Events
/** An event with the name of its schema. */
export type AnyEvent = { readonly [N in EventName]: { readonly name: N; readonly event: Events[N] } }[EventName]

/** The topics, and which events each may carry. */
export const topics = {
  observations: ['observation'],
  labels: ['label'],
  examples: ['example', 'control'],
  predictions: ['prediction'],
  decisions: ['decision'],
  alerts: ['alert'],
  signals: ['signal'],
  rejects: ['rejection']
} as const satisfies Record<string, readonly EventName[]>
export type Topic = keyof typeof topics
