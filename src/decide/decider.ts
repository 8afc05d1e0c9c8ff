/**
 * Decides about every task of every predicted part and learns from labels how well its promises are kept. All its state is
 * handed out in small keyed parts, of which only the changed ones need be kept again.
 *
 * Invariants: a label touches a threshold only after the decisions before it; a part is decided once, and judged by that
 * decision; the same predictions and examples in the same order make the same decisions, whatever is saved and loaded
 * between them.
 */
import type { Decision, Example, Prediction, TaskPrediction } from '../events/event.ts'
import { drawOf } from '../numeric/draw.ts'
import type { Saved } from '../numeric/saved.ts'
import type { Outcome } from './book.ts'
import { Budget } from './budget.ts'
import { type Choice, choose } from './choose.ts'
import { reportedOf } from './decision.ts'
import { Memory, type Remembered } from './memory.ts'
import type { DecideOptions } from './options.ts'
import { type DecideReport, reportOf } from './report.ts'
import { TaskBook } from './task-book.ts'
import { distanceOf, teaching } from './teaching.ts'
import { type Inspection, WorkList } from './work-list.ts'

/** Between the parts of a key: no name holds a control character. */
const APART = '\u0001'

export class Decider {
  readonly #options: DecideOptions
  readonly #tasks = new Map<string, TaskBook>()
  readonly #budgets = new Map<string, Budget>()
  readonly #memory: Memory
  readonly #list: WorkList
  readonly #changed = new Set<string>()

