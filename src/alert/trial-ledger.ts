/**
 * What a trial keeps to be judged by labels that come later: the parts that were flagged and the alerts, each in a ring. What
 * leaves a ring unjudged is not judged any more: a bad part that was flagged so long ago counts as missed. A part left to a
 * person did not pass: where it is bad it is found, though nothing was said of it that could be right.
 *
 *     tally       parts, hits, false hits, missed, flagged, alerts and found so far
 *     flag/N      a part that was flagged or left to a person
 *     miss/N      a bad part that passed
 *     alert/N     an alert
 */
import type { Alert } from '../events/event.ts'
import type { Saved } from '../numeric/saved.ts'

interface Flag {
  readonly observation: string
  readonly line: string
  readonly task: string
  /** To a person. */
  readonly left: boolean
  /** Whether its label said that it was bad; null before it came. */
  readonly bad: boolean | null
}

interface Raised {
  readonly id: string
  readonly line: string
  readonly task: string
  /** Numbers of the parts in their ring when it was raised and when it was cleared; null while it is open. */
  readonly from: number
  readonly until: number | null
}

/** Flagged parts of a line and task by their numbers; of the first so many, how many were judged and bad. */
interface Counted {
  readonly at: number[]
  readonly known: number[]
  readonly bad: number[]
}

interface Verdicts {
  readonly raised: number
  readonly judged: number
  readonly false: number
}

const MAX_FLAGS = 20_000
const MAX_MISSES = 20_000
const MAX_ALERTS = 1000
/** Flagged parts of the line before it was raised that an alert stands on. */
const BEFORE = 20

export class TrialLedger {
  parts = 0
  hits = 0
  falseHits = 0
  missed = 0
  /** Bad parts that were left to a person. */
  found = 0
  #flags: (Flag | undefined)[] = []
  #flagged = 0
  #alerts: (Raised | undefined)[] = []
  #raised = 0
  readonly #slots = new Map<string, number>()
  /** Keys of missed parts, in a ring, and where each is; one that was taken back leaves its place empty. */
  #misses: (string | null | undefined)[] = []
  #missSlots = new Map<string, number>()
  #everMissed = 0
  /** Until something changes. */
  #verdicts: Verdicts | null = null
  readonly #changedMisses = new Set<number>()
  readonly #changedFlags = new Set<number>()
  readonly #changedAlerts = new Set<number>()
  #changed = false

  part(): void {
    this.parts++
    this.#changed = true
  }

  /** It is flagged, or left to a person. */
  stopped(observation: string, line: string, task: string, left: boolean): void {
    const slot = this.#flagged++ % MAX_FLAGS
    const before = this.#flags[slot]
    if (before !== undefined) this.#slots.delete(keyOf(before.observation, before.task))
    this.#put(slot, { observation, line, task, left, bad: null })
    this.#changed = true
  }

  judged(observation: string, task: string, bad: boolean): void {
    const slot = this.#slots.get(keyOf(observation, task))
    const flag = slot === undefined ? undefined : this.#flags[slot]
    if (slot === undefined || flag === undefined) {
      // A correction counts in place of what it corrects.
      if (!this.#miss(keyOf(observation, task), bad)) return
    } else {
      // Its label may have been read before its prediction.
      this.#miss(keyOf(observation, task), false)
      this.#count(flag, -1)
      this.#count({ ...flag, bad }, 1)
      this.#put(slot, { ...flag, bad })
    }
    this.#changed = true
  }

  #count({ left, bad }: Flag, times: 1 | -1): void {
    if (bad === null || (left && !bad)) return
    this[left ? 'found' : bad ? 'hits' : 'falseHits'] += times
  }

