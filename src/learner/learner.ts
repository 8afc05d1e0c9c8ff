/**
 * The fold: `state', effects = take(state, record)`. One deterministic function holds all the logic of learning: time comes
 * from events, chance from generators in the state, nothing else comes in. The same records give the same bytes.
 *
 * Of every example: score, then learn; what it teaches the encoder it teaches last, so that it is learned as it was seen.
 */
import type { Features } from '../encode/columns.ts'
import { RawTable } from '../encode/raw-table.ts'
import { type Control, type DriftSeen, type Example, isUnderLoad, type Observation, type Prediction, type Signal } from '../events/event.ts'
import type { Kernel } from '../numeric/kernel.ts'
import { openKernel } from '../numeric/open-kernel.ts'
import { Random } from '../numeric/random.ts'
import { withoutSquares } from '../numeric/row-block.ts'
import type { Saved } from '../numeric/saved.ts'
import type { Ground } from './banks.ts'
import { Chain } from './chain.ts'
import { Domains } from './domains.ts'
import { labelFreeReport } from './drift-report.ts'
import { type EncodedRecord, Encodings } from './encodings.ts'
import { SharedGates } from './gates.ts'
import { inputName, inputNames, inputsOf } from './inputs.ts'
import { KEPT, LastLabels } from './last-labels.ts'
import { type Meter, noMeter } from './meter.ts'
import { checkSame, type LearnerOptions } from './options.ts'
import { Overflow } from './overflow.ts'
import { recipeOf } from './presets.ts'
import { Seen, type SeenLabel } from './seen.ts'
import { Signals } from './signals.ts'
import type { LearnerStatus } from './status.ts'
import { TaskAffinity } from './task-affinity.ts'
import { Tasks } from './tasks.ts'
import type { Watcher } from './watcher.ts'

