/**
 * Less practice under load: while examples pile up, the cap on learning steps an example is halved, and once the pile is
 * gone it is doubled again until none is left. The fold must not see a clock or a queue, so the cap is not applied here: it
 * is written to the log as a control, behind the examples that wait, and takes effect where it stands there, for every
 * process that folds: it eases what is still to come, not the pile itself. A cap that people have decided on stands beside
 * it: the lower one counts, and only its own is lifted.
 */
import { LOAD, type Topic } from '../events/event.ts'
import type { Learner } from '../learner/learner.ts'
import type { Stage } from './stage.ts'
import type { Step } from './step.ts'

export interface Load {
  /** Examples not yet taken from which on the cap is lowered; it is raised below a tenth of it. 0 never caps. */
  readonly behind: number
  /** Learning steps that are never taken away. */
  readonly least: number
}

export interface ThrottleOptions extends Load {
  readonly learner: Learner
  readonly shard: string
  /** Examples in the log not yet taken. */
  readonly lag: () => number
  readonly tell: (message: string) => void
}

/** Milliseconds between two decisions: the last one must have been felt. */
const DOWN_MS = 1000
const UP_MS = 5000
/** So many times as much as is too much is no time for halves. */
const FAR = 10
/** What lifts a cap: no example practises as much. */
const LIFTED = 1_000_000

export class Throttle implements Stage {
  readonly topics: readonly Topic[] = []
  readonly #options: ThrottleOptions
  #decidedAt = Number.NEGATIVE_INFINITY
  /** The last decision, until the learner has taken it: a second one would know no more. */
  #pending: number | null = null

  constructor(options: ThrottleOptions) {
    this.#options = options
  }

  take(): void {}

  settle(step: Step, now: number): void {
    const { behind, least, learner, lag, tell } = this.#options
    if (behind === 0) return
    if (this.#pending !== null && learner.loadCap !== this.#pending) return
    this.#pending = null
    const most = learner.mostSteps
    const cap = Math.min(learner.stepCap, most)
    const waiting = lag()
    if (waiting >= behind && cap > least && now - this.#decidedAt >= DOWN_MS) {
      const lower = waiting >= FAR * behind ? least : Math.max(least, Math.floor(cap / 2))
      this.#decide(step, now, lower)
      tell(`${waiting} examples wait: at most ${lower} learning steps an example from now on`)
    } else if (waiting < behind / 10 && learner.loadCap < most && now - this.#decidedAt >= UP_MS) {
      const higher = learner.loadCap * 2 >= most ? LIFTED : learner.loadCap * 2
      this.#decide(step, now, higher)
      tell(
        higher === LIFTED
          ? 'no more than usual waits: the cap on learning steps is lifted'
          : `at most ${higher} learning steps an example from now on`
      )
    }
  }

  #decide(step: Step, now: number, value: number): void {
    this.#decidedAt = now
    this.#pending = value
    step.emit('examples', this.#options.shard, 'control', {
      id: `${LOAD}${now}`,
      time: now,
      kind: 'effort',
      task: null,
      value,
      drift: null
    })
  }
}
