/**
 * The tasks there are, in order of appearance, and which labels of an example they may learn: what lies beyond the limits on
 * tasks and classes is not learned, and is told once. A label that repeats one known is none; one that differs corrects it.
 */
import type { RawTable } from '../encode/raw-table.ts'
import type { Example } from '../events/event.ts'
import type { Saved } from '../numeric/saved.ts'
import type { Ground } from './banks.ts'
import type { Domains } from './domains.ts'
import type { Overflow } from './overflow.ts'
import type { SeenLabel } from './seen.ts'
import { TaskLearner } from './task.ts'

/** The labels of an example: those to be learned, those that corrected one, and whether any was refused. */
export interface Sorted {
  readonly fresh: readonly (readonly [task: string, name: string])[]
  readonly corrected: readonly SeenLabel[]
  readonly beyond: boolean
}

export class Tasks {
  readonly all: TaskLearner[] = []
  readonly #ground: Ground
  readonly #domains: Domains
  readonly #overflow: Overflow

  constructor(ground: Ground, domains: Domains, overflow: Overflow) {
    this.#ground = ground
    this.#domains = domains
    this.#overflow = overflow
  }

  find(name: string): TaskLearner | undefined {
    return this.all.find(task => task.name === name)
  }

  /** Place of a task in the order of appearance. */
  placeOf(task: TaskLearner): number {
    return this.all.indexOf(task)
  }

  /** Whether none of these labels lies beyond the limits. */
  hold(labels: Readonly<Record<string, string>>): boolean {
    const { maxTasks, maxClasses } = this.#ground.options
    let tasks = this.all.length
    return Object.entries(labels).every(([name, value]) => {
      const task = this.find(name)
      return task === undefined ? ++tasks <= maxTasks : task.indexOf(value) >= 0 || task.classes.length < maxClasses
    })
  }

  /** The task of a name and the index of a class in it, made where they appear; null beyond the limits. */
  admit(name: string, value: string): { readonly task: TaskLearner; readonly y: number } | null {
    const known = this.find(name)
    if (this.#beyond(known, name, value)) return null
    const task = known ?? this.#add(name)
    return { task, y: this.#classOf(task, value) }
  }

  /** Tells the labels that are new from those that repeat or correct one of those learned `already`, and applies the corrections. */
  sort({ observation, labels }: Example, already: readonly SeenLabel[]): Sorted {
    const fresh: [string, string][] = []
    const corrected: SeenLabel[] = []
    let beyond = false
    for (const name in labels) {
      const value = labels[name]!
      const task = this.find(name)
      const before = already.find(label => this.all[label.task] === task)
      if (task !== undefined && before !== undefined && task.classes[before.y] === value) continue
      if (this.#beyond(task, name, value)) beyond = true
      else if (task === undefined || before === undefined) fresh.push([name, value])
      else {
        const y = this.#classOf(task, value)
        task.correct(observation.id, this.#domains.at(before.domain), before, y)
        corrected.push({ ...before, y })
        const message = `${observation.id}: ${name} was ${task.classes[before.y]}, is ${value}`
        this.#ground.signals.tell('label-corrected', { task: name, class: value }, message)
      }
    }
    return { fresh, corrected, beyond }
  }

  save(raws: RawTable): Saved {
    return this.all.map(task => task.save(raws))
  }

  load(saved: Saved, raws: RawTable): void {
    for (const [i, task] of (saved as Saved[]).entries()) this.all.push(TaskLearner.load(task, i, this.#ground, raws))
  }

  savePredictive(): Saved {
    return this.all.map(task => task.savePredictive())
  }

  loadPredictive(saved: Saved): void {
    for (const [i, task] of (saved as Saved[]).entries()) this.all.push(TaskLearner.loadPredictive(task, i, this.#ground))
  }

  #beyond(task: TaskLearner | undefined, name: string, value: string): boolean {
    const { maxTasks, maxClasses } = this.#ground.options
    if (task === undefined) {
      if (this.all.length < maxTasks) return false
      this.#overflow.tell('task', { task: name }, `expected at most ${maxTasks} tasks: ${name} is not learned`)
      return true
    }
    if (task.indexOf(value) >= 0 || task.classes.length < maxClasses) return false
    this.#overflow.tell('class', { task: name, class: value }, `expected at most ${maxClasses} classes of ${name}: ${value} is not learned`)
    return true
  }

  #add(name: string): TaskLearner {
    const task = new TaskLearner(name, this.all.length, this.#ground, this.#ground.encodings.columns.active)
    this.all.push(task)
    this.#ground.signals.tell('task-appeared', { task: name }, `task ${name} appeared`)
    return task
  }

  #classOf(task: TaskLearner, name: string): number {
    const known = task.indexOf(name)
    if (known >= 0) return known
    this.#ground.signals.tell('class-appeared', { task: task.name, class: name }, `class ${name} of ${task.name} appeared`)
    return task.addClass(name)
  }
}
