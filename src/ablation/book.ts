/** The scores of a task's variants over one pass: all are judged on the same rows, beside the same baselines. */
import { KnownLabels } from '../judge/known-labels.ts'
import type { Report } from '../judge/report.ts'
import { Scoreboard } from '../judge/scoreboard.ts'

/** What is compared. A figure without anything to judge is null, never 0. */
export interface Figures {
  readonly kappa: number | null
  readonly gMean: number | null
  readonly macroF1: number | null
  /** Recall of the class that occurred least, the first of several. */
  readonly rarestRecall: number | null
  /** Null of what gives no probabilities. */
  readonly logLoss: number | null
}

/** What is known of a row when it is predicted: its label's class, and what the baselines guess. */
export interface Asked {
  readonly truth: number
  readonly noChange: number
  readonly majority: number
}

export class Book {
  /** Names of what is scored. */
  readonly variants: readonly string[]
  /** In the order of their first rows. */
  readonly classes: string[] = []
  readonly #index = new Map<string, number>()
  readonly #known = new KnownLabels()
  readonly #boards: ReadonlyMap<string, Scoreboard>
  readonly #guessing: ReadonlySet<string>

  /** Those `guessing` give no probabilities. */
  constructor(variants: readonly string[], guessing: readonly string[]) {
    this.variants = [...variants, ...guessing]
    this.#boards = new Map(this.variants.map(name => [name, new Scoreboard({ window: 0, forget: 1 })]))
    this.#guessing = new Set(guessing)
  }

  indexOf(name: string): number {
    const known = this.#index.get(name)
    if (known !== undefined) return known
    this.#index.set(name, this.classes.length)
    return this.classes.push(name) - 1
  }

  ask(domain: string, label: string): Asked {
    return { truth: this.indexOf(label), noChange: this.#known.noChange(domain), majority: this.#known.majority }
  }

  /** A label has arrived. */
  learn(domain: string, label: string): void {
    this.#known.learn(domain, this.indexOf(label))
  }

  /** Judges what a variant said, classes by name; null where it knew none yet. */
  judge(
    variant: string,
    asked: Asked,
    said: { readonly classes: readonly string[]; readonly probabilities: ArrayLike<number>; readonly chosen: string } | null
  ): void {
    if (said === null) {
      this.#add(variant, asked, [], -1)
      return
    }
    const at = said.classes.map(name => this.indexOf(name))
    const ordered = new Float64Array(this.classes.length)
    at.forEach((c, i) => {
      ordered[c] = said.probabilities[i]!
    })
    this.#add(variant, asked, ordered, this.indexOf(said.chosen))
  }

  /** Judges a guess without probabilities, −1 for none. */
  judgeGuess(variant: string, asked: Asked, guess: number): void {
    this.#add(variant, asked, [], guess)
  }

  figures(variant: string): Figures {
    const report = this.#boards.get(variant)!.report(this.classes)
    const { kappa, gMean, macroF1, logLoss } = report.scores
    return { kappa, gMean, macroF1, rarestRecall: rarest(report)?.recall ?? null, logLoss: this.#guessing.has(variant) ? null : logLoss }
  }

  /** The class that occurred least, and how often. */
  rarest(): { readonly class: string; readonly support: number } | null {
    const least = rarest(this.#boards.get(this.variants[0]!)!.report(this.classes))
    return least === null ? null : { class: least.class, support: least.support }
  }

  #add(variant: string, { truth, noChange, majority }: Asked, p: ArrayLike<number>, chosen: number): void {
    this.#boards.get(variant)!.addWithBaselines(truth, p, chosen, noChange, majority)
  }
}

function rarest({ perClass }: Report): Report['perClass'][number] | null {
  const met = perClass.filter(each => each.support > 0)
  return met.length === 0 ? null : met.reduce((least, each) => (each.support < least.support ? each : least))
}
