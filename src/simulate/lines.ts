/**
 * Simulated lines as a stream of events in the order of time, without end. The same options give the same events; what is
 * asked of labels changes no part, and one more line changes none of the others' parts.
 */
import type { Label, Observation } from '../events/event.ts'
import { Random } from '../numeric/random.ts'
import { Machine, type Mode, modes, type Part } from './ai4i.ts'
import { type SimulatedTask, type SimulationOptions, simulationOptions } from './options.ts'
import { Soonest } from './soonest.ts'

/** An event and when it is published, milliseconds since 1970: whoever publishes it keeps the pace. */
export interface TimedEvent {
  readonly at: number
  readonly event: { readonly name: 'observation'; readonly event: Observation } | { readonly name: 'label'; readonly event: Label }
}

/** What has been made so far, for whoever checks a learner or a joiner against it. */
export interface SimulatedTruth {
  readonly parts: number
  /** Parts that failed in at least one mode. */
  readonly failures: number
  /** Parts by mode; one that fails in two counts in both. */
  readonly byMode: Readonly<Record<Mode, number>>
  /** Labels given out, repeats and corrections included. */
  readonly labels: number
  readonly duplicates: number
  readonly contradictions: number
  readonly late: number
  /** Parts that will never be labelled. */
  readonly unlabelled: number
  /** Labels still to come. */
  readonly pending: number
}

interface Line {
  readonly name: string
  readonly machine: Machine
  /** Chance of the labels, apart from that of the parts. */
  readonly chance: Random
  readonly offsetMs: number
}

/**
 * Lines of the AI4I 2020 process. Memory holds the labels still to come, no more.
 *
 * @example
 * ```ts
 * import { SimulatedLines } from '../src/simulate/lines.ts'
 * const lines = new SimulatedLines({ seed: 1, lines: 2 })
 * lines.next().value.event.event.line // => 'line-1'
 * lines.next().value.at // => 500
 * ```
 */
export class SimulatedLines implements IterableIterator<TimedEvent, never> {
  readonly options: SimulationOptions
  readonly #lines: readonly Line[]
  readonly #pending = new Soonest<TimedEvent>()
  #turn = 0
  readonly #byMode: Record<Mode, number> = { twf: 0, hdf: 0, pwf: 0, osf: 0, rnf: 0 }
  readonly #count = { parts: 0, failures: 0, labels: 0, duplicates: 0, contradictions: 0, late: 0, unlabelled: 0 }

  /** Throws a RangeError that lists every problem of the options. */
  constructor(given: Partial<SimulationOptions> = {}) {
    const options = simulationOptions(given)
    this.options = options
    const seeds = new Random(options.seed)
    this.#lines = Array.from({ length: options.lines }, (_, i) => {
      const name = `line-${i + 1}`
      const machine = new Machine(name, new Random(seeds.bits()), options.drift, options.rarity)
      return { name, machine, chance: new Random(seeds.bits()), offsetMs: (i * options.intervalMs) / options.lines }
    })
  }

  next(): IteratorYieldResult<TimedEvent> {
    const { startMs, intervalMs } = this.options
    const number = Math.floor(this.#turn / this.#lines.length)
    const line = this.#lines[this.#turn % this.#lines.length]!
    const at = startMs + Math.round(number * intervalMs + line.offsetMs)
    if (this.#pending.at < at) {
      this.#count.labels++
      return { done: false, value: this.#pending.take()! }
    }
    this.#turn++
    return { done: false, value: this.#make(line, number, at) }
  }

  [Symbol.iterator](): this {
    return this
  }

  truth(): SimulatedTruth {
    return { ...this.#count, byMode: { ...this.#byMode }, pending: this.#pending.size }
  }

  #make(line: Line, number: number, at: number): TimedEvent {
    const part = line.machine.next()
    this.#count.parts++
    if (part.modes.length > 0) this.#count.failures++
    for (const mode of part.modes) this.#byMode[mode]++
    const id = `${this.options.idPrefix}-${line.name}-${number}`
    this.#schedule(line, part, id, at)
    const observation = { id, line: line.name, station: 'mill', product: part.type, time: at, features: part.readings }
    return { at, event: { name: 'observation', event: observation } }
  }

  #schedule(line: Line, part: Part, id: string, seen: number): void {
    const { labelDelayParts, labelDelayMs, labelJitter, intervalMs, lateMs, ...share } = this.options
    const { chance } = line
    // Every part takes the same number of draws, so that one share does not change what another picks.
    const labelled = chance.next() < share.labelShare
    const jitter = 1 + labelJitter * (2 * chance.next() - 1)
    const late = chance.next() < share.lateShare
    const duplicated = chance.next() < share.duplicateShare
    const contradicted = chance.next() < share.contradictShare
    const afterMs = chance.next() * (intervalMs + labelDelayMs)
    if (!labelled) {
      this.#count.unlabelled++
      return
    }
    const delayMs = (labelDelayParts * intervalMs + labelDelayMs) * jitter + (late ? lateMs : 0)
    const first = seen + Math.round(delayMs)
    const second = first + 1 + Math.round(afterMs)
    const give = (at: number, modesSeen: readonly Mode[]): void => {
      const label = { observation: id, line: line.name, time: at, source: 'simulation', labels: classes(modesSeen, this.options.tasks) }
      this.#pending.add(at, { at, event: { name: 'label', event: label } })
    }
    if (late) this.#count.late++
    if (duplicated) this.#count.duplicates++
    if (contradicted) this.#count.contradictions++
    give(first, contradicted ? mistaken(part.modes) : part.modes)
    if (contradicted) give(second, part.modes)
    if (duplicated) give(contradicted ? second + 1 : second, part.modes)
  }
}

/** The wrong finding that is put right later: a failure overlooked, or one seen where there is none. */
function mistaken(found: readonly Mode[]): readonly Mode[] {
  return found.length > 0 ? [] : ['rnf']
}

function classes(found: readonly Mode[], tasks: readonly SimulatedTask[]): Record<string, string> {
  const labels: Record<string, string> = {}
  for (const task of tasks) {
    if (task === 'failure') labels[task] = found.length > 0 ? 'failure' : 'ok'
    else if (task === 'mode') labels[task] = modes.find(mode => found.includes(mode)) ?? 'none'
    else labels[task] = found.includes(task) ? '1' : '0'
  }
  return labels
}
