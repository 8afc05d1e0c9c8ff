/**
 * Runs what is to be written, in order, many steps to a transaction: one fsync then serves all that came while the
 * last one lasted. A step writes all it has to or throws before it writes anything.
 */
import { Fault } from '../../fault/fault.ts'
import { translate } from './room.ts'
import type { Tables } from './tables.ts'

/** So much is put into one transaction: LMDB holds it in memory until the commit. */
const GROUP_BYTES = 16 * 1024 * 1024

interface Step<T> {
  readonly bytes: number
  readonly run: () => T
  readonly resolve: (value: T) => void
  readonly reject: (error: unknown) => void
}

export class Turns {
  readonly #tables: Tables
  readonly #expectRoom: (bytes: number) => void
  readonly #written: () => void
  #steps: Step<unknown>[] = []
  #scheduled = false

  /** `expectRoom` throws `LOG_FULL`; `written` is called after each commit. */
  constructor(tables: Tables, expectRoom: (bytes: number) => void, written: () => void) {
    this.#tables = tables
    this.#expectRoom = expectRoom
    this.#written = written
  }

  /** Resolves once what `run` wrote is durable. `bytes` is what it needs at most; 0 takes from the reserve. */
  take<T>(bytes: number, run: () => T): Promise<T> {
    return new Promise<T>((resolve, reject) => {
      this.#steps.push({ bytes, run, resolve, reject } as Step<unknown> & Step<T>)
      if (this.#scheduled) return
      this.#scheduled = true
      setImmediate(() => {
        this.#scheduled = false
        this.finish()
      })
    })
  }

  /** Writes everything that waits, now. */
  finish(): void {
    while (this.#steps.length > 0) {
      let n = 1
      let bytes = this.#steps[0]!.bytes
      while (n < this.#steps.length && bytes + this.#steps[n]!.bytes <= GROUP_BYTES) bytes += this.#steps[n++]!.bytes
      this.#commit(this.#steps.splice(0, n), bytes)
    }
  }

  #commit(group: readonly Step<unknown>[], bytes: number): void {
    const outcomes: (() => void)[] = []
    try {
      this.#tables.root.transactionSync(() => {
        if (bytes > 0) this.#expectRoom(bytes)
        for (const step of group) {
          try {
            const value = step.run()
            outcomes.push(() => step.resolve(value))
          } catch (error) {
            if (!(error instanceof Fault)) throw error
            outcomes.push(() => step.reject(error))
          }
        }
      })
    } catch (error) {
      const fault = translate(error, this.#tables.directory)
      if (group.length > 1 && fault.code === 'LOG_FULL') for (const step of group) this.#commit([step], step.bytes)
      else for (const step of group) step.reject(fault)
      return
    }
    for (const outcome of outcomes) outcome()
    this.#written()
  }
}
