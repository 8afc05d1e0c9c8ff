/**
 * A record becomes a short sparse vector. A number gives a standardised linear term and the hats of the two knots around
 * it; a category one entry per value; a missing value an entry of its own; and a bias is always on. Entries that are 0 are
 * left out.
 *
 * An encoder holds what values are usual: of all records, or of one domain's. It learns from examples only: `encode`
 * changes nothing, so that an observation is encoded by what was known before it.
 *
 * Shapes: per column slot; knots are (slots, intervals + 1), strictly increasing, `#fitted[slot]` of them in use.
 */

import type { Carry } from '../numeric/carry.ts'
import type { Random } from '../numeric/random.ts'
import type { Saved } from '../numeric/saved.ts'
import type { Sparse } from '../numeric/sparse.ts'
import { BIAS_ROW, type Columns, OVERFLOW, type Raw } from './columns.ts'
import type { RawTable } from './raw-table.ts'
import { carryOf, quantileKnots } from './spline.ts'

export interface EncoderOptions {
  /** Examples after which knots are fitted again. */
  readonly refitAt: readonly number[]
  /** Values kept for the quantiles. */
  readonly reservoir: number
  /** About how many of the last examples moments and quantiles describe. */
  readonly horizon: number
  /** Columns that are left out. */
  readonly skip: (name: string) => boolean
}

/** Standardised values beyond this are as extreme as one can be. */
const CLIP = 4
/** Too few values to place a curve. */
const LEAST_FOR_KNOTS = 8
/** How many examples the moments of another encoder count for in one that starts from it: its own soon outweigh them. */
const BORROWED = 8
/** What they count for of a past that is over. */
const RENEWED = 32

/** What a column is to an encoder. */
const NUMERIC = 0
const CATEGORY = 1
const SKIPPED = 2

export class Encoder {
  /** Examples learned from. */
  learned = 0
  /** Examples learned from when what is usual was last put in doubt. */
  #since = 0
  readonly #columns: Columns
  readonly #options: EncoderOptions
  /** Knots a column may have. */
  readonly #most: number
  /** Columns met so far. */
  #slots = 0
  #kind = new Uint8Array(0)
  #row = new Int32Array(0)
  /** Values counted, at most the horizon: a forgetting mean and variance. */
  #n = new Float64Array(0)
  #mean = new Float64Array(0)
  #variance = new Float64Array(0)
  /** 1/σ, 0 of a constant. */
  #scale = new Float64Array(0)
  #knots = new Float64Array(0)
  #fitted = new Int32Array(0)
  readonly #reservoir: Raw[] = []

  constructor(columns: Columns, options: EncoderOptions) {
    this.#columns = columns
    this.#options = options
    this.#most = columns.intervals + 1
  }

  /** Begins with what another knows: its moments as if they were few, and its knots until the first fit of its own. */
  startFrom(other: Encoder): void {
    this.#meet()
    other.#meet()
    this.#n = other.#n.map(n => Math.min(n, BORROWED))
    this.#mean = other.#mean.slice()
    this.#variance = other.#variance.slice()
    this.#scale = other.#scale.slice()
    this.#knots = other.#knots.slice()
    this.#fitted = other.#fitted.slice()
  }

