/** How long a record of each name may be. */
import type { EventName } from '../../events/event.ts'

/** Of an observation, label or control, where nothing else is set. */
export const DEFAULT_MAX_BYTES = 262_144
/**
 * A prediction names every class of every task: at most 24,000 together, which the configuration sees to, each with names
 * of up to 200 characters twice (1.2 KiB). The pipeline must never make one that it cannot write.
 */
const PREDICTION_BYTES = 33_554_432

/**
 * The longest record of a name in bytes. What comes from outside has the limit that is set. What Andon writes itself is
 * never held to less than the default, and a prediction or decision to what the most classes take. An example holds an observation, its labels and its
 * prediction; a rejection holds a whole record of any of these, and 64 KiB for the rest of it.
 */
export function limitOf(name: EventName, maxBytes: number): number {
  const own = Math.max(maxBytes, DEFAULT_MAX_BYTES)
  const example = 2 * maxBytes + Math.max(maxBytes, PREDICTION_BYTES)
  switch (name) {
    case 'observation':
    case 'label':
    case 'control':
      return maxBytes
    case 'alert':
    case 'signal':
      return own
    case 'prediction':
    case 'decision':
      return Math.max(maxBytes, PREDICTION_BYTES)
    case 'example':
      return example
    case 'rejection':
      return example + 65_536
  }
}