  /** A part that passed is bad or good: whether that is news. */
  #miss(key: string, bad: boolean): boolean {
    const known = this.#missSlots.get(key)
    if (bad === (known !== undefined)) return false
    if (known !== undefined) {
      this.missed--
      this.#missSlots.delete(key)
      this.#misses[known] = null
      this.#changedMisses.add(known)
      return true
    }
    this.missed++
    const slot = this.#everMissed++ % MAX_MISSES
    const before = this.#misses[slot]
    if (before != null) this.#missSlots.delete(before)
    this.#misses[slot] = key
    this.#missSlots.set(key, slot)
    this.#changedMisses.add(slot)
    return true
  }

  alerted({ id, kind, line, task }: Alert): void {
    this.#verdicts = null
    if (kind === 'raised') {
      const slot = this.#raised++ % MAX_ALERTS
      this.#alerts[slot] = { id, line, task: task!, from: this.#flagged, until: null }
      this.#changedAlerts.add(slot)
      this.#changed = true
    } else if (kind === 'cleared') {
      const slot = this.#alerts.findIndex(each => each?.id === id)
      if (slot < 0) return
      this.#alerts[slot] = { ...this.#alerts[slot]!, until: this.#flagged }
      this.#changedAlerts.add(slot)
    }
  }

  /** Alerts by what their parts turned out to be. */
  verdicts(): Verdicts {
    this.#verdicts ??= this.#judge()
    return this.#verdicts
  }

  #judge(): Verdicts {
    let judged = 0
    let wrong = 0
    const first = Math.max(0, this.#flagged - MAX_FLAGS)
    const byTask = new Map<string, Counted>()
    for (let n = first; n < this.#flagged; n++) {
      const flag = this.#flags[n % MAX_FLAGS]
      if (flag === undefined || flag.left) continue
      const key = keyOf(flag.line, flag.task)
      let own = byTask.get(key)
      if (own === undefined) {
        own = { at: [], known: [0], bad: [0] }
        byTask.set(key, own)
      }
      own.at.push(n)
      own.known.push(own.known.at(-1)! + (flag.bad === null ? 0 : 1))
      own.bad.push(own.bad.at(-1)! + (flag.bad === true ? 1 : 0))
    }
    for (const alert of this.#alerts) {
      const own = alert === undefined ? undefined : byTask.get(keyOf(alert.line, alert.task))
      if (alert === undefined || own === undefined) continue
      const from = Math.max(0, placeOf(own.at, alert.from) - BEFORE)
      const until = alert.until === null ? own.at.length : placeOf(own.at, alert.until)
      const known = own.known[until]! - own.known[from]!
      if (known === 0) continue
      judged++
      if (2 * (own.bad[until]! - own.bad[from]!) < known) wrong++
    }
    return { raised: this.#raised, judged, false: wrong }
  }

  changes(): readonly (readonly [string, Saved])[] {
    const parts: (readonly [string, Saved])[] = []
    for (const slot of this.#changedFlags) parts.push([`flag/${slot}`, this.#flags[slot] as unknown as Saved])
    for (const slot of this.#changedMisses) parts.push([`miss/${slot}`, this.#misses[slot]!])
    for (const slot of this.#changedAlerts) parts.push([`alert/${slot}`, this.#alerts[slot] as unknown as Saved])
    if (this.#changed)
      parts.push(['tally', [this.parts, this.hits, this.falseHits, this.missed, this.#flagged, this.#raised, this.#everMissed, this.found]])
    this.#changedFlags.clear()
    this.#changedMisses.clear()
    this.#changedAlerts.clear()
    this.#changed = false
    return parts
  }

  load(key: string, saved: Saved): void {
    const [what, at] = key.split('/')
    if (what === 'tally') {
      const [parts, hits, falseHits, missed, flagged, raised, everMissed = 0, found = 0] = saved as readonly number[]
      this.parts = parts!
      this.hits = hits!
      this.falseHits = falseHits!
      this.missed = missed!
      this.#flagged = flagged!
      this.#raised = raised!
      this.#everMissed = everMissed
      this.found = found
    } else if (what === 'flag') this.#put(Number(at), saved as unknown as Flag, false)
    else if (what === 'miss') {
      this.#misses[Number(at)] = saved as string | null
      if (saved !== null) this.#missSlots.set(saved as string, Number(at))
    } else if (what === 'alert') this.#alerts[Number(at)] = saved as unknown as Raised
  }

  #put(slot: number, flag: Flag, changed = true): void {
    this.#flags[slot] = flag
    this.#verdicts = null
    this.#slots.set(keyOf(flag.observation, flag.task), slot)
    if (changed) this.#changedFlags.add(slot)
  }
}

/** How many of ascending numbers lie below one. */
function placeOf(numbers: readonly number[], below: number): number {
  let [low, high] = [0, numbers.length]
  while (low < high) {
    const middle = (low + high) >> 1
    if (numbers[middle]! < below) low = middle + 1
    else high = middle
  }
  return low
}

function keyOf(name: string, task: string): string {
  return `${name}\u0000${task}`
}
