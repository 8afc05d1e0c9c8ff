/**
 * Trying again what fails for a passing reason, such as a full log or a registry that does not answer, and saying so
 * meanwhile. Nothing is given up but by whoever waits.
 */
import { type Fault, isPassing } from '../fault/fault.ts'

export interface PatienceOptions {
  readonly tell: (level: 'info' | 'error', message: string) => void
  /** Called at every failure, before the wait: what may help. */
  readonly help: (fault: Fault) => Promise<void>
}

const AGAIN_MS = 500

export class Patience {
  readonly #options: PatienceOptions
  #waiting: string | null = null

  constructor(options: PatienceOptions) {
    this.#options = options
  }

  /** What is waited for, in words; null while nothing is. */
  get waiting(): string | null {
    return this.#waiting
  }

  /** What `attempt` gives, tried as often as it takes; null when given up. Throws what does not pass. */
  async try<T>(attempt: () => Promise<T>, givenUp: () => boolean): Promise<T | null> {
    const { tell, help } = this.#options
    let passing: Fault | null = null
    for (;;) {
      try {
        const value = await attempt()
        if (passing !== null) tell('info', passing.code === 'LOG_FULL' ? 'there is room in the log again' : 'it answers again: going on')
        this.#waiting = null
        return value
      } catch (error) {
        if (!isPassing(error)) throw error
        if (passing === null) tell('error', `${error.message}; nothing is lost, trying again`)
        passing = error
        this.#waiting = error.message
        await help(error)
        if (givenUp()) return null
        await new Promise(resolve => setTimeout(resolve, AGAIN_MS))
      }
    }
  }
}
