/** How well a task's predictions did: on arrival, as served, of the single model, and per domain, each beside the same baselines. */
import { KnownLabels } from '../judge/known-labels.ts'
import type { Report } from '../judge/report.ts'
import { Scoreboard } from '../judge/scoreboard.ts'
import type { Saved } from '../numeric/saved.ts'
import type { LearnerOptions } from './options.ts'

/** A distribution over the task's classes and the class chosen from it, −1 for none. */
export interface Opinion {
  readonly probabilities: ArrayLike<number>
  readonly chosen: number
}

export class Boards {
  #onArrival: Scoreboard
  #asServed: Scoreboard
  #single: Scoreboard
  readonly #domains = new Map<string, Scoreboard>()
  #known = new KnownLabels()

  constructor({ window, forgetting }: LearnerOptions['judge']) {
    const board = (): Scoreboard => new Scoreboard({ window, forget: forgetting })
    this.#onArrival = board()
    this.#asServed = board()
    this.#single = board()
  }

  /** Scores what was said of an example of class `y` before it is learned. */
  judge(y: number, domain: string, onArrival: Opinion, single: Opinion | null, served: Opinion | null): void {
    const noChange = this.#known.noChange(domain)
    const { majority } = this.#known
    const add = (board: Scoreboard, { probabilities, chosen }: Opinion): void =>
      board.addWithBaselines(y, probabilities, chosen, noChange, majority)
    add(this.#onArrival, onArrival)
    add(this.#domain(domain), onArrival)
    if (single !== null) add(this.#single, single)
    if (served !== null) add(this.#asServed, served)
  }

  /** A label is known from now on. */
  learn(y: number, domain: string): void {
    this.#known.learn(domain, y)
  }

  /**
   * A label was corrected. The counts behind the scores on arrival move, and those of its domain; what was served and the
   * single model keep the score they had, as their choice is not remembered.
   */
  correct(before: number, after: number, chosen: number, domain: string): void {
    this.#known.correct(before, after)
    if (chosen < 0) return
    this.#onArrival.correct(before, after, chosen)
    this.#domain(domain).correct(before, after, chosen)
  }

  report(classes: readonly string[]): {
    readonly testThenTrain: Report
    readonly window: Report
    readonly forgetting: Report
    readonly asServed: Report
    readonly single: Report
    readonly perDomain: Readonly<Record<string, Report>>
  } {
    return {
      testThenTrain: this.#onArrival.report(classes),
      window: this.#onArrival.windowReport(classes),
      forgetting: this.#onArrival.forgettingReport(classes),
      asServed: this.#asServed.report(classes),
      single: this.#single.report(classes),
      perDomain: Object.fromEntries([...this.#domains].map(([domain, board]) => [domain, board.report(classes)]))
    }
  }

  save(): Saved {
    return {
      onArrival: this.#onArrival.save(),
      asServed: this.#asServed.save(),
      single: this.#single.save(),
      domains: [...this.#domains].map(([domain, board]) => [domain, board.save()]),
      known: this.#known.save()
    }
  }

  load(saved: Saved): void {
    const from = saved as { onArrival: Saved; asServed: Saved; single: Saved; domains: [string, Saved][]; known: Saved }
    this.#onArrival = Scoreboard.load(from.onArrival)
    this.#asServed = Scoreboard.load(from.asServed)
    this.#single = Scoreboard.load(from.single)
    for (const [domain, board] of from.domains) this.#domains.set(domain, Scoreboard.load(board))
    this.#known = KnownLabels.load(from.known)
  }

  /** A domain's board tells scores over all only: it keeps no window. */
  #domain(name: string): Scoreboard {
    let board = this.#domains.get(name)
    if (board === undefined) {
      board = new Scoreboard({ window: 0, forget: 1 })
      this.#domains.set(name, board)
    }
    return board
  }
}
