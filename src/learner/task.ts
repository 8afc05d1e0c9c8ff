/**
 * One task of the learner: its classes, how frequent they are, what is remembered of them, the committee that answers for
 * it, and how well it does. Judge before learning, always: `judge` takes the opinions given on arrival, `learn` changes them.
 */
import type { RawTable } from '../encode/raw-table.ts'
import type { TaskPrediction } from '../events/event.ts'
import { ReadinessBook } from '../judge/readiness.ts'
import { numbersOf } from '../numeric/numbers-of.ts'
import { withoutSquares } from '../numeric/row-block.ts'
import type { Saved } from '../numeric/saved.ts'
import type { BankReport } from '../stability/expert-report.ts'
import { type Ground, makeBank, readsOf } from './banks.ts'
import { Boards, type Opinion } from './boards.ts'
import type { Heard } from './chain.ts'
import { Committee } from './committee.ts'
import { credibleSet, decide, likeliest } from './decision.ts'
import { watchOf } from './domain-watch.ts'
import { answerDrift } from './drift-answer.ts'
import type { DriftReport } from './drift-report.ts'
import { DriftWatch } from './drift-watch.ts'
import type { EncodedRecord, Moved } from './encodings.ts'
import { LineAffinity } from './line-affinity.ts'
import type { Meter } from './meter.ts'
import type { BankOptions, LearnerOptions } from './options.ts'
import { Parts } from './parts.ts'
import { Practice } from './practice.ts'
import { recipeOf } from './presets.ts'
import { Pupil } from './pupil.ts'
import type { SeenLabel } from './seen.ts'
import { servedOpinion, servedOpinions } from './served.ts'
import { ServedSharing } from './served-sharing.ts'
import { startsOf } from './starts.ts'
import type { TaskStatus } from './status.ts'
import { SyntheticReplay } from './synthetic-replay.ts'
import { tellTurns } from './turns.ts'

/** Seeds of the parts differ by these, so that no two draw alike. */
const SEED_STEP = 1_000_003
const BANK_SEED = 7919

/** The single model: what one expert on the same encoding would do. */
const single: BankOptions = {
  name: 'single',
  experts: 1,
  scope: 'task',
  joint: false,
  rate: 0.06,
  decay: 0,
  steps: 4,
  gate: 'all',
  start: 'random'
}

/** Where and when a part was made that is judged: event times of the part and of its label, and the tasks known by now. */
export interface When {
  readonly domain: string
  readonly time: number
  readonly at: number
  readonly tasks: number
}

export class TaskLearner {
  readonly name: string
  readonly classes: string[] = []
  readonly #index = new Map<string, number>()
  readonly #ground: Ground
  /** D when the task appeared: first weights are scaled by it. */
  readonly #inputs: number
  readonly #options: LearnerOptions
  readonly #parts: Parts
  readonly #practice: Practice
  readonly #pupils: Pupil[]
  readonly #committee: Committee
  readonly #single: Pupil | null
  readonly #boards: Boards
  readonly #readiness = new ReadinessBook()
  readonly #lines = new LineAffinity()
  readonly #served = new ServedSharing()
  /** Null where it is off. */
  readonly #synthetic: SyntheticReplay | null
  /** Null where drift is not looked for. */
  readonly #drift: DriftWatch | null
  /** Its place among the tasks. */
  readonly #order: number
  #singleQ = new Float32Array(0)

