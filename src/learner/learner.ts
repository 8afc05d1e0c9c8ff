/**
 * The fold: `state', effects = take(state, record)`. One deterministic function holds all the logic of learning: time comes
 * from events, chance from generators in the state, nothing else comes in. The same records give the same bytes.
 *
 * Of every example: score, then learn; what it teaches the encoder it teaches last, so that it is learned as it was seen.
 */
import { Encoder } from '../encode/encoder.ts'
import type { Control, Example, Observation, Prediction, Signal } from '../events/event.ts'
import { Random } from '../numeric/random.ts'
import { RowBlock } from '../numeric/row-block.ts'
import type { Saved } from '../numeric/saved.ts'
import { Sparse } from '../numeric/sparse.ts'
import { Domains } from './domains.ts'
import { DOMAIN, inputName, inputNames, inputsOf } from './inputs.ts'
import { type Meter, noMeter } from './meter.ts'
import { checkSame, type LearnerOptions } from './options.ts'
import { Overflow } from './overflow.ts'
import { Seen, type SeenLabel } from './seen.ts'
import { Signals } from './signals.ts'
import type { LearnerStatus } from './status.ts'
import { TaskLearner } from './task.ts'

/** Version of the fold. Any change of what `take` computes raises it: states of different versions refuse to compare. */
export const FOLD = 1

/** What became of a record. */
export interface Taken {
  /**
   * `learned` when at least one task was; `expired` when it can no longer be told from a repeat; `overflowed` when all that
   * is new in it lies beyond the limits on tasks and classes.
   */
  readonly outcome: 'learned' | 'corrected' | 'repeated' | 'expired' | 'overflowed' | 'control'
  readonly signals: readonly Signal[]
}

export class Learner {
  readonly options: LearnerOptions
  /** Examples taken from which something was learned. */
  learned = 0
  #repeated = 0
  #corrected = 0
  /** Most learning steps an example may have, by the last control; Infinity without. */
  #effort = Number.POSITIVE_INFINITY
  readonly #tasks: TaskLearner[] = []
  readonly #domains: Domains
  readonly #overflow: Overflow
  readonly #encoder: Encoder
  readonly #block = new RowBlock()
  readonly #seen: Seen
  readonly #signals = new Signals()
  #random: Random
  readonly #meter: Meter
  readonly #x = new Sparse()
  readonly #asked = new Sparse()

