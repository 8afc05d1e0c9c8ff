/**
 * A milling machine after the AI4I 2020 process, one part a call, without end. Whether a part fails follows from the machine
 * itself; its sensors only round and, under drift, mislead.
 *
 * Source: S. Matzka, "Explainable Artificial Intelligence for Predictive Maintenance Applications", AI4I 2020, 69–74; the
 * description of UCI dataset 601. Where the two leave a choice, or the published file differs from them, the file decided:
 * - speed: said to follow "from a power of 2860 W"; in the file it is 1000 + 20000/torque rpm with noise of σ 50, and
 *   3000 − 30·torque without noise below 12 Nm;
 * - tools wear out at 200 to 240 minutes: in the file more often early, as the lesser of two even draws;
 * - types L, M, H: said to be 50, 30, 20 %; in the file 60, 30, 10 %.
 * Disagreements: the walks of temperature revert to their mean, as a stream without end cannot be normalised afterwards
 * (steps and memory as in the file); any mode makes a failure, as described, where the file leaves out 18 of 19 random ones.
 */
import type { Random } from '../numeric/random.ts'
import { type Drift, type Limit, type Reading, strength } from './drift.ts'

export const modes = ['twf', 'hdf', 'pwf', 'osf', 'rnf'] as const
/** Tool wear, heat dissipation, power, overstrain, random. */
export type Mode = (typeof modes)[number]
export type ProductType = 'L' | 'M' | 'H'

/** `modes` stand in the order of the list above, which is also how one is chosen where a part fails in several. */
export interface Part {
  readonly type: ProductType
  readonly readings: Readonly<Record<Reading, number>>
  readonly modes: readonly Mode[]
}

/** Makes one mode, or any failure, about `factor` times as frequent; see `Machine`. */
export interface Rarity {
  readonly mode: Mode | 'any'
  readonly factor: number
}

const RADIANS = Math.PI / 30 // rad/s in one rpm
/** Memory of the walks in parts: correlations of the file's columns at 100 to 1,000 parts, and the size of their steps. */
const AIR_MEMORY = 2500
const DIFFERENCE_MEMORY = 1500
const WEAR = { L: 2, M: 3, H: 5 } as const
const OVERSTRAIN = { L: 11_000, M: 12_000, H: 13_000 } as const
/** The modes that follow from torque and speed, which a rarity draws again. */
const cut: readonly Mode[] = ['hdf', 'pwf', 'osf']
/** Of 120 worn tools 51 failed before they were replaced. */
const WORN_FAILS = 51 / 120
const RANDOM_FAILS = 0.001

/** Redraws of a part that must not fail before it is let through: at the usual rates the hundredth is never reached. */
const REDRAWS = 100

/**
 * One line's machine. A rarity's factor above 1 draws torque and speed again up to that many times until the part fails in the
 * mode, below 1 as often as needed until it does not: parts of a class look as they do at the published rate. A rate that is
 * high already grows less than the factor, and that of `twf` at most 120/51 times: tools are replaced no more often.
 *
 * @example
 * ```ts
 * import { Random } from '../src/numeric/random.ts'
 * import { Machine } from '../src/simulate/ai4i.ts'
 * const machine = new Machine('line-1', new Random(1), { kind: 'none', atPart: 0, overParts: 1, moves: [] }, null)
 * machine.next().readings.tool_wear_min // => 0
 * ```
 */
export class Machine {
  readonly #random: Random
  readonly #drift: Drift
  readonly #moves: ReadonlyMap<string, number>
  readonly #rarity: Rarity | null
  #part = 0
  /** Both walks in units of their σ, begun as if they had always run. */
  #air: number
  #difference: number
  #wear = 0
  #life: number

  constructor(line: string, random: Random, drift: Drift, rarity: Rarity | null) {
    this.#random = random
    this.#drift = drift
    const moves = new Map<string, number>()
    for (const move of drift.moves) {
      if (move.line === null || move.line === line) moves.set(move.what, (moves.get(move.what) ?? 0) + move.by)
    }
    this.#moves = moves
    this.#rarity = rarity
    this.#air = random.normal()
    this.#difference = random.normal()
    this.#life = this.#newLife()
  }

