/**
 * One task of the learner: its classes, how frequent they are, what is remembered of them, the banks that answer for it,
 * and how well they do. Judge before learning, always: `judge` takes the opinion given on arrival, `learn` changes it.
 */
import { MixtureBank } from '../bank/mixture-bank.ts'
import type { Encoder, Raw } from '../encode/encoder.ts'
import type { TaskPrediction } from '../events/event.ts'
import { ClassMemory } from '../memory/class-memory.ts'
import type { Carry } from '../numeric/carry.ts'
import { Random } from '../numeric/random.ts'
import type { RowBlock } from '../numeric/row-block.ts'
import type { Saved } from '../numeric/saved.ts'
import { Sparse } from '../numeric/sparse.ts'
import { ExpertTracker } from '../stability/expert-tracker.ts'
import { Boards, type Opinion } from './boards.ts'
import { ClassFrequency } from './class-frequency.ts'
import type { Meter } from './meter.ts'
import type { LearnerOptions } from './options.ts'
import { PROBE_EVERY, Probe } from './probe.ts'
import type { TaskStatus } from './status.ts'

/** Seeds of the parts differ by these, so that no two draw alike. */
const SEED_STEP = 1_000_003
const SINGLE = 7919

/** The opinion of one bank, as it stood when it was asked. */
interface Held {
  readonly bank: MixtureBank
  q: Float32Array
  chosen: number
}

export class TaskLearner {
  readonly name: string
  readonly classes: string[] = []
  learned = 0
  readonly #index = new Map<string, number>()
  #random: Random
  readonly #frequency: ClassFrequency
  readonly #memory: ClassMemory
  readonly #mixture: Held
  readonly #single: Held | null
  #tracker: ExpertTracker
  readonly #probe = new Probe()
  readonly #x = new Sparse()
  readonly #boards: Boards

  /** `order` is the task's place among the tasks, `inputs` the number of inputs active when it appeared. */
  constructor(name: string, order: number, block: RowBlock, options: LearnerOptions, inputs: number) {
    this.name = name
    const seed = options.seed * SEED_STEP + order
    this.#random = new Random(seed)
    this.#frequency = new ClassFrequency(options.rare)
    this.#memory = new ClassMemory(options.memoryPerClass)
    const hold = (bank: MixtureBank): Held => ({ bank, q: new Float32Array(0), chosen: -1 })
    this.#mixture = hold(new MixtureBank('task', block, options, seed, inputs))
    this.#single = options.single ? hold(new MixtureBank('single', block, { ...options, experts: 1 }, seed + SINGLE, inputs)) : null
    this.#tracker = new ExpertTracker(options.experts)
    this.#boards = new Boards(options.judge)
  }

  /** Index of a class, −1 where it has not occurred. */
  indexOf(name: string): number {
    return this.#index.get(name) ?? -1
  }

  /** Gives a new class the next index. */
  addClass(name: string): number {
    const y = this.classes.length
    this.classes.push(name)
    this.#index.set(name, y)
    this.#frequency.addClass()
    for (const held of this.#held()) {
      held.bank.addClass()
      held.q = new Float32Array(this.classes.length)
    }
    return y
  }

  /** The distribution and the class chosen from it (ties to the lower index), for the banks as they stand. */
  predict(x: Sparse): TaskPrediction {
    this.#ask(this.#mixture, x)
    const { bank, q, chosen } = this.#mixture
    const probabilities = Array.from(q)
    return {
      task: this.name,
      classes: this.classes.slice(),
      probabilities,
      chosen: this.classes[chosen]!,
      set: credibleSet(probabilities).map(c => this.classes[c]!),
      banks: [{ bank: bank.name, weight: 1, opinion: probabilities, shares: Array.from(bank.shares()) }]
    }
  }

