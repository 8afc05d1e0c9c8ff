/**
 * One pass over the rows with one seed: every row is predicted, scored and then learned, as in evaluation. Controls of the
 * weighing see the committee's own opinions; those that change what learns have a learner beside.
 */
import type { Observation, Prediction } from '../events/event.ts'
import { domainOf } from '../learner/inputs.ts'
import { Learner } from '../learner/learner.ts'
import { noMeter } from '../learner/meter.ts'
import type { LearnerOptions } from '../learner/options.ts'
import { recipeOf } from '../learner/presets.ts'
import { type Asked, Book } from './book.ts'
import { controlsOf } from './controls.ts'
import { Panel } from './panel.ts'

/** A row of a stream: what was seen, and what it turned out to be. */
export interface AblationRow {
  readonly observation: Observation
  readonly labels: Readonly<Record<string, string>>
}

export interface PassOptions {
  readonly learner: LearnerOptions
  /** Rows between an observation and its label. */
  readonly delay: number
  /** Whether a learner whose tasks share their gates runs beside: there must be several tasks. */
  readonly joint: boolean
  /** Whether the thorough preset runs beside, the slowest of all. */
  readonly thorough: boolean
  /** Makes the controls of a task over the banks of the committee; without it those of docs/ablation.md. */
  readonly controls?: typeof controlsOf
}

/** Name of what is measured against. */
export const COMMITTEE = 'committee'
/** Responsibility below which an expert is left alone, where routing is sparse. */
const SPARSE = 0.01
const SINGLE = 'single model'
const NO_CHANGE = 'no change'
const MAJORITY = 'majority'

interface Waiting {
  readonly place: number
  readonly row: AblationRow
  readonly asked: ReadonlyMap<string, Asked>
  /** What the committee served, and what each learner beside did. */
  readonly served: Prediction
  readonly beside: readonly Prediction[]
}

export class Pass {
  readonly #options: PassOptions
  readonly #panel: Panel
  readonly #committee: Learner
  readonly #beside: readonly { readonly name: string; readonly learner: Learner }[]
  readonly #books = new Map<string, Book>()
  readonly #waiting: Waiting[] = []
  #rows = 0

  constructor(options: PassOptions) {
    const { learner, delay, joint, thorough, controls = controlsOf } = options
    // A bank that rests says nothing: to be compared with the others all must stay awake.
    const awake = { ...learner, rest: { below: 0 } }
    const alone = { ...awake, single: false }
    const { banks } = recipeOf(learner)
    const joined = banks.map(bank => (bank.scope === 'memory' ? bank : { ...bank, joint: true }))
    const beside: [name: string, options: LearnerOptions][] = [
      ['with resting', { ...alone, rest: learner.rest }],
      ['sparse routing', { ...alone, sparse: SPARSE }],
      ['one expert', { ...alone, banks: banks.map(bank => ({ ...bank, experts: 1 })) }],
      ...(joint
        ? ([
            ['joint gates', { ...alone, banks: joined }],
            ['cheap set', { ...alone, sharing: 'cheap', banks: null }]
          ] as [string, LearnerOptions][])
        : []),
      ['preset fast', { ...alone, preset: 'fast', banks: null, effort: null }],
      ...(thorough ? [['preset thorough', { ...alone, preset: 'thorough', banks: null, effort: null }] as [string, LearnerOptions]] : [])
    ]
    this.#options = options
    this.#panel = new Panel(() => controls(banks, learner), delay, learner.decisionExponent)
    this.#committee = new Learner({ ...awake, single: true }, noMeter, this.#panel)
    this.#beside = beside.map(([name, each]) => ({ name, learner: new Learner(each) }))
  }

  take(row: AblationRow): void {
    const { observation, labels } = row
    const domain = domainOf(observation, this.#options.learner.domain)
    const served = this.#committee.predict(observation)
    const single = this.#committee.predictSingle(observation)
    const beside = this.#beside.map(({ learner }) => learner.predict(observation))
    const asked = new Map<string, Asked>()
    for (const task in labels) {
      const book = this.#book(task)
      const about = book.ask(domain, labels[task]!)
      asked.set(task, about)
      book.judge(COMMITTEE, about, of(served, task))
      this.#beside.forEach(({ name }, i) => {
        book.judge(name, about, of(beside[i]!, task))
      })
      book.judge(SINGLE, about, single.get(task) ?? null)
      book.judgeGuess(NO_CHANGE, about, about.noChange)
      book.judgeGuess(MAJORITY, about, about.majority)
    }
    this.#waiting.push({ place: this.#rows++, row, asked, served, beside })
    if (this.#waiting.length > this.#options.delay) this.#learn(this.#waiting.shift()!)
  }

  /** The scores by task. The last rows, whose labels no score may know, are taken only to hear what the controls say. */
  end(): ReadonlyMap<string, Book> {
    for (const waiting of this.#waiting.splice(0)) this.#learn(waiting)
    return this.#books
  }

  #learn({ place, row: { observation, labels }, asked, served, beside }: Waiting): void {
    if (asked.size === 0) return
    const domain = domainOf(observation, this.#options.learner.domain)
    const late = this.#options.delay > 0
    const example = { observation, labels, labelTime: observation.time, source: null }
    this.#panel.begin(place, new Map(served.tasks.map(({ task, classes }) => [task, classes.length])))
    this.#committee.take({ ...example, prediction: late ? served : null })
    this.#beside.forEach(({ learner }, i) => {
      learner.take({ ...example, prediction: late ? beside[i]! : null })
    })
    for (const [task, about] of asked) {
      const book = this.#books.get(task)!
      for (const name of this.#panel.names) book.judge(name, about, this.#panel.answer(task, name))
      book.learn(domain, labels[task]!)
    }
  }

  #book(task: string): Book {
    let book = this.#books.get(task)
    if (book === undefined) {
      book = new Book([COMMITTEE, ...this.#panel.names, ...this.#beside.map(({ name }) => name), SINGLE], [NO_CHANGE, MAJORITY])
      this.#books.set(task, book)
    }
    return book
  }
}

function of(prediction: Prediction, task: string): Prediction['tasks'][number] | null {
  return prediction.tasks.find(each => each.task === task) ?? null
}
