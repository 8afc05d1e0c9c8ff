/**
 * From figures to one state an expert. Invariant: a state is entered at one level and left at a gentler one, each held over
 * several probes, so that a figure that wavers about a level changes nothing; and an expert is marked "not interpretable"
 * only where it is constant or says what another says *and* its bank would lose nothing without it. With just as many experts
 * as the truth has, a constant one is harmless (Nguyen et al., arXiv 2310.14188), so constancy alone is no mark, nor is decay,
 * which makes all functions flatter and none of them needless.
 */
import type { Saved } from '../numeric/saved.ts'
import type { Way } from './needs.ts'

export const expertStates = ['learning', 'stable', 'drifting', 'vanishing', 'duplicate', 'dead'] as const
export type ExpertState = (typeof expertStates)[number]

/** Where a property begins and where it ends. */
interface Level {
  readonly enter: number
  readonly leave: number
}

/** The levels, with what they mean. */
export const levels = {
  /** Share of the bank's work, or of a class, in parts of an equal share 1/K: with K = 16, one example in 160. */
  dead: { enter: 0.1, leave: 0.2 },
  /** Nats lost where it speaks if it said the same of every part: what its variation is worth. */
  vanishing: { enter: 0.02, leave: 0.04 },
  /** Nats lost if its nearest spoke in its place, as far as they are near one another: see `NEAR`. */
  duplicate: { enter: 0.05, leave: 0.1 },
  /** Nats lost without it: at .05 its bank is 5 % less sure of the right class where it speaks. */
  redundant: { enter: 0.05, leave: 0.1 },
  /** Share of the bank's work. */
  dominating: { enter: 0.8, leave: 0.7 },
  /** Change in 1,000 examples: above it moves, below it stands. */
  moving: { enter: 0.25, leave: 0.1 }
} as const satisfies Readonly<Record<string, Level>>

/** Hellinger distance within which two experts may say the same: what chance makes of two that learn one truth, and .5 against .3. */
const NEAR = 0.2
/** What a shift of where it is asked counts beside a change of what it says. */
const SHIFT_COUNTS = 0.5
/** What moves beyond this many times its usual change drifts: what has always moved by as much does not. */
const BEYOND_USUAL = 3
/** Rate of the usual change, a probe. */
const USUAL_RATE = 0.2
/** Probes that a property must last before it is believed, in either direction; a move is believed at once. */
const HOLD = 2
/** Examples of its task before an expert may be dead or marked: the shares remember half as many, and experts need as many to part. */
export const EARLY = 2000
/** Examples that an expert must have learned before anything but that it learns is said of it. */
export const YOUNG = 100

const properties = ['dead', 'vanishing', 'duplicate', 'redundant', 'dominating', 'moving'] as const
type Property = (typeof properties)[number]

/** What is known of an expert at a probe. NaN stands for what is not known. */
export interface Evidence {
  /** Examples of its task learned. */
  readonly learned: number
  readonly K: number
  /** The larger of its gate share and its responsibility: its part of the bank's work. */
  readonly work: number
  /** The largest of its work and its part of any class: who answers for a rare class alone is not dead. */
  readonly share: number
  /** Examples it has learned from since it began. */
  readonly examples: number
  readonly change: number
  readonly shift: number
  /** Hellinger distance to the nearest. */
  readonly distance: number
  /** What its bank would lose by each way to do without it, nats an example where it speaks. */
  readonly without: Readonly<Record<Way, number>>
}

export interface Judged {
  readonly state: ExpertState
  readonly since: number
  readonly interpretable: boolean
  readonly dominating: boolean
}

/** One expert's state over its life. */
export class ExpertLife {
  #state: ExpertState = 'learning'
  #since = 0
  #marked = false
  /** Whether it has stood still once. */
  #settled = false
  #usual = 0
  /** Which properties are believed; a function that is new moves until it has stood still. */
  readonly #on = Uint8Array.from(properties, property => (property === 'moving' ? 1 : 0))
  /** Probes in a row that spoke against what is believed. */
  readonly #against = new Uint8Array(properties.length)

