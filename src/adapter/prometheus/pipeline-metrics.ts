/** The metrics of the flow: what came, what waits, how long it took, what is kept. */
import { signalKinds, topics } from '../../events/event.ts'
import { type Metric, other, pooled, type Sample } from './metric.ts'

/** What may become of an event, each with its meaning. */
export const outcomes = {
  taken: 'used, or waiting to be',
  predicted: 'an observation predicted by who only predicts',
  learned: 'an example learned',
  rejected: 'written to rejects with the reason',
  repeated: 'known already, nothing changed',
  corrected: 'replaced what was known',
  superseded: 'older than what is known, nothing changed',
  expired: 'too old to tell whether it is known',
  control: 'a decision from outside, carried out',
  unlabelled: 'an observation that left the waiting room without a label',
  'never-seen': 'what waited for an observation that never came',
  overflowed: 'left the full waiting room early, or lies beyond a limit of the learner'
} as const
/** The parts whose cost is told. */
export const parts = ['predict', 'learn', 'single'] as const

const among = (list: readonly string[], name: string) => (list.includes(name) ? name : other)
const topicOf = (name: string) => among(Object.keys(topics), name)
const one = (value: number | null): readonly Sample[] => [[[], value]]

const second = 1000
const hour = 3600

export const pipelineMetrics: readonly Metric[] = [
  {
    name: 'ready',
    type: 'gauge',
    labels: [],
    help: '1 when the pipeline takes events and keeps up, else 0.',
    read: ({ status }) => one(status.ready ? 1 : 0)
  },
  {
    name: 'start_time_seconds',
    type: 'gauge',
    labels: [],
    help: 'When the pipeline started, seconds since 1970.',
    read: ({ status }) => one(status.startedAt / second)
  },
  {
    name: 'events_total',
    type: 'counter',
    labels: ['topic', 'outcome'],
    help: 'Events by topic and by what became of them.',
    read: ({ status }) =>
      pooled(
        status.events
          .filter(({ topic }) => topic !== 'signals')
          .map(({ topic, outcome, count }) => [[topicOf(topic), among(Object.keys(outcomes), outcome)], count]),
        0,
        Number.POSITIVE_INFINITY
      )
  },
  {
    name: 'signals_total',
    type: 'counter',
    labels: ['signal'],
    help: 'Signals by what happened to the model; 0 of what has not happened, so that the first one is an increase.',
    read: ({ status }) =>
      signalKinds.map(kind => [[kind], status.events.find(({ topic, outcome }) => topic === 'signals' && outcome === kind)?.count ?? 0])
  },
  {
    name: 'label_delay_seconds',
    type: 'histogram',
    labels: [],
    help: 'Time from an observation to its label, by the times the events carry; a label before its observation counts as 0.',
    timing: 'labelDelay',
    buckets: [1, 10, 60, 600, hour, 4 * hour, 12 * hour, 24 * hour, 72 * hour, 168 * hour, 336 * hour, 672 * hour]
  },
  {
    name: 'predict_duration_seconds',
    type: 'histogram',
    labels: [],
    help: 'Time to predict one observation.',
    timing: 'predictMs',
    buckets: [0.00005, 0.0001, 0.00025, 0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.1, 1]
  },
  {
    name: 'learn_duration_seconds',
    type: 'histogram',
    labels: [],
    help: 'Time to judge and learn one example.',
    timing: 'learnMs',
    buckets: [0.0001, 0.00025, 0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.1, 1]
  },
  {
    name: 'position_offset',
    type: 'gauge',
    labels: ['topic', 'partition'],
    help: 'The first record of a partition not yet taken.',
    read: ({ status }) => status.positions.map(({ topic, partition, offset }) => [[topicOf(topic), String(partition)], offset])
  },
  {
    name: 'lag_records',
    type: 'gauge',
    labels: ['topic'],
    help: 'Records written and not yet taken.',
    read: ({ status }) =>
      pooled(
        Object.entries(status.lag).map(([topic, count]) => [[topicOf(topic)], count]),
        0,
        Number.POSITIVE_INFINITY
      )
  },
  {
    name: 'following_behind_examples',
    type: 'gauge',
    labels: ['shard'],
    help: 'Examples that the state a predictor follows is behind the log; absent before a state came, and of who follows none.',
    read: ({ status }) => (status.following ?? []).map(({ shard, behind }) => [[shard], behind])
  },
  {
    name: 'following_age_seconds',
    type: 'gauge',
    labels: ['shard'],
    help: 'Time since the state that a predictor follows was published.',
    read: ({ status, now }) => (status.following ?? []).map(({ shard, publishedAt }) => [[shard], Math.max(0, now - publishedAt) / second])
  },
  {
    name: 'waiting_observations',
    type: 'gauge',
    labels: [],
    help: 'Observations that wait for a label.',
    read: ({ status }) => one(status.waiting.observations)
  },
  {
    name: 'waiting_labels',
    type: 'gauge',
    labels: [],
    help: 'Labels that wait for their observation.',
    read: ({ status }) => one(status.waiting.labels)
  },
  {
    name: 'snapshot_age_seconds',
    type: 'gauge',
    labels: [],
    help: 'Time since this process wrote the newest snapshot; absent before it wrote one.',
    read: ({ status, now }) =>
      one(status.snapshot === null || status.snapshot.at === 0 ? null : Math.max(0, now - status.snapshot.at) / second)
  },
  {
    name: 'snapshot_bytes',
    type: 'gauge',
    labels: [],
    help: 'Size of the newest snapshot.',
    read: ({ status }) => one(status.snapshot?.bytes ?? null)
  },
  {
    name: 'snapshot_learned_examples',
    type: 'gauge',
    labels: [],
    help: 'Examples learned by the state in the newest snapshot.',
    read: ({ status }) => one(status.snapshot?.learned ?? null)
  },
  {
    name: 'event_cpu_seconds',
    type: 'gauge',
    labels: ['part'],
    help: 'Mean CPU time of an event by part; single is the single model kept for comparison.',
    read: ({ status }) =>
      pooled(
        Object.entries(status.costs).map(([part, microseconds]) => [[among(parts, part)], microseconds / 1e6]),
        0,
        Number.POSITIVE_INFINITY
      )
  }
]
