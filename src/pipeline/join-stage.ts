/** Observations, predictions and labels meet in the waiting room and become examples. */
import type { AnyEvent, Observation, Prediction } from '../events/event.ts'
import type { Left } from '../join/room.ts'
import { MAX_TASKS, Room, type RoomOptions, type RoomOutcome } from '../join/room.ts'
import type { Codec } from './codec.ts'
import type { Incoming } from './log.ts'
import type { Shards } from './shards.ts'
import type { Stage } from './stage.ts'
import type { Step } from './step.ts'

export interface JoinStageOptions extends RoomOptions {
  readonly codec: Codec
  readonly shards: Shards
  readonly labelDelay: (ms: number) => void
}

export class JoinStage implements Stage {
  readonly topics = ['observations', 'predictions', 'labels'] as const
  readonly room: Room
  readonly #options: JoinStageOptions

  constructor(options: JoinStageOptions) {
    this.room = new Room(options)
    this.#options = options
  }

  take(record: Incoming, { name, event }: AnyEvent, step: Step): void {
    const { codec } = this.#options
    if (name === 'observation') {
      const kept = codec.keep(name, event, record.value)
      this.#tell(this.room.observe(event.id, event.line, event.time, kept, record.timestamp), record, event.id, step)
    } else if (name === 'prediction')
      step.count(record.topic, counted(this.room.predict(event.observation, event.time, codec.keep(name, event, record.value))))
    else if (name === 'label') this.#tell(this.room.label(event, origin(record)), record, event.observation, step)
    this.#drain(step)
  }

  settle(step: Step, now: number, heard: number): void {
    this.room.tick(now, heard)
    this.#drain(step)
    for (const { key, value } of this.room.changes()) step.notes.push({ key: `join/${key}`, value })
  }

  #tell(outcome: RoomOutcome, record: Incoming, id: string, step: Step): void {
    if (outcome === 'contradicting') {
      step.reject(record, {
        code: 'observation-repeated',
        reason: `expected ${id} once, got it again with other content: the first stands`
      })
    } else if (outcome === 'expired') {
      step.reject(record, {
        code: 'label-expired',
        reason:
          record.topic === 'labels'
            ? `expected a label of a part still in the waiting room, got one of ${id}, which has left: see join.maxAgeHours`
            : `expected an observation no older than join.maxAgeHours, got ${id}: it can no longer be told from a repeat`
      })
    } else if (outcome === 'wrong-line') {
      step.reject(record, {
        code: 'label-contradicts-line',
        reason: `expected the label of ${id} to name the line that its observation names`
      })
    } else if (outcome === 'overflowed') {
      step.reject(record, {
        code: 'waiting-overflow',
        reason: `expected at most ${MAX_TASKS} tasks of ${id}, got more: send one label for each inspection`
      })
    } else step.count(record.topic, counted(outcome))
  }

  #drain(step: Step): void {
    for (const { observation, prediction, label } of this.room.ready()) {
      const seen = this.#decode(observation, 'observation') as Observation
      const served = prediction === null ? null : (this.#decode(prediction, 'prediction') as Prediction)
      const { labels, time, source } = label
      step.emit('examples', this.#options.shards.of(seen.line), 'example', {
        observation: seen,
        labels,
        labelTime: time,
        source,
        prediction: served
      })
      step.after(() => this.#options.labelDelay(Math.max(0, time - seen.time)))
    }
    for (const left of this.room.left()) this.#bury(left, step)
  }

  /** What leaves the room without becoming an example: counted, and its labels rejected whole. */
  #bury({ reason, id, observed, labels }: Left, step: Step): void {
    if (labels.length === 0) step.count(observed ? 'observations' : 'predictions', reason)
    for (const { label, origin } of labels) {
      const problem =
        reason === 'wrong-line'
          ? {
              code: 'label-contradicts-line' as const,
              reason: `expected the label of ${id} to name the line that its observation names, got ${label.line}`
            }
          : reason === 'overflowed'
            ? {
                code: 'waiting-overflow' as const,
                reason: `expected the observation ${id} before the waiting room was full: raise join.maxWaiting`
              }
            : { code: 'observation-never-seen' as const, reason: `expected the observation ${id} within join.maxAgeHours, it never came` }
      step.reject({ ...origin, value: this.#options.codec.encode('label', label) }, problem)
    }
  }

  #decode(bytes: Uint8Array, name: 'observation' | 'prediction'): Observation | Prediction {
    const decoded = this.#options.codec.decode(bytes)
    if ('code' in decoded || decoded.name !== name)
      throw new Error(`expected the ${name} that was let in, got ${'code' in decoded ? decoded.reason : decoded.name}`)
    return decoded.event as Observation | Prediction
  }
}

function counted(outcome: RoomOutcome): string {
  return outcome === 'waiting' || outcome === 'joined' ? 'taken' : outcome
}

function origin({ topic, partition, offset, timestamp }: Incoming): {
  topic: string
  partition: number
  offset: number
  timestamp: number
} {
  return { topic, partition, offset, timestamp }
}