  /** Writes the active inputs of a record into `x`, bias first. */
  encode(raw: Raw, x: Sparse): void {
    this.#meet()
    x.clear()
    x.push(BIAS_ROW, 1)
    // Fields in variables: this runs for every replayed example, and a private field is looked up at every use.
    const [slots, kinds, rows, means, scales, knots, fitted, most] = [
      this.#slots,
      this.#kind,
      this.#row,
      this.#mean,
      this.#scale,
      this.#knots,
      this.#fitted,
      this.#most
    ]
    for (let slot = 0; slot < slots; slot++) {
      const kind = kinds[slot]!
      if (kind === SKIPPED) continue
      const row = rows[slot]!
      const value = slot < raw.length ? raw[slot]! : Number.NaN
      if (kind === CATEGORY) {
        if (Number.isNaN(value)) x.push(row, 1)
        else x.push(value === OVERFLOW ? row + 1 : this.#columns.at(slot).rows[value]!, 1)
      } else if (Number.isNaN(value)) x.push(row + 1, 1)
      else {
        const z = clipped((value - means[slot]!) * scales[slot]!)
        if (z !== 0) x.push(row, z)
        if (fitted[slot]! > 0) pushHats(knots, slot * most, fitted[slot]!, value, row + 2, x)
      }
    }
  }

  /** Writes standardised numbers and category indices into `out`, (slots); NaN for what is missing or left out. */
  standardise(raw: Raw, out: Float32Array): void {
    this.#meet()
    for (let slot = 0; slot < this.#slots; slot++) {
      const kind = this.#kind[slot]!
      const value = slot < raw.length ? raw[slot]! : Number.NaN
      out[slot] = kind === SKIPPED ? Number.NaN : kind === NUMERIC && !Number.isNaN(value) ? this.#z(slot, value) : value
    }
  }

  /** Learns moments and quantiles from an example. Returns how weights must move when knots did, else null. */
  learn(raw: Raw, random: Random): readonly Carry[] | null {
    this.#meet()
    const { horizon, reservoir, refitAt } = this.#options
    for (let slot = 0; slot < this.#slots; slot++) {
      const value = raw[slot]!
      if (this.#kind[slot] !== NUMERIC || Number.isNaN(value)) continue
      const n = Math.min(this.#n[slot]! + 1, horizon) // Welford (1962), with the count capped so that the past is forgotten
      const difference = value - this.#mean[slot]!
      const mean = this.#mean[slot]! + difference / n
      this.#n[slot] = n
      this.#mean[slot] = mean
      this.#variance[slot]! += (difference * (value - mean) - this.#variance[slot]!) / n
      this.#scale[slot] = scaleOf(this.#variance[slot]!)
    }
    this.learned++
    if (this.#reservoir.length < reservoir) this.#reservoir.push(raw)
    else if (random.next() * Math.min(this.learned - this.#since, horizon) < reservoir) this.#reservoir[random.below(reservoir)] = raw
    return refitAt.includes(this.learned - this.#since) ? this.#refit() : null
  }

  /** What is usual has changed: moments are moved by few examples again, and knots are fitted to those that come from now on. */
  renew(): void {
    this.#since = this.learned
    this.#n = this.#n.map(n => Math.min(n, RENEWED))
    this.#reservoir.length = 0
  }

  get bytes(): number {
    return this.#reservoir.length * 8 + this.#slots * (this.#most + 5) * 8
  }

  /** Without `raws` only what encoding needs: not the records that knots are fitted to. */
  save(raws: RawTable | null): Saved {
    this.#meet()
    return {
      learned: this.learned,
      since: this.#since,
      n: this.#n.slice(),
      mean: this.#mean.slice(),
      variance: this.#variance.slice(),
      fitted: this.#fitted.slice(),
      knots: this.#knots.slice(),
      reservoir: raws === null ? new Int32Array(0) : Int32Array.from(this.#reservoir, raw => raws.index(raw))
    }
  }

  load(saved: Saved, raws: RawTable): void {
    const from = saved as {
      learned: number
      since: number
      fitted: Int32Array
      reservoir: Int32Array
    } & Readonly<Record<'n' | 'mean' | 'variance' | 'knots', Float64Array>>
    this.#meet()
    this.learned = from.learned
    this.#since = from.since
    this.#n.set(from.n)
    this.#mean.set(from.mean)
    this.#variance.set(from.variance)
    this.#scale = this.#variance.map(scaleOf)
    this.#fitted.set(from.fitted)
    this.#knots.set(from.knots)
    for (const index of from.reservoir) this.#reservoir.push(raws.at(index))
  }

  /** Takes in the columns declared since. */
  #meet(): void {
    const { width } = this.#columns
    if (width === this.#slots) return
    const wider = <T extends Float64Array | Int32Array | Uint8Array>(old: T, made: T): T => {
      made.set(old)
      return made
    }
    this.#kind = wider(this.#kind, new Uint8Array(width))
    this.#row = wider(this.#row, new Int32Array(width))
    this.#n = wider(this.#n, new Float64Array(width))
    this.#mean = wider(this.#mean, new Float64Array(width))
    this.#variance = wider(this.#variance, new Float64Array(width))
    this.#scale = wider(this.#scale, new Float64Array(width))
    this.#fitted = wider(this.#fitted, new Int32Array(width))
    this.#knots = wider(this.#knots, new Float64Array(width * this.#most))
    for (let slot = this.#slots; slot < width; slot++) {
      const { kind, name, row } = this.#columns.at(slot)
      this.#kind[slot] = this.#options.skip(name) ? SKIPPED : kind === 'numeric' ? NUMERIC : CATEGORY
      this.#row[slot] = row
    }
    this.#slots = width
  }

  #z(slot: number, value: number): number {
    return clipped((value - this.#mean[slot]!) * this.#scale[slot]!)
  }

  #refit(): readonly Carry[] {
    const moves: Carry[] = []
    for (let slot = 0; slot < this.#slots; slot++) {
      if (this.#kind[slot] !== NUMERIC) continue
      const values = Float64Array.from(
        this.#reservoir.map(raw => (slot < raw.length ? raw[slot]! : Number.NaN)).filter(v => !Number.isNaN(v))
      )
      if (values.length < LEAST_FOR_KNOTS) continue
      const knots = quantileKnots(values, this.#columns.intervals)
      if (knots.length < 2) continue
      const first = slot * this.#most
      const before = this.#knots.slice(first, first + this.#fitted[slot]!)
      if (before.length > 0) moves.push(carryOf(this.#row[slot]! + 2, before, knots))
      this.#knots.set(knots, first)
      this.#fitted[slot] = knots.length
    }
    return moves
  }
}

function scaleOf(variance: number): number {
  return variance > 0 ? 1 / Math.sqrt(variance) : 0
}

function clipped(z: number): number {
  return z > CLIP ? CLIP : z < -CLIP ? -CLIP : z
}

/** The two hats around a value, of `count` knots from `first` on, the first of which stands in row `row`. */
function pushHats(knots: Float64Array, first: number, count: number, value: number, row: number, x: Sparse): void {
  let low = first
  let high = first + count - 1
  while (high - low > 1) {
    const middle = (low + high) >> 1
    if (knots[middle]! <= value) low = middle
    else high = middle
  }
  const below = knots[low]!
  const raw = (value - below) / (knots[low + 1]! - below)
  const t = raw < 0 ? 0 : raw > 1 ? 1 : raw
  const at = row + low - first
  if (t < 1) x.push(at, 1 - t)
  if (t > 0) x.push(at + 1, t)
}
