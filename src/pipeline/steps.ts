/** A batch of the log becomes steps: its records are taken through the stages, in their order, as many a step as there is time for. */
import { setImmediate } from 'node:timers/promises'
import type { AnyEvent, Topic } from '../events/event.ts'
import type { Codec, Undecodable } from './codec.ts'
import type { Heard } from './heard.ts'
import type { Incoming, Position } from './log.ts'
import type { Stage } from './stage.ts'
import { Step } from './step.ts'
import type { Tallies } from './tallies.ts'

export interface StepsOptions {
  readonly codec: Codec
  readonly stages: readonly Stage[]
  /** Topics whose unusable records are rejected here. */
  readonly rejects: readonly Topic[]
  readonly heard: Heard
  readonly tallies: Tallies
  /** Milliseconds since 1970. */
  readonly clock: () => number
  /** Milliseconds with fractions, for durations. */
  readonly stopwatch: () => number
  /** A step begins. */
  readonly begun: () => void
}

/** Records in the order of the log, each with its event or why it is none. */
export type Read = readonly (readonly [record: Incoming, event: AnyEvent | Undecodable])[]

/** A step ends after so long though more has come, so that nobody waits for much more than his own record. */
const STEP_MS = 200
/** How long is folded until others have their turn. */
const TURN_MS = 20

/** Each step with the positions behind what it has taken. It is to be committed before the next is asked for. */
export async function* stepsOf(read: Read, options: StepsOptions): AsyncGenerator<readonly [step: Step, positions: readonly Position[]]> {
  const { codec, stages, heard, tallies, clock, begun } = options
  let taken = 0
  do {
    begun()
    const step = new Step(codec, (topic, outcome) => tallies.add(topic, outcome))
    const from = taken
    taken = await take(read, from, step, options)
    for (const stage of stages) stage.settle(step, clock(), heard.until)
    yield [step, behind(read.slice(from, taken))]
  } while (taken < read.length)
}

/** Takes records until the step is at its end. Returns the place of the first that is left. */
async function take(read: Read, from: number, step: Step, { stages, rejects, heard, stopwatch }: StepsOptions): Promise<number> {
  const end = stopwatch() + STEP_MS
  let turn = stopwatch() + TURN_MS
  for (let i = from; i < read.length; i++) {
    const [record, event] = read[i]!
    const topic = record.topic as Topic
    if (topic === 'predictions') heard.took(record)
    const mine = stages.filter(stage => stage.topics.includes(topic))
    if ('code' in event) {
      if (rejects.includes(topic)) step.reject(record, event)
      for (const stage of mine) stage.skip?.(record)
    } else for (const stage of mine) stage.take(record, event, step)
    const now = stopwatch()
    if (now >= end) return i + 1
    if (now < turn) continue
    await setImmediate()
    turn = stopwatch() + TURN_MS
  }
  return read.length
}

/** Where to read on after these records. */
function behind(read: Read): Position[] {
  const positions = new Map<string, Position>()
  for (const [{ topic, partition, offset }] of read) positions.set(`${topic}/${partition}`, { topic, partition, offset: offset + 1 })
  return [...positions.values()]
}
