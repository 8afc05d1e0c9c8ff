/**
 * What a trial keeps to be judged by labels that come later: the parts that were flagged and the alerts, each in a ring. What
 * leaves a ring unjudged is not judged any more: a bad part that was flagged so long ago counts as missed.
 *
 *     tally       parts, hits, false hits, missed, flagged and alerts so far
 *     flag/N      a flagged part
 *     alert/N     an alert
 */
import type { Alert } from '../events/event.ts'
import type { Saved } from '../numeric/saved.ts'

interface Flag {
  readonly observation: string
  readonly line: string
  readonly task: string
  /** Whether its label said that it was bad; null before it came. */
  readonly bad: boolean | null
}

interface Raised {
  readonly id: string
  readonly line: string
  readonly task: string
  /** Numbers of the flagged parts when it was raised and when it was cleared; null while it is open. */
  readonly from: number
  readonly until: number | null
}

const MAX_FLAGS = 20_000
const MAX_ALERTS = 1000
/** Flagged parts of the line before it was raised that an alert stands on. */
const BEFORE = 20

export class TrialLedger {
  parts = 0
  hits = 0
  falseHits = 0
  missed = 0
  #flags: (Flag | undefined)[] = []
  #flagged = 0
  #alerts: (Raised | undefined)[] = []
  #raised = 0
  readonly #slots = new Map<string, number>()
  readonly #changedFlags = new Set<number>()
  readonly #changedAlerts = new Set<number>()
  #changed = false

  part(): void {
    this.parts++
    this.#changed = true
  }

  flagged(observation: string, line: string, task: string): void {
    const slot = this.#flagged++ % MAX_FLAGS
    const before = this.#flags[slot]
    if (before !== undefined) this.#slots.delete(keyOf(before.observation, before.task))
    this.#put(slot, { observation, line, task, bad: null })
    this.#changed = true
  }

  judged(observation: string, task: string, bad: boolean): void {
    const slot = this.#slots.get(keyOf(observation, task))
    const flag = slot === undefined ? undefined : this.#flags[slot]
    if (slot === undefined || flag === undefined) {
      if (!bad) return
      this.missed++
    } else {
      // A correction counts in place of what it corrects.
      if (flag.bad !== null) this[flag.bad ? 'hits' : 'falseHits']--
      this[bad ? 'hits' : 'falseHits']++
      this.#put(slot, { ...flag, bad })
    }
    this.#changed = true
  }

  alerted({ id, kind, line, task }: Alert): void {
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
  verdicts(): { readonly raised: number; readonly judged: number; readonly false: number } {
    let judged = 0
    let wrong = 0
    const first = Math.max(0, this.#flagged - MAX_FLAGS)
    const byTask = new Map<string, { readonly n: number; readonly bad: boolean | null }[]>()
    for (let n = first; n < this.#flagged; n++) {
      const flag = this.#flags[n % MAX_FLAGS]
      if (flag === undefined) continue
      const key = keyOf(flag.line, flag.task)
      const list = byTask.get(key)
      if (list === undefined) byTask.set(key, [{ n, bad: flag.bad }])
      else list.push({ n, bad: flag.bad })
    }
    for (const alert of this.#alerts) {
      if (alert === undefined) continue
      const own = byTask.get(keyOf(alert.line, alert.task)) ?? []
      const during = own.filter(({ n }) => n >= alert.from && (alert.until === null || n < alert.until))
      const before = own.filter(({ n }) => n < alert.from).slice(-BEFORE)
      const known = [...before, ...during].filter(({ bad }) => bad !== null)
      if (known.length === 0) continue
      judged++
      if (2 * known.filter(({ bad }) => bad).length < known.length) wrong++
    }
    return { raised: this.#raised, judged, false: wrong }
  }

  changes(): readonly (readonly [string, Saved])[] {
    const parts: (readonly [string, Saved])[] = []
    for (const slot of this.#changedFlags) parts.push([`flag/${slot}`, this.#flags[slot] as unknown as Saved])
    for (const slot of this.#changedAlerts) parts.push([`alert/${slot}`, this.#alerts[slot] as unknown as Saved])
    if (this.#changed) parts.push(['tally', [this.parts, this.hits, this.falseHits, this.missed, this.#flagged, this.#raised]])
    this.#changedFlags.clear()
    this.#changedAlerts.clear()
    this.#changed = false
    return parts
  }

  load(key: string, saved: Saved): void {
    const [what, at] = key.split('/')
    if (what === 'tally') {
      const [parts, hits, falseHits, missed, flagged, raised] = saved as readonly number[]
      this.parts = parts!
      this.hits = hits!
      this.falseHits = falseHits!
      this.missed = missed!
      this.#flagged = flagged!
      this.#raised = raised!
    } else if (what === 'flag') this.#put(Number(at), saved as unknown as Flag, false)
    else if (what === 'alert') this.#alerts[Number(at)] = saved as unknown as Raised
  }

  #put(slot: number, flag: Flag, changed = true): void {
    this.#flags[slot] = flag
    this.#slots.set(keyOf(flag.observation, flag.task), slot)
    if (changed) this.#changedFlags.add(slot)
  }
}

function keyOf(name: string, task: string): string {
  return `${name}\u0000${task}`
}