  /** `order` is the task's place among the tasks, `inputs` the number of inputs active when it appeared. */
  constructor(name: string, order: number, ground: Ground, inputs: number) {
    const { options, encodings } = ground
    const recipe = recipeOf(options)
    this.name = name
    this.#ground = ground
    this.#order = order
    this.#inputs = inputs
    this.#options = options
    this.#parts = new Parts(options)
    const seed = options.seed * SEED_STEP + order
    const pupil = (bank: BankOptions, at: number): Pupil => {
      const own = seed + at * BANK_SEED
      return new Pupil(bank, own, {
        bank: restarts => makeBank(ground, bank, own, inputs, restarts),
        watch: made =>
          watchOf(made, {
            bank: bank.name,
            K: bank.experts ?? options.experts,
            encodings,
            reads: readsOf(bank),
            hear: (record, heard) => this.#hear(record, heard),
            tell: (domain, turns) =>
              tellTurns(ground.signals, { task: name, bank: bank.name, domain: domain === null ? null : ground.domains.at(domain) }, turns)
          })
      })
    }
    this.#pupils = recipe.banks.map((bank, m) => pupil(bank, m + 1))
    this.#committee = new Committee(this.#pupils, options)
    this.#single = options.single ? pupil(single, 0) : null
    this.#boards = new Boards(options.judge)
    this.#synthetic = options.rare.synthetic > 0 ? new SyntheticReplay(options.rare.synthetic) : null
    this.#drift = options.drift === 'off' ? null : new DriftWatch(name, order)
    this.#practice = new Practice({
      ground,
      parts: this.#parts,
      effort: recipe.effort,
      synthetic: this.#synthetic,
      hear: (record, heard) => this.#hear(record, heard)
    })
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
    this.#parts.addClass()
    this.#committee.addClass()
    this.#single?.bank.addClass()
    this.#singleQ = new Float32Array(this.classes.length)
    return y
  }

  /** Asks the banks that hear no other task. Returns p − 1/C by class, of what was served where it is given, NaN of a class not known then. */
  speak(record: EncodedRecord, served: TaskPrediction | undefined): Float64Array {
    this.#committee.ask(record, 'first')
    const p = served === undefined ? this.#committee.p : this.#committee.unchained(record.domain, ...this.#servedOpinions(served))
    const C = served?.classes.length ?? p.length
    return p.map((each, c) => (served === undefined || served.classes.includes(this.classes[c]!) ? each - 1 / C : Number.NaN))
  }

  /** The distribution and the class chosen from it, for the banks as they stand. */
  predict(record: EncodedRecord): TaskPrediction {
    const { members, spoke, Q, reported, C } = this.#ask(record)
    const probabilities = numbersOf(reported).map(Math.fround)
    const chosen = this.#chosen()
    const { counts } = this.#parts.whole.frequency
    this.#ground.watcher?.predicted?.({ task: this.name, classes: this.classes, p: this.#committee.p, reported, chosen, counts })
    const weights = this.#committee.weights(record.domain)
    return {
      task: this.name,
      classes: this.classes.slice(),
      probabilities,
      chosen: this.classes[chosen]!,
      set: credibleSet(probabilities).map(c => this.classes[c]!),
      banks: members.flatMap(({ bank }, m) =>
        spoke[m] === 0
          ? []
          : [
              {
                bank: bank.name,
                weight: weights[m]!,
                opinion: numbersOf(Q, m * C, (m + 1) * C),
                shares: numbersOf(bank.shares())
              }
            ]
      )
    }
  }

  /** What the single model says, by class; null where it does not run. */
  predictSingle(record: EncodedRecord): { readonly probabilities: Float32Array; readonly chosen: string } | null {
    if (this.#single === null) return null
    this.#askSingle(this.#single, record)
    return { probabilities: this.#singleQ.slice(), chosen: this.classes[likeliest(this.#singleQ)]! }
  }

  /**
   * Scores what the banks say of a record before they learn it, and what was served; then the pools learn from it. `known`
   * is −1 for a class that has not occurred, of which they learn nothing. Returns the class chosen on arrival.
   */
  judge(record: EncodedRecord, known: number, when: When, served: TaskPrediction | undefined, meter: Meter): number {
    const { domain } = when
    const y = known < 0 ? this.classes.length : known
    const committee = this.#ask(record)
    const chosen = this.#chosen()
    let alone: Opinion | null = null
    if (this.#single !== null) {
      meter.enter('single')
      this.#askSingle(this.#single, record)
      alone = { probabilities: this.#singleQ, chosen: likeliest(this.#singleQ) }
      meter.leave('single')
    }
    const given = served === undefined ? null : this.#servedOpinion(served)
    this.#boards.judge(y, domain, { probabilities: committee.reported, chosen }, alone, given)
    const [Q, spoke] = served === undefined ? [committee.Q, committee.spoke] : this.#servedOpinions(served)
    this.#ground.watcher?.judged({
      task: this.name,
      domain,
      classes: this.classes,
      y: known,
      input: record,
      banks: committee.names,
      Q,
      spoke,
      p: committee.p,
      reported: committee.reported,
      chosen,
      single: alone,
      counts: this.#parts.whole.frequency.counts,
      solo: committee.solo
    })
    if (known >= 0) {
      this.#readiness.observe(record.domain, y, (given ?? { chosen }).chosen === y)
      this.#lines.observe(committee, record, y)
      if (given !== null) this.#served.add(committee, record.domain, given.probabilities, Q, spoke, y)
      this.#synthetic?.judge(y, committee.p, this.#parts.whole.frequency, this.#parts.whole.memory)
      committee.judge(record.domain, y, Q, spoke)
      this.#look(record.domain, y, given ?? { probabilities: committee.reported, chosen }, when)
    }
    this.#mend(known, record.domain, domain)
    return chosen
  }

  /** The learner's answer to a drift of a domain: see `drift-answer.ts`. */
  #answer(domain: number, drift: Pick<DriftReport, 'what' | 'seen'>): void {
    answerDrift({ domain, parts: this.#parts, committee: this.#committee }, drift)
  }

  /** A drift of a domain was seen without labels: what rests wakes. False where it was told before. */
  hear(domain: number, report: DriftReport): boolean {
    if (this.#drift === null || !this.#drift.hear(report)) return false
    if (this.#options.drift === 'answer') this.#committee.wake(domain)
    return true
  }

  /** Looks for a drift in what was said of a label. */
  #look(domain: number, y: number, { probabilities, chosen }: Opinion, { domain: name, time, at, tasks }: When): void {
    const confidence = chosen < 0 ? 0 : probabilities[chosen]!
    const told = this.#drift?.observe({ y, chosen, confidence, time }, { domain, name, classes: this.classes, tasks, at }) ?? null
    if (told === null) return
    const { kind, report } = told
    this.#ground.signals.tell(kind, { domain: name, task: this.name, class: report.class, value: report.to }, report.message)
    if (kind === 'drift-detected' && this.#options.drift === 'answer') this.#answer(domain, report)
  }

  /** Learns an example, each bank with as many replayed ones as its effort says, at most `most` steps in all. */
  learn(id: string, domain: string, record: EncodedRecord, y: number, most: number, meter: Meter): void {
    this.#hear(record, record.heard)
    this.#boards.learn(y, domain)
    this.#parts.add({ id, raw: record.raw, y, domain: record.domain, others: record.heard })
    if (this.#parts.of(record.domain).learned > this.#options.admitAfter)
      this.#committee.admit(record.domain, this.#practice.first, this.#ground.hasRoom)
    const C = this.classes.length
    const { asleep, admitted } = this.#committee
    this.#pupils.forEach((pupil, m) => {
      if (pupil.options.scope === 'solo' && !admitted.has(record.domain)) return
      if (asleep[m] === 0 || pupil.options.scope === 'memory') this.#practice.teach(pupil, record, y, C, most)
    })
    if (this.#single === null) return
    meter.enter('single')
    this.#practice.teach(this.#single, record, y, C, most)
    meter.leave('single')
  }

  /** What was reported of the record judged last, (C). Valid until the next is asked. */
  get reported(): Float64Array {
    return this.#committee.reported
  }

  carry(moved: readonly Moved[]): void {
    for (const { encoding, moves } of moved) {
      this.#committee.carry(encoding, moves)
      this.#single?.bank.carry(encoding, moves)
    }
  }

  /** A label was corrected: memory, counts and scores hold the new one from now on; what the weights learned stands. */
  correct(id: string, domain: string, before: SeenLabel, after: number): void {
    this.#parts.correct(id, before.domain, before.y, after)
    this.#committee.correct(before.serial, after, this.#parts.whole.frequency.weight(after))
    this.#boards.correct(before.y, after, before.chosen, domain)
  }

  get learned(): number {
    return this.#parts.whole.learned
  }

  /**
   * Bytes that the weights of its banks take with `rows` rows, by what is known of classes and domains alone: what is
   * allocated depends on who was asked, and must decide nothing.
   */
  weightBytes(rows: number): number {
    return this.#committee.weightBytes(rows)
  }

  get bytes(): number {
    return this.#committee.bytes + (this.#single?.bank.bytes ?? 0)
  }

  status(domains: readonly string[]): TaskStatus {
    const { classes } = this
    const reports = this.#boards.report(classes)
    return {
      task: this.name,
      classes: classes.slice(),
      learned: this.learned,
      ...reports,
      single: this.#single === null ? null : reports.single,
      banks: sharedFirst(this.#pupils.flatMap(({ watch }) => watch?.report(classes, domains) ?? [])),
      readiness: this.#readiness.report(domains, classes, this.#options.judge.readyRecall),
      committee: Object.fromEntries([...this.#committee.report()].map(([place, report]) => [domains[place] ?? '', report])),
      sharingAsServed: this.#served.report(domains),
      affinity: this.#lines.report(domains),
      starts: startsOf(this.#pupils, domains),
      synthetic: this.#synthetic?.report(classes) ?? [],
      drift: this.#drift?.report() ?? [],
      bytes: { model: this.#committee.bytes, single: this.#single?.bank.bytes ?? 0, memory: this.#parts.whole.memory.bytes }
    }
  }

  /** What it needs to predict, without what it only learns with. */
  savePredictive(): Saved {
    return {
      name: this.name,
      inputs: this.#inputs,
      classes: this.classes.slice(),
      counts: this.#parts.whole.frequency.save(),
      committee: withoutSquares(this.#committee.save()),
      pupils: this.#pupils.map(pupil => pupil.savePredictive())
    }
  }

  save(raws: RawTable): Saved {
    return {
      name: this.name,
      inputs: this.#inputs,
      classes: this.classes.slice(),
      parts: this.#parts.save(raws),
      committee: this.#committee.save(),
      single: this.#single?.bank.save() ?? null,
      pupils: this.#all().map(pupil => pupil.save(raws)),
      boards: this.#boards.save(),
      readiness: this.#readiness.save(),
      lines: this.#lines.save(),
      served: this.#served.save(),
      drift: this.#drift?.save() ?? null,
      ...(this.#synthetic === null ? {} : { synthetic: this.#synthetic.save() })
    }
  }

  static load(saved: Saved, order: number, ground: Ground, raws: RawTable): TaskLearner {
    const from = saved as {
      name: string
      inputs: number
      classes: string[]
      parts: Saved
      committee: Saved
      single: Saved
      pupils: Saved[]
      boards: Saved
      readiness: Saved
      lines: Saved
      served: Saved
      drift: Saved
      synthetic?: Saved
    }
    const task = new TaskLearner(from.name, order, ground, from.inputs)
    task.#know(from.classes)
    task.#parts.load(from.parts, raws)
    task.#all().forEach((pupil, i) => {
      pupil.load(from.pupils[i]!, raws)
    })
    task.#committee.load(from.committee)
    task.#single?.bank.load(from.single)
    task.#boards.load(from.boards)
    task.#readiness.load(from.readiness)
    task.#lines.load(from.lines)
    task.#served.load(from.served)
    task.#drift?.load(from.drift)
    task.#synthetic?.load(from.synthetic!)
    return task
  }

  /** A task that can predict and nothing else. */
  static loadPredictive(saved: Saved, order: number, ground: Ground): TaskLearner {
    const from = saved as { name: string; inputs: number; classes: string[]; counts: Saved; committee: Saved; pupils: Saved[] }
    const task = new TaskLearner(from.name, order, ground, from.inputs)
    task.#know(from.classes)
    task.#parts.whole.frequency.load(from.counts)
    task.#pupils.forEach((pupil, i) => {
      pupil.loadPredictive(from.pupils[i]!)
    })
    task.#committee.load(from.committee)
    return task
  }

  #know(classes: readonly string[]): void {
    for (const name of classes) {
      this.#index.set(name, this.classes.length)
      this.classes.push(name)
    }
    this.#singleQ = new Float32Array(classes.length)
  }

  #all(): Pupil[] {
    return this.#single === null ? this.#pupils : [...this.#pupils, this.#single]
  }

  /** Where tasks hear one another, every task was asked to `speak` of the record before. */
  #ask(record: EncodedRecord): Committee {
    this.#hear(record, record.heard)
    this.#committee.ask(record, this.#ground.chain === null ? 'all' : 'chained')
    return this.#committee
  }

  /** Fills in what the others say of a record, where tasks hear one another. */
  #hear(record: EncodedRecord, heard: Heard | null): void {
    this.#ground.chain?.fill(heard, this.#order, record.others)
  }

  /** Even where the single model has run away, until it is made anew. */
  #askSingle({ bank }: Pupil, record: EncodedRecord): void {
    bank.opinion(record, this.#singleQ)
    if (!this.#singleQ.every(Number.isFinite)) this.#singleQ.fill(1 / this.#singleQ.length)
  }

  /** Makes those banks anew that have diverged, by what they just said of a label of class `y`, −1 of one that has not occurred. */
  #mend(y: number, domain: number, name: string): void {
    const { Q, spoke, answered, C } = this.#committee
    this.#pupils.forEach((pupil, m) => {
      // Only of those who were just asked: what a bank last computed for someone else is no part of the state.
      if (answered[m] === 1 && pupil.diverges(y >= 0 && spoke[m] === 1 ? Q[m * C + y]! : null, C, domain))
        this.#restart(pupil, domain, name)
    })
    if (this.#single?.diverges(y >= 0 ? this.#singleQ[y]! : null, C, domain)) this.#restart(this.#single, domain, name)
  }

  #restart(pupil: Pupil, domain: number, name: string): void {
    const { bank } = pupil
    const value = pupil.meanLoss(domain)
    const own = pupil.options.scope === 'solo'
    const why = bank.sound() ? `−ln q(y) was ${value.toFixed(2)} nats on average` : 'its numbers were finite no more'
    pupil.restart(domain, this.#committee, this.#practice.first)
    const message = `bank ${bank.name} of ${this.name}${own ? ` in ${name}` : ''} was made anew: ${why}`
    this.#ground.signals.tell('bank-restarted', { domain: own ? name : null, task: this.name, bank: bank.name, value }, message)
  }

  #chosen(): number {
    return decide(this.#committee.p, this.#parts.whole.frequency.counts, this.#options.decisionExponent)
  }

  #servedOpinion(served: TaskPrediction): Opinion {
    return servedOpinion(served, this.classes.length, name => this.indexOf(name))
  }

  #servedOpinions(served: TaskPrediction): [Q: Float32Array, spoke: Uint8Array] {
    return servedOpinions(served, this.#committee.names, this.classes.length, name => this.indexOf(name))
  }
}

/** Banks of all domains before those of one. */
function sharedFirst(banks: readonly BankReport[]): readonly BankReport[] {
  return [...banks.filter(({ domain }) => domain === null), ...banks.filter(({ domain }) => domain !== null)]
}