  /** Takes what a probe found. */
  take(evidence: Evidence): void {
    const { learned, K, work, share, examples, change, shift, distance, without } = evidence
    if (learned >= EARLY) this.#weigh('dead', K > 1 ? share * K : 1, false)
    this.#weigh('vanishing', without.flattened, false)
    this.#weigh('duplicate', distance <= NEAR ? without.replaced : Number.isNaN(distance) ? Number.NaN : Number.POSITIVE_INFINITY, false)
    this.#weigh('redundant', least(without.leftOut, without.pooled), false)
    this.#weigh('dominating', K > 1 ? work : 0, true)
    this.#move(change, shift)
    const constant = this.#is('vanishing')
    const doubled = this.#is('duplicate')
    const young = examples < YOUNG
    const believed = this.#marked ? this.#is.bind(this) : this.#isSure.bind(this)
    const needless = believed('redundant') && (believed('vanishing') || believed('duplicate'))
    this.#marked = needless && !young && learned >= EARLY && !this.#is('moving') && !this.#is('dead')
    const next = this.#next(young, constant, doubled)
    if (next !== this.#state) this.#since = learned
    this.#state = next
  }

  get judged(): Judged {
    return { state: this.#state, since: this.#since, interpretable: !this.#marked, dominating: this.#is('dominating') }
  }

  save(): Saved {
    return {
      state: expertStates.indexOf(this.#state),
      since: this.#since,
      marked: this.#marked,
      settled: this.#settled,
      usual: this.#usual,
      on: this.#on.slice(),
      against: this.#against.slice()
    }
  }

  static load(saved: Saved): ExpertLife {
    const from = saved as {
      state: number
      since: number
      marked: boolean
      settled: boolean
      usual: number
      on: Uint8Array
      against: Uint8Array
    }
    const life = new ExpertLife()
    life.#state = expertStates[from.state]!
    life.#since = from.since
    life.#marked = from.marked
    life.#settled = from.settled
    life.#usual = from.usual
    life.#on.set(from.on)
    life.#against.set(from.against)
    return life
  }

  #next(young: boolean, constant: boolean, doubled: boolean): ExpertState {
    if (this.#is('dead')) return 'dead'
    if (young) return 'learning'
    if (this.#marked) return doubled ? 'duplicate' : 'vanishing'
    if (!this.#settled) return 'learning'
    if (this.#is('moving')) return 'drifting'
    if (doubled) return 'duplicate'
    return constant ? 'vanishing' : 'stable'
  }

  /**
   * Until it has stood still once it learns; from then on, what moves drifts: what it says, or where it is asked. The larger of
   * the two, each in parts of its level.
   */
  #move(change: number, shift: number): void {
    if (Number.isNaN(change) || Number.isNaN(shift)) return
    const { enter, leave } = levels.moving
    const moved = moveOf(change, shift)
    const moving = this.#is('moving')
    this.#turn('moving', moving ? moved > leave : moved >= Math.max(enter, BEYOND_USUAL * this.#usual), moving ? HOLD : 1)
    if (this.#is('moving')) return
    this.#usual = this.#settled ? this.#usual + USUAL_RATE * (moved - this.#usual) : moved
    this.#settled = true
  }

  #is(property: Property): boolean {
    return this.#on[properties.indexOf(property)] === 1
  }

  /** Whether it is believed and the last probe did not speak against it. */
  #isSure(property: Property): boolean {
    return this.#is(property) && this.#against[properties.indexOf(property)] === 0
  }

  /** `above` tells whether a property begins above its level or below. What is not known changes nothing. */
  #weigh(property: Property, value: number, above: boolean): void {
    if (Number.isNaN(value)) return
    const { enter, leave } = levels[property]
    const on = this.#is(property)
    this.#turn(property, above ? value >= (on ? leave : enter) : value <= (on ? leave : enter))
  }

  #turn(property: Property, holds: boolean, hold = HOLD): void {
    const at = properties.indexOf(property)
    const against = holds === (this.#on[at] === 1) ? 0 : this.#against[at]! + 1
    const turned = against >= hold
    if (turned) this.#on[at] = holds ? 1 : 0
    this.#against[at] = turned ? 0 : against
  }
}

/** The lesser of what is known of two; NaN where neither is. */
function least(a: number, b: number): number {
  return Number.isNaN(a) ? b : Number.isNaN(b) ? a : Math.min(a, b)
}

/** How much an expert moved: what it says, or where it is asked, which counts half. */
export function moveOf(change: number, shift: number): number {
  return Math.max(change, SHIFT_COUNTS * shift)
}

/** Whether an expert must not be trusted as it stands: it is dead, moves after it stood, or means nothing by itself. */
export function isUnsound({ state, interpretable }: Pick<Judged, 'state' | 'interpretable'>): boolean {
  return state === 'dead' || state === 'drifting' || !interpretable
}
