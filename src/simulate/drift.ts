/**
 * Drift of a simulated line: which limits of the machine or biases of its sensors move, and how far they are at a part.
 *
 * A moved limit changes which parts fail; a biased sensor changes what is seen of a part, never whether it fails.
 */

/** The readings of a part, named as the columns of the published file. */
export const readings = ['air_temperature_k', 'process_temperature_k', 'rotational_speed_rpm', 'torque_nm', 'tool_wear_min'] as const
export type Reading = (typeof readings)[number]

/**
 * The limits at which a machine fails. Heat: difference of temperatures (K) and speed (rpm), failing below both. Power (W):
 * failing outside. Overstrain (Nm·min): failing above, moved for all three types of product alike.
 */
export const limits = ['heatDifferenceK', 'heatSpeedRpm', 'powerLowW', 'powerHighW', 'overstrainNmMin'] as const
export type Limit = (typeof limits)[number]

/** `by` is added to the limit, or to what the sensor shows, where the drift is at its full. `line` null moves every line. */
export interface Move {
  readonly line: string | null
  readonly what: Limit | Reading
  readonly by: number
}

export const driftKinds = ['none', 'sudden', 'gradual', 'recurring'] as const

export interface Drift {
  readonly kind: (typeof driftKinds)[number]
  /** The part of each line, counted from 0, at which it begins. */
  readonly atPart: number
  /** Gradual: over how many parts it grows to its full. Recurring: how many parts it stays, and then stays away. */
  readonly overParts: number
  readonly moves: readonly Move[]
}

/**
 * How far a drift is at a line's part, from 0 to 1.
 *
 * @example
 * ```ts
 * import { strength } from '../src/simulate/drift.ts'
 * strength({ kind: 'gradual', atPart: 100, overParts: 50, moves: [] }, 125) // => 0.5
 * strength({ kind: 'recurring', atPart: 100, overParts: 50, moves: [] }, 160) // => 0
 * ```
 */
export function strength(drift: Drift, part: number): number {
  const since = part - drift.atPart
  if (since < 0) return 0
  switch (drift.kind) {
    case 'none':
      return 0
    case 'sudden':
      return 1
    case 'gradual':
      return Math.min(1, since / drift.overParts)
    case 'recurring':
      return Math.floor(since / drift.overParts) % 2 === 0 ? 1 : 0
  }
}
