/** Collects what happens to the model while one record is taken. Ids count up without a gap, so that a repeat is known by its id. */
import type { Signal } from '../events/event.ts'

export class Signals {
  /** Signals told since the beginning: the number of the next one. */
  count = 0
  #pending: Signal[] = []
  #time = 0
  #learned = 0

  /** A record is taken: what is told from now on happened at its time, after `learned` examples. */
  open(time: number, learned: number): void {
    this.#pending = []
    this.#time = time
    this.#learned = learned
  }

  tell(kind: Signal['kind'], about: Partial<Signal>, message: string): void {
    this.#pending.push({
      id: `signal-${this.count++}`,
      time: this.#time,
      kind,
      domain: null,
      task: null,
      class: null,
      bank: null,
      expert: null,
      value: null,
      learned: this.#learned,
      ...about,
      message
    })
  }

  /** All that was told of the record. */
  close(): readonly Signal[] {
    return this.#pending
  }
}
