/**
 * A mixture that is chosen among several starts by how well each does: all learn and practise everything, and after its
 * first fresh examples only the one that foretold their labels best is kept. The evidence is prequential, Σ ln q(y) of
 * opinions given before the label was learned (Dawid, 1984), so that no start is judged by what it was shown.
 *
 * Invariant: what it says is what the present leader says, and from the moment it settles it does bit for bit what the
 * leader alone would have done.
 */
import type { Carry } from '../numeric/carry.ts'
import type { Saved } from '../numeric/saved.ts'
import type { Bank, Encoding, Input } from './bank.ts'
import { type Mixed, MixtureBank } from './mixture-bank.ts'
import { KEPT_SQUARES, logOf } from './sibling.ts'

/** Fresh examples after which the leader stays: the evidence of two starts has then moved apart by several nats or does not matter. */
export const CONTEST = 100

/** Where a bank starts from: `at` is the number of its seed, or the domain of a sibling. */
export interface Start {
  readonly kind: 'random' | 'warm' | 'sibling'
  readonly at: number
}

export interface StartReport {
  /** Fresh examples behind the evidence. */
  readonly examples: number
  /** Whether the choice is made; until then `chosen` leads. */
  readonly settled: boolean
  readonly chosen: Start
  /** Mean ln q(y) an example, in nats; null before the first. */
  readonly candidates: readonly { readonly start: Start; readonly evidence: number | null }[]
}

interface Candidate {
  readonly start: Start
  /** Σ ln q(y). */
  evidence: number
  /** Null once it was dropped. */
  bank: MixtureBank | null
}

export class StartingBank implements Bank, Mixed {
  readonly name: string
  readonly #make: (start: Start) => MixtureBank
  #candidates: Candidate[]
  #leader = 0
  /** Fresh examples learned while it contends. */
  #n = 0
  #q = new Float32Array(0)

  /** `make` gives every start a bank of the same shape that knows no class; there is at least one start. */
  constructor(name: string, starts: readonly Start[], make: (start: Start) => MixtureBank) {
    this.name = name
    this.#make = make
    this.#candidates = starts.map(start => ({ start, evidence: 0, bank: make(start) }))
  }

  renew(): void {
    for (const { bank } of this.#candidates) bank?.renew()
  }

  /** The mixture that leads, or was kept. */
  get mixture(): MixtureBank {
    return this.#candidates[this.#leader]!.bank!
  }

  /** One more start: a copy of a sibling that knows the same classes. To be called before anything was learned. */
  add(domain: number, sibling: MixtureBank): void {
    const start: Start = { kind: 'sibling', at: domain }
    const bank = this.#make(start)
    bank.startFrom(sibling, KEPT_SQUARES)
    this.#candidates.push({ start, evidence: 0, bank })
  }

  opinion(input: Input, q: Float32Array): boolean {
    return this.mixture.opinion(input, q)
  }

  shares(): Float32Array {
    return this.mixture.shares()
  }

  sound(): boolean {
    return this.mixture.sound()
  }

  learn(input: Input, y: number, w: number, fresh: boolean): void {
    if (this.#n >= CONTEST) {
      this.mixture.learn(input, y, w, fresh)
      return
    }
    for (const candidate of this.#candidates) {
      if (fresh && candidate.bank!.opinion(input, this.#room())) candidate.evidence += logOf(this.#q[y]!)
      candidate.bank!.learn(input, y, w, fresh)
    }
    if (!fresh) return
    this.#candidates.forEach(({ evidence }, i) => {
      const best = this.#candidates[this.#leader]!.evidence
      if (evidence > best || (evidence === best && i < this.#leader)) this.#leader = i
    })
    if (++this.#n === CONTEST) this.#settle()
  }

  correct(): void {}

  addClass(): void {
    for (const { bank } of this.#candidates) bank?.addClass()
  }

  admit(domain: number): void {
    for (const { bank } of this.#candidates) bank?.admit(domain)
  }

  carry(encoding: Encoding, moves: readonly Carry[]): void {
    for (const { bank } of this.#candidates) bank?.carry(encoding, moves)
  }

  cost(inputs: number): number {
    return this.mixture.cost(inputs)
  }

  get bytes(): number {
    return this.#candidates.reduce((sum, { bank }) => sum + (bank?.bytes ?? 0), 0)
  }

  release(): void {
    for (const { bank } of this.#candidates) bank?.release()
  }

  report(): StartReport {
    return {
      examples: this.#n,
      settled: this.#n >= CONTEST,
      chosen: this.#candidates[this.#leader]!.start,
      candidates: this.#candidates.map(({ start, evidence }) => ({ start, evidence: this.#n > 0 ? evidence / this.#n : null }))
    }
  }

  save(): Saved {
    return {
      n: this.#n,
      leader: this.#leader,
      candidates: this.#candidates.map(({ start: { kind, at }, evidence, bank }) => ({ kind, at, evidence, bank: bank?.save() ?? null }))
    }
  }

  load(saved: Saved): void {
    const { n, leader, candidates } = saved as unknown as {
      n: number
      leader: number
      candidates: (Start & { evidence: number; bank: Saved })[]
    }
    this.release()
    this.#n = n
    this.#leader = leader
    this.#candidates = candidates.map(({ kind, at, evidence, bank: state }) => {
      const start = { kind, at }
      const bank = state === null ? null : this.#make(start)
      bank?.load(state)
      return { start, evidence, bank }
    })
  }

  #settle(): void {
    this.#candidates.forEach((candidate, i) => {
      if (i === this.#leader) return
      candidate.bank?.release()
      candidate.bank = null
    })
  }

  #room(): Float32Array {
    if (this.#q.length !== this.mixture.C) this.#q = new Float32Array(this.mixture.C)
    return this.#q
  }
}

/** What is watched of a bank: its mixture, where it is one or chooses one. */
export function mixedOf(bank: Bank): Mixed | null {
  return bank instanceof MixtureBank || bank instanceof StartingBank ? bank : null
}
