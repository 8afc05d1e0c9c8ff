/**
 * The causes there are, found by what they are about, bounded in number and saved one by one. What was cleared last is kept
 * beside them.
 *
 *     head        how many alerts there were, the next free slot, how many were cleared
 *     cause/N     a cause
 *     recent/N    a cleared alert, in a ring
 */
import type { Saved } from '../numeric/saved.ts'
import type { AlertState } from './alert-state.ts'
import { type About, Cause, causeKey, type Measures, type SavedCause } from './cause.ts'
import type { PartGauge } from './gauge.ts'
import type { Rule } from './rule.ts'
import { DataGauge, LabelsGauge } from './silence.ts'
import { DriftGauge, ExpertGauge } from './told.ts'
import { covers, partGaugeOf } from './watched.ts'

export interface CausesOptions {
  readonly maxCauses: number
  readonly maxRecent: number
}

const none: readonly never[] = []

export class Causes {
  readonly #options: CausesOptions
  readonly #byKey = new Map<string, Cause>()
  readonly #byLine = new Map<string, Cause[]>()
  readonly #byTask = new Map<string, Cause<PartGauge>[]>()
  readonly #byAlert = new Map<string, Cause>()
  readonly #changed = new Set<Cause>()
  readonly #dropped = new Set<number>()
  readonly #ring: (AlertState | undefined)[] = []
  readonly #ringChanged = new Set<number>()
  #orphans: Cause[] = []
  #raised = 0
  #slots = 0
  #cleared = 0
  #headChanged = false
  #overflowed = 0

  constructor(options: CausesOptions) {
    this.#options = options
  }