/** Version of the fold. Any change of what `take` computes raises it: states of different versions refuse to compare. */
export const FOLD = 6
const MEBI = 1024 * 1024

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
  /** Most learning steps an example may have, by the last control of people and the last under load; Infinity without. */
  #effort = Number.POSITIVE_INFINITY
  #eased = Number.POSITIVE_INFINITY
  readonly #tasks: Tasks
  readonly #domains: Domains
  readonly #overflow: Overflow
  readonly #encodings: Encodings
  readonly #ground: Ground
  readonly #seen: Seen
  /** Null where they are no inputs. */
  readonly #lastLabels: LastLabels | null
  readonly #signals = new Signals()
  readonly #affinity = new TaskAffinity()
  /** Whether what learning needs is missing. */
  #predictive = false
  #random: Random
  readonly #meter: Meter
  readonly #arrived: EncodedRecord
  readonly #learning: EncodedRecord

  /** `kernel` is what it computes on: the bits are the same on every one. */
  constructor(options: LearnerOptions, meter: Meter = noMeter, watcher: Watcher | null = null, kernel: Kernel = openKernel()) {
    this.options = options
    this.#meter = meter
    this.#random = new Random(options.seed)
    this.#seen = new Seen(options.maxIds)
    this.#lastLabels = options.lastLabel ? new LastLabels(Math.min(KEPT, options.maxIds)) : null
    this.#overflow = new Overflow(this.#signals)
    this.#domains = new Domains(options.domain, options.maxDomains)
    this.#encodings = new Encodings(options, kernel)
    const chain = recipeOf(options).banks.some(({ scope }) => scope === 'chain') ? new Chain() : null
    const { maxMiB } = options
    const hasRoom = (): boolean =>
      this.#tasks.all.reduce((sum, task) => sum + task.weightBytes(this.#encodings.columns.rows), 0) < maxMiB * MEBI
    this.#ground = {
      kernel,
      encodings: this.#encodings,
      options,
      gates: new SharedGates(),
      hasRoom,
      chain,
      signals: this.#signals,
      domains: this.#domains,
      watcher
    }
    this.#tasks = new Tasks(this.#ground, this.#domains, this.#overflow)
    this.#arrived = this.#encodings.record()
    this.#learning = this.#encodings.record()
  }

  /** What the state says of an observation, for every task known; of one learned in part, by what was known when it came. Changes nothing. */
  predict(observation: Observation): Prediction {
    this.#meter.enter('predict')
    const already = this.#seen.get(observation.id)?.labels ?? []
    const record = this.#see(observation, firstOf(already, this.learned))
    this.#hear(record, null, already)
    const tasks = this.#tasks.all.filter(task => task.classes.length > 0).map(task => task.predict(record))
    this.#meter.leave('predict')
    const { id, line, time, station } = observation
    return { observation: id, line, time, learned: this.learned, fold: FOLD, tasks, station }
  }

  /** What the single model of each task says of an observation, for comparison. Changes nothing. */
  predictSingle(
    observation: Observation
  ): ReadonlyMap<string, { readonly classes: readonly string[]; readonly probabilities: Float32Array; readonly chosen: string }> {
    const already = this.#seen.get(observation.id)?.labels ?? []
    const record = this.#see(observation, firstOf(already, this.learned))
    const said = new Map()
    for (const task of this.#tasks.all) {
      const single = task.classes.length > 0 ? task.predictSingle(record) : null
      if (single !== null) said.set(task.name, { classes: task.classes, ...single })
    }
    return said
  }

  /**
   * Whether `take` would show its watcher what is said of every label here whose task knows a class: the observation is new,
   * and no label lies beyond the limits. What is shown is then what `predict` would say.
   */
  judges({ id, time }: Observation, labels: Readonly<Record<string, string>>): boolean {
    return this.#seen.get(id) === undefined && time > this.#seen.floor && this.#tasks.hold(labels)
  }

  /** Takes the next record of the log. Never throws on data that passed its checks. */
  take(record: Example | Control): Taken {
    if (this.#predictive) throw new Error('expected a whole state to learn with, got one that only predicts')
    return 'kind' in record ? this.#takeControl(record) : this.#takeExample(record)
  }

  /** Most learning steps an example may have by the last controls, Infinity without; what of it is due to load; and most that it ever has. */
  get stepCap(): number {
    return Math.min(this.#effort, this.#eased)
  }

  get loadCap(): number {
    return this.#eased
  }

  get mostSteps(): number {
    return recipeOf(this.options).effort.most
  }

  get kernel(): Kernel['name'] {
    return this.#ground.kernel.name
  }

  /** Bytes of what it has learned. */
  get bytes(): number {
    const beside = this.#encodings.bytes + this.#ground.gates.bytes + (this.#lastLabels?.bytes ?? 0)
    return this.#tasks.all.reduce((sum, task) => sum + task.bytes, beside)
  }

  /** What it tells of itself. */
  status(): LearnerStatus {
    return {
      fold: FOLD,
      kernel: this.kernel,
      learned: this.learned,
      repeated: this.#repeated,
      corrected: this.#corrected,
      domains: this.#domains.names,
      features: this.#encodings.columns.width,
      bytes: this.bytes,
      tasks: this.#tasks.all.map(task => task.status(this.#domains.names)),
      affinity: this.#affinity.report(this.#tasks.all.map(task => task.name))
    }
  }

  save(): Saved {
    const raws = new RawTable()
    return {
      fold: FOLD,
      options: this.options as unknown as Saved,
      learned: this.learned,
      repeated: this.#repeated,
      corrected: this.#corrected,
      signals: this.#signals.count,
      effort: this.#effort,
      eased: this.#eased,
      random: this.#random.save(),
      domains: this.#domains.save(),
      overflowed: this.#overflow.save(),
      columns: this.#encodings.columns.save(),
      encodings: this.#encodings.save(raws),
      seen: this.#seen.save(),
      tasks: this.#tasks.save(raws),
      gates: this.#ground.gates.save(),
      affinity: this.#affinity.save(),
      ...(this.#lastLabels === null ? {} : { lastLabels: this.#lastLabels.save() }),
      ...(this.#ground.chain === null ? {} : { chain: this.#ground.chain.save() }),
      raws: raws.save(this.#encodings.columns.width)
    }
  }

  /** What it needs to predict: a part of the state, about a third of its bytes. */
  savePredictive(): Saved {
    return {
      fold: FOLD,
      options: this.options as unknown as Saved,
      learned: this.learned,
      domains: this.#domains.save(),
      columns: this.#encodings.columns.save(),
      encodings: this.#encodings.save(null),
      tasks: this.#tasks.savePredictive(),
      gates: withoutSquares(this.#ground.gates.save()),
      ...(this.#lastLabels === null ? {} : { lastLabels: this.#lastLabels.save() }),
      ...(this.#ground.chain === null ? {} : { chain: this.#ground.chain.save() })
    }
  }

  /**
   * A learner that predicts, bit for bit, what the one that saved this does of parts it has not learned in part. It must not
   * learn: what learning needs is not there. Throws as `load` does.
   */
  static loadPredictive(saved: Saved, options: LearnerOptions, meter: Meter, kernel: Kernel): Learner {
    const from = sameFold(saved, options)
    const learner = new Learner(options, meter, null, kernel)
    learner.#predictive = true
    learner.learned = from.learned as number
    learner.#domains.load(from.domains!)
    learner.#encodings.columns.load(from.columns!)
    learner.#encodings.load(from.encodings!, new RawTable())
    learner.#lastLabels?.load(from.lastLabels!)
    learner.#ground.chain?.load(from.chain!)
    learner.#tasks.loadPredictive(from.tasks!)
    learner.#ground.gates.load(from.gates!)
    return learner
  }

  /**
   * Continues from a saved state, bit for bit. Throws an Error that names the difference when it was saved by another
   * version of the fold or with other options.
   */
  static load(saved: Saved, options: LearnerOptions, meter: Meter = noMeter): Learner {
    const from = sameFold(saved, options)
    const learner = new Learner(options, meter)
    learner.learned = from.learned as number
    learner.#repeated = from.repeated as number
    learner.#corrected = from.corrected as number
    learner.#signals.count = from.signals as number
    learner.#effort = from.effort as number
    learner.#eased = from.eased as number
    learner.#random = Random.load(from.random!)
    learner.#domains.load(from.domains!)
    learner.#overflow.load(from.overflowed!)
    learner.#encodings.columns.load(from.columns!)
    const raws = RawTable.load(from.raws!, learner.#encodings.columns.width)
    learner.#encodings.load(from.encodings!, raws)
    learner.#seen.load(from.seen!)
    learner.#lastLabels?.load(from.lastLabels!)
    learner.#ground.chain?.load(from.chain!)
    learner.#tasks.load(from.tasks!, raws)
    learner.#ground.gates.load(from.gates!)
    learner.#affinity.load(from.affinity!)
    return learner
  }

  /** Throws an Error that names the difference where a state is of another version of the fold or of other options. */
  static expectFit(saved: Saved, options: LearnerOptions): void {
    sameFold(saved, options)
  }

  #takeControl(control: Control): Taken {
    this.#signals.open(control.time, this.learned)
    if (control.drift !== null) return this.#takeDrift(control, control.drift)
    const cap = Math.max(1, Math.floor(control.value))
    // What load takes away it gives back: what people have decided stands meanwhile, and after.
    if (isUnderLoad(control)) this.#eased = cap
    else this.#effort = cap
    this.#signals.tell('effort-capped', { value: this.stepCap }, `at most ${this.stepCap} learning steps an example`)
    return { outcome: 'control', signals: this.#signals.close() }
  }

  /** A drift that was seen without labels. One that is told a second time, or of a domain that is not known, changes nothing. */
  #takeDrift({ task: name, time }: Control, seen: DriftSeen): Taken {
    const domain = this.#domains.find(seen.domain)
    const tasks = this.#tasks.all.filter(task => name === null || task.name === name)
    if (domain >= 0 && this.options.drift !== 'off') {
      const report = labelFreeReport(seen, tasks.length === 1 && this.#tasks.all.length > 1 ? name : null, time)
      const fresh = tasks.filter(task => task.hear(domain, report))
      if (fresh.length > 0) {
        if (report.what === 'input' && this.options.drift === 'answer') this.#encodings.renew(domain)
        const about = { domain: seen.domain, task: name, class: seen.class, value: seen.to }
        this.#signals.tell('drift-suspected', about, report.message)
      }
    }
    return { outcome: 'control', signals: this.#signals.close() }
  }

  #takeExample(example: Example): Taken {
    const { observation, labelTime, prediction } = example
    this.#signals.open(labelTime, this.learned)
    const entry = this.#seen.get(observation.id)
    if (entry === undefined && observation.time <= this.#seen.floor) return { outcome: 'expired', signals: [] }
    const already = entry?.labels ?? []
    // Before corrections: one may bring a class, which changes what its task says.
    const version = prediction?.learned ?? firstOf(already, this.learned)
    if (this.#ground.chain !== null) this.#hear(this.#see(observation, version), prediction, already)
    const { fresh, corrected, beyond } = this.#tasks.sort(example, already)
    this.#corrected += corrected.length
    const labels = [...corrected, ...(fresh.length > 0 ? this.#study(example, fresh, version, entry?.labels ?? null) : [])]
    if (labels.length > 0) this.#seen.remember(observation.id, observation.time, labels)
    this.#ground.chain?.meet(this.#tasks.all)
    const outcome = fresh.length > 0 ? 'learned' : corrected.length > 0 ? 'corrected' : beyond ? 'overflowed' : 'repeated'
    if (outcome === 'learned') this.learned++
    if (outcome === 'repeated') this.#repeated++
    return { outcome, signals: this.#signals.close() }
  }

  /** Scores the new labels, then learns them; `before` are those learned of it earlier, null at the first, and `version` the state that it is seen by. Returns what to remember of them. */
  #study(
    example: Example,
    fresh: readonly (readonly [task: string, name: string])[],
    version: number,
    before: readonly SeenLabel[] | null
  ): SeenLabel[] {
    const { observation, prediction } = example
    this.#meter.enter('learn')
    const domain = this.#domains.admit(observation, this.#signals)
    const place = this.#domains.indexOf(domain)
    const inputs = this.#inputs(observation, domain, place, version)
    const arrived = this.#encode(this.#arrived, inputs, place)
    const when = { domain, time: observation.time, at: example.labelTime, tasks: this.#tasks.all.length }
    const chosen = fresh.map(([name, value]) => {
      const task = this.#tasks.find(name)
      const served = prediction?.tasks.find(each => each.task === name)
      return task === undefined || task.classes.length === 0 ? -1 : task.judge(arrived, task.indexOf(value), when, served, this.#meter)
    })
    this.#compare(fresh, chosen, before ?? [])
    const record = this.#declare(inputs, domain) ? this.#encode(this.#learning, inputs, place) : arrived
    record.heard = arrived.heard
    record.serial = this.learned
    const labels: SeenLabel[] = []
    fresh.forEach(([name, value], i) => {
      const admitted = this.#tasks.admit(name, value)
      if (admitted === null) return
      const { task, y } = admitted
      task.learn(observation.id, domain, record, y, this.stepCap, this.#meter)
      labels.push({ task: this.#tasks.placeOf(task), y, chosen: chosen[i]!, domain: place, serial: this.learned })
    })
    this.#lastLabels?.add(place, this.learned + 1, labels)
    if (before === null) this.#teachEncodings(record, domain)
    this.#meter.leave('learn')
    return labels
  }

  /** Which task's choice would have helped which: all have been asked, none has learned. */
  #compare(fresh: readonly (readonly [task: string, name: string])[], chosen: readonly number[], before: readonly SeenLabel[]): void {
    if (this.#tasks.all.length < 2) return
    const labelled = fresh.flatMap(([name, value], i) => {
      const task = this.#tasks.find(name)
      if (task === undefined || chosen[i]! < 0) return []
      return [{ task: this.#tasks.placeOf(task), chosen: chosen[i]!, y: task.indexOf(value), p: task.reported }]
    })
    this.#affinity.observe(labelled, before)
  }

  /** An observation as it arrives: its domain may be unknown, and what was not declared is left out. */
  #see(observation: Observation, version: number): EncodedRecord {
    const domain = this.#domains.of(observation)
    const place = this.#domains.find(domain)
    return this.#encode(this.#arrived, this.#inputs(observation, domain, place, version), place)
  }

  /** What of an observation is an input, with what was known of its domain when `version` examples were learned. */
  #inputs(observation: Observation, domain: string, place: number, version: number): Features {
    const last = (this.#lastLabels?.known(place, version) ?? []).map(({ task, y, age }) => {
      const { name, classes } = this.#tasks.all[task]!
      return { task: name, label: classes[y]!, age }
    })
    return inputsOf(observation, this.options.domain, domain, last)
  }

  /** Where tasks hear one another: asks every task of a record, by what was served where that is known. */
  #hear(record: EncodedRecord, prediction: Prediction | null, already: readonly SeenLabel[] = []): void {
    const { chain } = this.#ground
    if (chain === null) return
    // A task that has learned this observation knows its label: what it would say now nobody could have heard.
    const silent = prediction === null ? new Set(already.map(({ task }) => task)) : undefined
    record.heard = chain.hear(this.#tasks.all, record, prediction, silent)
  }

  #encode(record: EncodedRecord, inputs: Features, domain: number): EncodedRecord {
    this.#encodings.fill(record, this.#encodings.columns.observe(inputs), domain, 'both')
    return record
  }

  #teachEncodings({ raw, domain }: EncodedRecord, name: string): void {
    const moved = this.#encodings.learn(raw, domain, this.#random)
    if (moved.length === 0) return
    for (const task of this.#tasks.all) task.carry(moved)
    this.#ground.gates.carry(moved)
    for (const { encoding, learned } of moved) {
      const own = encoding === 'pooled' ? {} : { domain: name }
      this.#signals.tell(
        'knots-refitted',
        { ...own, value: learned },
        `knots ${own.domain === undefined ? 'of all' : `of ${name}`} fitted again after ${learned} examples`
      )
    }
  }

  /** Makes room for the inputs not seen before. True when there were any. */
  #declare(inputs: Features, domain: string): boolean {
    const before = this.#encodings.columns.rows
    const { features, overflowed } = this.#encodings.columns.declare(inputs)
    if (features.length > 0) {
      this.#signals.tell('feature-appeared', { domain, value: features.length }, `features appeared: ${inputNames(features)}`)
    }
    const named = overflowed.length > 0 ? new Set(inputs.names) : null
    for (const name of overflowed)
      this.#overflow.tell(
        named!.has(name) ? 'feature' : 'category',
        { domain },
        `${inputName(name)} has no entry of its own: the limit is reached`
      )
    return this.#encodings.columns.rows > before
  }
}

/** A saved state's parts, once it is known that this version of the fold with these options made it. */
function sameFold(saved: Saved, options: LearnerOptions): Readonly<Record<string, Saved>> {
  const from = saved as { fold: number; options: Saved } & Record<string, Saved>
  if (from.fold !== FOLD)
    throw new Error(`expected a state of fold version ${FOLD}, got version ${from.fold}: replay the log with this version`)
  checkSame(from.options, options)
  return from
}

/** The state by which an observation was first learned, where it was; else `now`. */
function firstOf(labels: readonly SeenLabel[], now: number): number {
  return labels.reduce((least, { serial }) => Math.min(least, serial), now)
}