  constructor(options: LearnerOptions, meter: Meter = noMeter) {
    this.options = options
    this.#meter = meter
    this.#random = new Random(options.seed)
    this.#seen = new Seen(options.maxIds)
    this.#overflow = new Overflow(this.#signals)
    this.#domains = new Domains(options.domain, options.maxDomains)
    const { knots, maxFeatures, maxCategories, maxDomains } = options
    this.#encoder = new Encoder({
      ...knots,
      maxFeatures,
      maxCategories: name => (name === DOMAIN ? maxDomains + 1 : maxCategories)
    })
  }

  /** What the state says of an observation, for every task known. Changes nothing. */
  predict(observation: Observation): Prediction {
    this.#meter.enter('predict')
    const domain = this.#domains.of(observation)
    this.#encoder.encode(this.#encoder.observe(inputsOf(observation, this.options.domain, domain)), this.#asked)
    const tasks = this.#tasks.filter(task => task.classes.length > 0).map(task => task.predict(this.#asked))
    this.#meter.leave('predict')
    return { observation: observation.id, line: observation.line, time: observation.time, learned: this.learned, fold: FOLD, tasks }
  }

  /** What the single model of each task says of an observation, for comparison. Changes nothing. */
  predictSingle(
    observation: Observation
  ): ReadonlyMap<string, { readonly classes: readonly string[]; readonly probabilities: Float32Array; readonly chosen: string }> {
    const domain = this.#domains.of(observation)
    this.#encoder.encode(this.#encoder.observe(inputsOf(observation, this.options.domain, domain)), this.#asked)
    const said = new Map()
    for (const task of this.#tasks) {
      const single = task.classes.length > 0 ? task.predictSingle(this.#asked) : null
      if (single !== null) said.set(task.name, { classes: task.classes, ...single })
    }
    return said
  }

  /** Takes the next record of the log. Never throws on data that passed its checks. */
  take(record: Example | Control): Taken {
    return 'kind' in record ? this.#takeControl(record) : this.#takeExample(record)
  }

  /** What it tells of itself. */
  status(): LearnerStatus {
    return {
      fold: FOLD,
      learned: this.learned,
      repeated: this.#repeated,
      corrected: this.#corrected,
      domains: this.#domains.names,
      features: this.#encoder.width,
      bytes: this.#block.bytes + this.#encoder.bytes,
      tasks: this.#tasks.map(task => task.status())
    }
  }

  save(): Saved {
    return {
      fold: FOLD,
      options: this.options as unknown as Saved,
      learned: this.learned,
      repeated: this.#repeated,
      corrected: this.#corrected,
      signals: this.#signals.count,
      effort: this.#effort,
      random: this.#random.save(),
      domains: this.#domains.save(),
      overflowed: this.#overflow.save(),
      encoder: this.#encoder.save(),
      seen: this.#seen.save(),
      tasks: this.#tasks.map(task => task.save(this.#encoder.width)),
      block: this.#block.save()
    }
  }

  /**
   * Continues from a saved state, bit for bit. Throws an Error that names the difference when it was saved by another
   * version of the fold or with other options.
   */
  static load(saved: Saved, options: LearnerOptions, meter: Meter = noMeter): Learner {
    const from = saved as { fold: number; options: Saved } & Record<string, Saved>
    if (from.fold !== FOLD)
      throw new Error(`expected a state of fold version ${FOLD}, got version ${from.fold}: replay the log with this version`)
    checkSame(from.options, options)
    const learner = new Learner(options, meter)
    learner.learned = from.learned as number
    learner.#repeated = from.repeated as number
    learner.#corrected = from.corrected as number
    learner.#signals.count = from.signals as number
    learner.#effort = from.effort as number
    learner.#random = Random.load(from.random!)
    learner.#domains.load(from.domains!)
    learner.#overflow.load(from.overflowed!)
    learner.#encoder.load(from.encoder!)
    learner.#seen.load(from.seen!)
    for (const [i, task] of (from.tasks as Saved[]).entries())
      learner.#tasks.push(TaskLearner.load(task, i, learner.#block, options, learner.#encoder.width))
    learner.#block.load(from.block!)
    return learner
  }

  #takeControl(control: Control): Taken {
    this.#signals.open(control.time, this.learned)
    this.#effort = Math.max(1, Math.floor(control.value))
    this.#signals.tell('effort-capped', { value: this.#effort }, `at most ${this.#effort} learning steps an example`)
    return { outcome: 'control', signals: this.#signals.close() }
  }

  #takeExample(example: Example): Taken {
    const { observation, labelTime } = example
    this.#signals.open(labelTime, this.learned)
    const entry = this.#seen.get(observation.id)
    if (entry === undefined && observation.time <= this.#seen.floor) return { outcome: 'expired', signals: [] }
    const already = entry?.labels ?? []
    const { fresh, corrected, beyond } = this.#sort(example, already)
    const labels = [...corrected, ...(fresh.length > 0 ? this.#study(example, fresh, entry === undefined) : [])]
    if (labels.length > 0) this.#seen.remember(observation.id, observation.time, labels)
    const outcome = fresh.length > 0 ? 'learned' : corrected.length > 0 ? 'corrected' : beyond ? 'overflowed' : 'repeated'
    if (outcome === 'learned') this.learned++
    if (outcome === 'repeated') this.#repeated++
    return { outcome, signals: this.#signals.close() }
  }

  /** Scores the new labels, then learns them. Returns what to remember of them. */
  #study(example: Example, fresh: readonly (readonly [task: string, name: string])[], first: boolean): SeenLabel[] {
    const { observation, prediction } = example
    this.#meter.enter('learn')
    const domain = this.#domains.admit(observation, this.#signals)
    const inputs = inputsOf(observation, this.options.domain, domain)
    let x = this.#asked
    let raw = this.#encoder.observe(inputs)
    this.#encoder.encode(raw, x)
    const chosen = fresh.map(([name, value]) => {
      const task = this.#task(name)
      const served = prediction?.tasks.find(each => each.task === name)
      return task === undefined || task.classes.length === 0 ? -1 : task.judge(x, task.indexOf(value), domain, served, this.#meter)
    })
    if (this.#declare(inputs, domain)) {
      x = this.#x
      raw = this.#encoder.observe(inputs)
      this.#encoder.encode(raw, x)
    }
    const steps = Math.min(this.options.steps, this.#effort)
    const labels: SeenLabel[] = []
    fresh.forEach(([name, value], i) => {
      const known = this.#task(name)
      if (this.#beyond(known, name, value)) return
      const task = known ?? this.#addTask(name)
      const y = this.#classOf(task, value)
      task.learn(observation.id, domain, raw, x, y, this.#encoder, steps, this.#meter)
      labels.push({ task: this.#tasks.indexOf(task), y, chosen: chosen[i]!, domain: this.#domains.indexOf(domain) })
    })
    if (first) this.#teachEncoder(raw)
    this.#meter.leave('learn')
    return labels
  }

  #task(name: string): TaskLearner | undefined {
    return this.#tasks.find(task => task.name === name)
  }

  /** Tells the labels that are new from those that repeat or correct one, and applies the corrections. */
  #sort(
    example: Example,
    already: readonly SeenLabel[]
  ): { fresh: [task: string, name: string][]; corrected: SeenLabel[]; beyond: boolean } {
    const fresh: [string, string][] = []
    const corrected: SeenLabel[] = []
    let beyond = false
    const { observation, labels } = example
    for (const name in labels) {
      const value = labels[name]!
      const task = this.#task(name)
      const before = already.find(label => this.#tasks[label.task] === task)
      if (task !== undefined && before !== undefined && task.classes[before.y] === value) continue
      if (this.#beyond(task, name, value)) beyond = true
      else if (task === undefined || before === undefined) fresh.push([name, value])
      else {
        const y = this.#classOf(task, value)
        task.correct(observation.id, this.#domains.at(before.domain), before.y, y, before.chosen)
        corrected.push({ ...before, y })
        this.#corrected++
        this.#signals.tell(
          'label-corrected',
          { task: name, class: value },
          `${observation.id}: ${name} was ${task.classes[before.y]}, is ${value}`
        )
      }
    }
    return { fresh, corrected, beyond }
  }

  #teachEncoder(raw: Float64Array): void {
    const moves = this.#encoder.learn(raw, this.#random)
    if (moves === null) return
    for (const task of this.#tasks) task.carry(moves)
    this.#signals.tell('knots-refitted', { value: this.#encoder.learned }, `knots fitted again after ${this.#encoder.learned} examples`)
  }

  /** Makes room for the inputs not seen before. True when there were any. */
  #declare(inputs: ReadonlyMap<string, number | string | null>, domain: string): boolean {
    const { features, overflowed } = this.#encoder.declare(inputs)
    if (features.length > 0) {
      this.#signals.tell('feature-appeared', { domain, value: features.length }, `features appeared: ${inputNames(features)}`)
    }
    for (const name of overflowed)
      this.#overflow.tell(
        inputs.has(name) ? 'feature' : 'category',
        { domain },
        `${inputName(name)} has no entry of its own: the limit is reached`
      )
    const grown = this.#encoder.rows > this.#block.rows
    this.#block.extend(this.#encoder.rows)
    return grown
  }

  /** Whether a label lies beyond the limit on tasks or on the classes of its task; each name is told once. */
  #beyond(task: TaskLearner | undefined, name: string, value: string): boolean {
    const { maxTasks, maxClasses } = this.options
    if (task === undefined) {
      if (this.#tasks.length < maxTasks) return false
      this.#overflow.tell('task', { task: name }, `expected at most ${maxTasks} tasks: ${name} is not learned`)
      return true
    }
    if (task.indexOf(value) >= 0 || task.classes.length < maxClasses) return false
    this.#overflow.tell('class', { task: name, class: value }, `expected at most ${maxClasses} classes of ${name}: ${value} is not learned`)
    return true
  }

  #addTask(name: string): TaskLearner {
    const task = new TaskLearner(name, this.#tasks.length, this.#block, this.options, this.#encoder.active)
    this.#tasks.push(task)
    this.#signals.tell('task-appeared', { task: name }, `task ${name} appeared`)
    return task
  }

  #classOf(task: TaskLearner, name: string): number {
    const known = task.indexOf(name)
    if (known >= 0) return known
    this.#signals.tell('class-appeared', { task: task.name, class: name }, `class ${name} of ${task.name} appeared`)
    return task.addClass(name)
  }
}