  /** Newest first. */
  get open(): readonly AlertState[] {
    const open = [...this.#byAlert.values()].map(cause => cause.alert!)
    return open.sort((a, b) => b.since - a.since || (a.id < b.id ? -1 : 1))
  }

  get recent(): readonly AlertState[] {
    const { maxRecent } = this.#options
    const newest = Array.from({ length: Math.min(maxRecent, this.#cleared) }, (_, i) => this.#ring[(this.#cleared - 1 - i) % maxRecent])
    return newest.filter(state => state !== undefined)
  }

  get lines(): readonly string[] {
    return [...new Set([...this.#byKey.values()].map(({ about }) => about.line))]
  }

  get overflowed(): number {
    return this.#overflowed
  }

  all(): readonly Cause[] {
    return [...this.#byKey.values()]
  }

  ofParts(line: string, task: string): readonly Cause<PartGauge>[] {
    return this.#byTask.get(taskKey(line, task)) ?? none
  }

  /** What waits for the parts and labels of a line. */
  ofLine(line: string): readonly Cause[] {
    return this.#byLine.get(line) ?? none
  }

  byAbout(rule: Rule, about: About): Cause | null {
    return this.#byKey.get(causeKey(rule.name, about)) ?? null
  }

  byAlert(id: string): Cause | undefined {
    return this.#byAlert.get(id)
  }

  /** Causes of rules that there are no more, each given once. */
  orphans(): readonly Cause[] {
    const orphans = this.#orphans
    this.#orphans = []
    return orphans
  }

  /** A number no alert has had. */
  next(): number {
    this.#headChanged = true
    return ++this.#raised
  }

  /** A new cause; null where there is no room, as every one that is kept has an alert. */
  make(rule: Rule, about: About): Cause | null {
    if (this.#byKey.size >= this.#options.maxCauses && !this.#makeRoom()) {
      this.#overflowed++
      return null
    }
    const cause = new Cause<Measures>(rule, about, gaugeOf(rule), this.#slots++)
    this.#headChanged = true
    this.#place(cause)
    return cause
  }

  /** A cause has taken something: it is to be saved, and its alert may be another. */
  changed(cause: Cause): void {
    if (this.#byKey.get(cause.key) === cause) this.#changed.add(cause)
    else this.#dropped.add(cause.slot)
    const { alert, closed } = cause
    if (alert !== null) this.#byAlert.set(alert.id, cause)
    if (closed === null || !this.#byAlert.delete(closed.id)) return
    const at = this.#cleared++ % this.#options.maxRecent
    this.#ring[at] = closed
    this.#ringChanged.add(at)
    this.#headChanged = true
  }

  drop(cause: Cause): void {
    this.#byKey.delete(cause.key)
    this.#changed.delete(cause)
    this.#dropped.add(cause.slot)
    for (const index of [this.#byLine, this.#byTask as Map<string, Cause[]>])
      for (const key of [cause.about.line, taskKey(cause.about.line, cause.about.task ?? '')]) {
        const left = index.get(key)?.filter(each => each !== cause)
        if (left === undefined) continue
        if (left.length === 0) index.delete(key)
        else index.set(key, left)
      }
  }

  changes(): readonly (readonly [string, Saved | null])[] {
    const parts: (readonly [string, Saved | null])[] = []
    for (const slot of this.#dropped) parts.push([slotKey(slot), null])
    for (const cause of this.#changed) parts.push([slotKey(cause.slot), cause.save()])
    for (const at of this.#ringChanged) parts.push([`recent/${at}`, this.#ring[at] as unknown as Saved])
    if (this.#headChanged) parts.push(['head', [this.#raised, this.#slots, this.#cleared]])
    this.#dropped.clear()
    this.#changed.clear()
    this.#ringChanged.clear()
    this.#headChanged = false
    return parts
  }

  load(key: string, saved: Saved, rules: readonly Rule[]): void {
    const [what, at] = key.split('/')
    if (what === 'head') {
      const [raised, slots, cleared] = saved as readonly [number, number, number]
      this.#raised = raised
      this.#slots = slots
      this.#cleared = cleared
    } else if (what === 'recent') this.#ring[Number(at)] = saved as unknown as AlertState
    else if (what === 'cause') this.#restore(Number(at), saved as unknown as SavedCause, rules)
  }

  #restore(slot: number, saved: SavedCause, rules: readonly Rule[]): void {
    const [line, task, name, bank] = saved.about
    const about = { line, task, class: name, bank }
    const rule = rules.find(each => each.name === saved.rule && each.kind === saved.kind && covers(each, about))
    const cause = new Cause<Measures>(rule ?? gone(saved), about, rule === undefined ? nothing : gaugeOf(rule), slot)
    cause.load(saved as unknown as Saved)
    if (cause.alert !== null) this.#byAlert.set(cause.alert.id, cause)
    if (rule === undefined) this.#orphans.push(cause)
    else this.#place(cause)
  }

  #place(cause: Cause): void {
    this.#byKey.set(cause.key, cause)
    const { kind } = cause.rule
    const { line, task } = cause.about
    if (kind === 'data' || kind === 'labels') this.#byLine.set(line, [...this.ofLine(line), cause])
    else if (kind !== 'drift' && kind !== 'expert') {
      const key = taskKey(line, task ?? '')
      this.#byTask.set(key, [...(this.#byTask.get(key) ?? none), cause as Cause<PartGauge>])
    }
  }

  #makeRoom(): boolean {
    let oldest: Cause | null = null
    for (const cause of this.#byKey.values())
      if (cause.alert === null && (oldest === null || cause.touched < oldest.touched)) oldest = cause
    if (oldest === null) return false
    this.drop(oldest)
    return true
  }
}

/** What a rule measures that is not there any more. */
const nothing: Measures = { save: () => null, load: () => {} }

function gone({ rule: name, kind }: SavedCause): Rule {
  const never = { holdMs: 0, clearHoldMs: 0, cooldownMs: 0, escalateAfterMs: null, lines: null }
  return { name, kind, severity: 'information', ...never } as Rule
}

function gaugeOf(rule: Rule): Measures {
  switch (rule.kind) {
    case 'part':
    case 'rate':
    case 'run':
      return partGaugeOf(rule)
    case 'drift':
      return new DriftGauge()
    case 'expert':
      return new ExpertGauge(rule)
    case 'data':
      return new DataGauge(rule)
    case 'labels':
      return new LabelsGauge(rule)
  }
}

/** Keys come back in their own order: causes in that in which they were made. */
function slotKey(slot: number): string {
  return `cause/${String(slot).padStart(10, '0')}`
}

function taskKey(line: string, task: string): string {
  return `${line}\u0000${task}`
}