  constructor(options: DecideOptions) {
    this.#options = options
    this.#list = new WorkList(options.inspection.maxListed)
    // Whoever labels a part that is forgotten so long changes nothing any more.
    this.#memory = new Memory(options.remembered, (id, tasks) => {
      for (const task of tasks) this.#list.done(id, task)
    })
    for (const task of Object.keys(options.tasks)) this.#task(task)
  }

  /** Whether a part was decided before: of the newest `remembered`. */
  knows(observation: string): boolean {
    return this.#memory.has(observation)
  }

  /**
   * What is done about a part, one decision a task in the order of its tasks; of tasks that are configured and not
   * known yet too, where there is a promise or a budget. Empty for a part that was decided before.
   */
  decide(prediction: Prediction): readonly Decision[] {
    const { observation, line, station, time, learned } = prediction
    if (this.knows(observation)) return []
    const stated = [...prediction.tasks, ...this.#unknown(prediction)]
    const choices = stated.map(each => this.#choose(each))
    const left = stated.filter((_, i) => choices[i]!.action === 'abstain').map(({ task }) => task)
    const must = left.length > 0
    const propensity = this.#propensity(line, stated, must)
    const inspect = must || drawOf(this.#options.seed, observation) < propensity
    if (inspect) this.#budget(line).take(must)
    const remembered = new Map<string, Remembered>()
    const decisions = stated.map(({ task, classes, chosen }, i): Decision => {
      const { action, class: flagged, probability, set } = choices[i]!
      const reason = reasonOf(choices[i]!, inspect, left)
      const book = this.#task(task)
      remembered.set(task, { action, set: set?.map(name => book.numberOf(name)) ?? null, inspect, propensity, labelled: null })
      book.decided[action]++
      if (inspect) book.inspected++
      this.#changed.add(`t${APART}${task}`)
      const chosenOrNull = classes.length === 0 ? null : chosen
      if (inspect)
        this.#list.add({ observation, line, station, time, task, classes, chosen: chosenOrNull, probability, reason, propensity })
      return {
        observation,
        line,
        time,
        task,
        action,
        class: flagged,
        probability,
        set: set ?? classes,
        inspect,
        propensity,
        reason,
        learned,
        station
      }
    })
    this.#memory.add(observation, remembered)
    return decisions
  }

  /**
   * A part's labels came: how it was decided is judged by them, and thresholds learn what it had been given. Another label of
   * the same task corrects: what the one before taught is taken back.
   */
  learn({ observation, labels, prediction }: Example): void {
    for (const task in labels) {
      const truth = labels[task]!
      this.#list.done(observation.id, task)
      const book = this.#task(task)
      if (!book.hasRoomFor(truth)) continue
      const decided = this.#memory.label(observation.id, task, book.numberOf(truth))
      if (decided === null) continue
      const served = prediction?.tasks.find(each => each.task === task) ?? null
      const weight = this.#options.labels === 'all' ? 1 : decided.inspect && decided.propensity > 0 ? 1 / decided.propensity : null
      const outcomeOf = (name: string): Outcome => ({
        probability: served?.classes.includes(name) ? reportedOf(served, name) : null,
        held: decided.set === null || decided.set.includes(book.numberOf(name)),
        passed: decided.action === 'pass',
        right: served?.chosen === name,
        weight
      })
      const chosen = served === null || served.classes.length === 0 ? null : served.chosen
      if (decided.labelled === null) book.labelled(chosen, weight)
      else {
        const before = book.classes[decided.labelled]!
        book.book(before).takeBack(outcomeOf(before))
        this.#changed.add(`c${APART}${task}${APART}${before}`)
      }
      book.book(truth).learn(outcomeOf(truth))
      this.#changed.add(`t${APART}${task}`)
      this.#changed.add(`c${APART}${task}${APART}${truth}`)
    }
  }

  /** The newest parts sent to inspection and not labelled yet, newest first, of one line or all. */
  inspections(limit: number, line: string | null = null): readonly Inspection[] {
    return this.#list.newest(limit, line)
  }

  report(): DecideReport {
    return reportOf(this.#tasks, this.#budgets, { waiting: this.#list.size, remembered: this.#memory.size, labels: this.#options.labels })
  }

  /** What changed since the last call, by key; null of what is to be kept no longer. */
  changes(): Map<string, Saved | null> {
    const told = new Map<string, Saved | null>()
    for (const key of this.#changed) told.set(key, this.#save(key))
    this.#changed.clear()
    for (const [page, saved] of this.#memory.changes()) told.set(`m${APART}${page}`, saved)
    for (const [number, saved] of this.#list.changes()) told.set(`i${APART}${number}`, saved)
    return told
  }

  /** Whether a class of a task is a defect. */
  isDefect(task: string, name: string): boolean {
    return !this.#task(task).policy.isGood(name)
  }

  /** Takes back what `changes` gave out, in any order; `restored` ends it. */
  load(key: string, saved: Saved): void {
    const [kind, first = '', second = ''] = key.split(APART)
    if (kind === 'm') this.#memory.restore(first, saved)
    else if (kind === 'i') this.#list.restore(first, saved)
    else if (kind === 'b') this.#budget(first).load(saved)
    else if (kind === 't') this.#task(first).load(saved)
    else if (kind === 'c') this.#task(first).book(second).load(saved)
  }

  restored(): void {
    this.#memory.restored()
    this.#list.restored()
  }

  #choose(stated: TaskPrediction): Choice {
    const book = this.#task(stated.task)
    for (const name of stated.classes) book.numberOf(name)
    const { abstainBelow, inspection, untilKnown } = this.#options
    return choose(stated, book.policy, book, { abstainBelow, untilKnown, inspection: inspection.cost })
  }

  /** Tasks that nothing is predicted of yet: a promise of them holds from the first part, and a budget buys their first labels. */
  #unknown({ tasks }: Prediction): TaskPrediction[] {
    const bought = this.#options.inspection.perThousand > 0
    return [...this.#tasks]
      .filter(([task, { policy }]) => (policy.promises || bought) && !tasks.some(each => each.task === task))
      .map(([task]) => ({ task, classes: [], probabilities: [], chosen: '', set: [], banks: [] }))
  }

  #propensity(line: string, stated: readonly TaskPrediction[], must: boolean): number {
    const worth = stated.map(each => {
      const book = this.#task(each.task)
      const worth = teaching(each, name => book.shareOf(name), book.usual)
      book.passed(distanceOf(each))
      return worth
    })
    this.#changed.add(`b${APART}${line}`)
    const propensity = this.#budget(line).propensity(Math.max(0, ...worth))
    return must ? 1 : propensity
  }

  #task(task: string): TaskBook {
    let book = this.#tasks.get(task)
    if (book === undefined) {
      book = new TaskBook(this.#options, task)
      this.#tasks.set(task, book)
    }
    return book
  }

  #budget(line: string): Budget {
    let budget = this.#budgets.get(line)
    if (budget === undefined) {
      budget = new Budget(this.#options.inspection)
      this.#budgets.set(line, budget)
    }
    return budget
  }

  #save(key: string): Saved {
    const [kind, first = '', second = ''] = key.split(APART)
    if (kind === 'b') return this.#budget(first).save()
    return kind === 't' ? this.#task(first).save() : this.#task(first).book(second).save()
  }
}

/** Why it is decided so, and why somebody looks at it where that is not the same. */
function reasonOf({ action, reason }: Choice, inspect: boolean, left: readonly string[]): string {
  if (!inspect || action === 'abstain') return reason
  return left.length > 0
    ? `${reason}; it is inspected since ${left.join(', ')} is left to a person`
    : `${reason}; it is drawn for inspection, for what its label teaches`
}