  next(): Part {
    const random = this.#random
    const far = strength(this.#drift, this.#part++)
    const moved = (what: Limit | Reading): number => far * (this.#moves.get(what) ?? 0)

    const draw = random.next()
    const type: ProductType = draw < 0.6 ? 'L' : draw < 0.9 ? 'M' : 'H'
    this.#air = walk(this.#air, AIR_MEMORY, random)
    this.#difference = walk(this.#difference, DIFFERENCE_MEMORY, random)
    const air = 300 + 2 * this.#air
    const difference = 10 + this.#difference
    const wear = this.#wear

    const worn = wear >= this.#life
    const wornFails = worn && random.next() < WORN_FAILS * this.#factor('twf')
    const randomFails = random.next() < RANDOM_FAILS * this.#factor('rnf')
    const judge = (torque: number, speed: number): Mode[] => {
      const power = torque * speed * RADIANS
      const failed: Mode[] = []
      if (wornFails) failed.push('twf')
      if (difference < 8.6 + moved('heatDifferenceK') && speed < 1380 + moved('heatSpeedRpm')) failed.push('hdf')
      if (power < 3500 + moved('powerLowW') || power > 9000 + moved('powerHighW')) failed.push('pwf')
      if (wear * torque > OVERSTRAIN[type] + moved('overstrainNmMin')) failed.push('osf')
      if (randomFails) failed.push('rnf')
      return failed
    }
    const { torque, speed, failed } = this.#cut(judge)

    if (worn) {
      this.#wear = 0
      this.#life = this.#newLife()
    } else this.#wear += WEAR[type]

    return {
      type,
      readings: {
        air_temperature_k: tenth(air + moved('air_temperature_k')),
        process_temperature_k: tenth(air + difference + moved('process_temperature_k')),
        rotational_speed_rpm: Math.round(speed + moved('rotational_speed_rpm')),
        torque_nm: tenth(torque + moved('torque_nm')),
        tool_wear_min: Math.round(wear + moved('tool_wear_min'))
      },
      modes: failed
    }
  }

  /** Torque and speed of a part, drawn again as the rarity asks. */
  #cut(judge: (torque: number, speed: number) => Mode[]): { torque: number; speed: number; failed: Mode[] } {
    let drawn = this.#draw(judge)
    const rarity = this.#rarity
    if (rarity === null || rarity.mode === 'twf' || rarity.mode === 'rnf') return drawn
    const { mode, factor } = rarity
    const fails = ({ failed }: { readonly failed: readonly Mode[] }): boolean =>
      mode === 'any' ? failed.some(each => cut.includes(each)) : failed.includes(mode)
    if (factor < 1) {
      if (fails(drawn) && this.#random.next() >= factor) {
        for (let i = 0; i < REDRAWS && fails(drawn); i++) drawn = this.#draw(judge)
      }
      return drawn
    }
    const whole = Math.floor(factor)
    const draws = whole + (this.#random.next() < factor - whole ? 1 : 0)
    const first = drawn
    for (let i = 1; i < draws && !fails(drawn); i++) drawn = this.#draw(judge)
    return fails(drawn) ? drawn : first
  }

  #draw(judge: (torque: number, speed: number) => Mode[]): { torque: number; speed: number; failed: Mode[] } {
    const random = this.#random
    let torque = 40 + 10 * random.normal()
    while (torque <= 0) torque = 40 + 10 * random.normal()
    const speed = torque < 12 ? 3000 - 30 * torque : 1000 + 20_000 / torque + 50 * random.normal()
    return { torque, speed, failed: judge(torque, speed) }
  }

  #factor(mode: Mode): number {
    const rarity = this.#rarity
    return rarity !== null && (rarity.mode === mode || rarity.mode === 'any') ? rarity.factor : 1
  }

  #newLife(): number {
    return 200 + 40 * Math.min(this.#random.next(), this.#random.next())
  }
}

/** One step of a walk that forgets over `memory` parts and keeps σ 1. */
function walk(x: number, memory: number, random: Random): number {
  const kept = 1 - 1 / memory
  return kept * x + Math.sqrt(1 - kept * kept) * random.normal()
}

function tenth(value: number): number {
  return Math.round(value * 10) / 10
}
