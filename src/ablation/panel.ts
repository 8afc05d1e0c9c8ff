/**
 * The controls of every task, fed by a watcher. Invariant: of every row a control knows what the committee knew when the row
 * was served, the labels of rows up to `delay` before it and the classes there were, however late it is asked.
 */
import { decide } from '../learner/decision.ts'
import type { Judged, Watcher } from '../learner/watcher.ts'
import { Sparse } from '../numeric/sparse.ts'
import type { Control } from './control.ts'
import type { Said } from './mixer.ts'

/** What a control said of a row's task. */
export interface ControlAnswer {
  readonly classes: readonly string[]
  readonly probabilities: Float64Array
  readonly chosen: string
}

interface Lesson {
  readonly row: number
  readonly domain: number
  readonly said: Said
  readonly y: number
}

interface TaskControls {
  readonly controls: Map<string, Control>
  /** Lessons that no row asked so far may know of, in order. */
  readonly waiting: Lesson[]
}

export class Panel implements Watcher {
  /** Names of the controls. */
  readonly names: readonly string[]
  /** What each control says of each task of the row at hand. */
  readonly #answers = new Map<string, Map<string, ControlAnswer>>()
  readonly #tasks = new Map<string, TaskControls>()
  readonly #fresh: () => Map<string, Control>
  readonly #decisionExponent: number
  readonly #delay: number
  #row = 0
  #served: ReadonlyMap<string, number> = new Map()

  /** `fresh` makes the controls of a task. */
  constructor(fresh: () => Map<string, Control>, delay: number, decisionExponent: number) {
    this.#fresh = fresh
    this.#delay = delay
    this.#decisionExponent = decisionExponent
    this.names = [...fresh().keys()]
  }

  /** A row is about to be taken, counted from 0; `served` tells how many classes of each task its prediction knew. */
  begin(row: number, served: ReadonlyMap<string, number>): void {
    this.#row = row
    this.#served = served
    this.#answers.clear()
  }

  /** What a control said of a task of the row that was taken; null where no class was known when it was served. */
  answer(task: string, control: string): ControlAnswer | null {
    return this.#answers.get(task)?.get(control) ?? null
  }

  judged(judged: Judged): void {
    const { controls, waiting } = this.#task(judged.task)
    while (waiting.length > 0 && waiting[0]!.row < this.#row - this.#delay) {
      const { domain, said, y } = waiting.shift()!
      for (const control of controls.values()) control.learn(domain, said, y)
    }
    const said = copyOf(judged)
    const C = this.#served.get(judged.task) ?? 0
    if (C > 0) this.#answers.set(judged.task, this.#ask(controls, judged, C === said.C ? said : first(said, C)))
    if (judged.y >= 0) waiting.push({ row: this.#row, domain: judged.input.domain, said, y: judged.y })
  }

  #ask(controls: Map<string, Control>, { classes, counts, input }: Judged, said: Said): Map<string, ControlAnswer> {
    const known = classes.slice(0, said.C)
    const answers = new Map<string, ControlAnswer>()
    for (const [name, control] of controls) {
      const { p, reported } = control.answer(input.domain, said)
      const chosen = known[decide(p, counts, this.#decisionExponent)]!
      answers.set(name, { classes: known, probabilities: reported.map(Math.fround), chosen })
    }
    return answers
  }

  #task(name: string): TaskControls {
    let task = this.#tasks.get(name)
    if (task === undefined) {
      task = { controls: this.#fresh(), waiting: [] }
      this.#tasks.set(name, task)
    }
    return task
  }
}

/** What is shown is valid only until the watcher returns. */
function copyOf({ Q, spoke, input, classes, solo }: Judged): Said {
  const C = classes.length
  const x = new Sparse()
  for (let i = 0; i < input.pooled.n; i++) x.push(input.pooled.index[i]!, input.pooled.value[i]!)
  return { Q: Q.slice(), spoke: spoke.slice(), C, x, others: othersOf(solo, input, C) }
}

/** Mean opinion of the other domains' own banks, each asked as if the record were of its domain. */
function othersOf(solo: Judged['solo'], input: Judged['input'], C: number): Float64Array | null {
  const mean = new Float64Array(C)
  const q = new Float32Array(C)
  let speakers = 0
  for (const [domain, bank] of solo?.all ?? []) {
    const asked = { serial: input.serial, domain, pooled: input.pooled, own: input.own, others: input.others, raw: input.raw }
    if (domain === input.domain || !bank.opinion(asked, q)) continue
    speakers++
    for (let c = 0; c < C; c++) mean[c]! += q[c]!
  }
  if (speakers === 0) return null
  for (let c = 0; c < C; c++) mean[c]! /= speakers
  return mean
}

/** The same over the first C classes: those that appeared after the row was served had been given nothing then. */
function first({ Q, spoke, C: all, x, others }: Said, C: number): Said {
  const some = new Float32Array(spoke.length * C)
  for (let m = 0; m < spoke.length; m++) some.set(Q.subarray(m * all, m * all + C), m * C)
  if (others === null) return { Q: some, spoke, C, x, others }
  const known = others.slice(0, C)
  const sum = known.reduce((total, q) => total + q, 0)
  return { Q: some, spoke, C, x, others: known.map(q => (sum > 0 ? q / sum : 1 / C)) }
}