  /** What the single model says, by class; null where it does not run. */
  predictSingle(x: Sparse): { readonly probabilities: Float32Array; readonly chosen: string } | null {
    if (this.#single === null) return null
    this.#ask(this.#single, x)
    return { probabilities: this.#single.q.slice(), chosen: this.classes[this.#single.chosen]! }
  }

  /**
   * Scores what the banks say of `x` before they learn it, and what was served. `known` is −1 for a class that has not
   * occurred. Returns the class chosen on arrival.
   */
  judge(x: Sparse, known: number, domain: string, served: TaskPrediction | undefined, meter: Meter): number {
    const y = known < 0 ? this.classes.length : known
    this.#ask(this.#mixture, x)
    if (this.#single !== null) {
      meter.enter('single')
      this.#ask(this.#single, x)
      meter.leave('single')
    }
    this.#boards.judge(
      y,
      domain,
      said(this.#mixture),
      this.#single && said(this.#single),
      served === undefined ? null : this.#servedOpinion(served)
    )
    return this.#mixture.chosen
  }

  /** Learns an example and replays some that are remembered: `steps` steps in all. */
  learn(id: string, domain: string, raw: Raw, x: Sparse, y: number, encoder: Encoder, steps: number, meter: Meter): void {
    this.learned++
    this.#boards.learn(y, domain)
    this.#frequency.add(y)
    this.#memory.add({ id, raw, y })
    this.#step(x, y, true, meter)
    const { bank } = this.#mixture
    this.#tracker.observe(bank.g, bank.r, y)
    for (let step = 1; step < steps; step++) {
      const past = this.#memory.draw(this.#random, this.#frequency.counts, this.classes.length)
      if (past === null) break
      encoder.encode(past.raw, this.#x)
      this.#step(this.#x, past.y, false, meter)
    }
    if (this.learned % PROBE_EVERY === 0) {
      const change = this.#probe.take(bank, encoder, this.#memory)
      if (change !== null) this.#tracker.setChange(change)
    }
  }

  carry(moves: readonly Carry[]): void {
    for (const { bank } of this.#held()) bank.carry(moves)
  }

  /** A label was corrected: memory, counts and scores hold the new one from now on; what the weights learned stands. */
  correct(id: string, domain: string, before: number, after: number, chosen: number): void {
    this.#memory.correct(id, before, after)
    this.#frequency.move(before, after)
    this.#boards.correct(before, after, chosen, domain)
  }

  status(): TaskStatus {
    const { classes } = this
    const reports = this.#boards.report(classes)
    return {
      task: this.name,
      classes: classes.slice(),
      learned: this.learned,
      ...reports,
      single: this.#single === null ? null : reports.single,
      banks: [this.#tracker.report(this.#mixture.bank.name, classes)],
      bytes: { model: this.#mixture.bank.bytes, single: this.#single?.bank.bytes ?? 0, memory: this.#memory.bytes }
    }
  }

  save(width: number): Saved {
    return {
      name: this.name,
      classes: this.classes.slice(),
      learned: this.learned,
      random: this.#random.save(),
      frequency: this.#frequency.save(),
      memory: this.#memory.save(width),
      banks: this.#held().map(({ bank }) => bank.save()),
      tracker: this.#tracker.save(),
      probe: this.#probe.save(width),
      boards: this.#boards.save()
    }
  }

  /** A task as it was saved. Its spans are reserved anew, in the same order; the block fills them afterwards. */
  static load(saved: Saved, order: number, block: RowBlock, options: LearnerOptions, width: number): TaskLearner {
    const from = saved as {
      name: string
      classes: string[]
      learned: number
      random: Saved
      frequency: Saved
      memory: Saved
      banks: Saved[]
      tracker: Saved
      probe: Saved
      boards: Saved
    }
    const task = new TaskLearner(from.name, order, block, options, 1)
    for (const name of from.classes) {
      task.#index.set(name, task.classes.length)
      task.classes.push(name)
    }
    task.learned = from.learned
    task.#random = Random.load(from.random)
    task.#frequency.load(from.frequency)
    task.#memory.load(from.memory, width)
    task.#held().forEach((held, i) => {
      held.bank.load(from.banks[i]!)
      held.q = new Float32Array(task.classes.length)
    })
    task.#tracker = ExpertTracker.load(from.tracker)
    task.#probe.load(from.probe, width)
    task.#boards.load(from.boards)
    return task
  }

  #held(): Held[] {
    return this.#single === null ? [this.#mixture] : [this.#mixture, this.#single]
  }

  #ask(held: Held, x: Sparse): void {
    held.bank.opinion(x, held.q)
    held.chosen = largest(held.q)
  }

  #step(x: Sparse, y: number, fresh: boolean, meter: Meter): void {
    const w = this.#frequency.weight(y)
    this.#mixture.bank.learn(x, y, w, fresh)
    if (this.#single === null) return
    meter.enter('single')
    this.#single.bank.learn(x, y, w, fresh)
    meter.leave('single')
  }

  /** What was served, in the order of the classes as they are known now. */
  #servedOpinion(served: TaskPrediction): Opinion {
    const probabilities = new Float64Array(this.classes.length)
    served.classes.forEach((name, i) => {
      const c = this.indexOf(name)
      if (c >= 0) probabilities[c] = served.probabilities[i]!
    })
    return { probabilities, chosen: this.indexOf(served.chosen) }
  }
}

function said({ q, chosen }: Held): Opinion {
  return { probabilities: q, chosen }
}

/** Classes by falling probability until they hold this much together. */
const CREDIBLE = 0.95

function credibleSet(probabilities: readonly number[]): number[] {
  const order = probabilities.map((_, c) => c).sort((a, b) => probabilities[b]! - probabilities[a]! || a - b)
  let sum = 0
  const at = order.findIndex(c => {
    sum += probabilities[c]!
    return sum >= CREDIBLE
  })
  return order.slice(0, at < 0 ? order.length : at + 1)
}

/** Index of the largest, the lowest on ties; −1 of nothing. */
function largest(q: Float32Array): number {
  let best = q.length > 0 ? 0 : -1
  for (let c = 1; c < q.length; c++) if (q[c]! > q[best]!) best = c
  return best
}
