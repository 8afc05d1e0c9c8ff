/** What of an observation becomes an input: its features, its domain, and those of station and product that the domain does not already say. */
import type { Observation } from '../events/event.ts'

/** Column of the domain. No feature can have this name: the checks refuse control characters. */
export const DOMAIN = '\u0001domain'
const STATION = '\u0001station'
const PRODUCT = '\u0001product'

/** Name of all domains beyond the limit. */
export const OVERFLOW_DOMAIN = '(other)'

/**
 * The domain an observation belongs to: its fields' values joined with `/`, an absent one empty.
 *
 * @example
 * ```ts
 * import { domainOf } from '../src/learner/inputs.ts'
 * const observation = { id: '1', line: 'press', station: null, product: 'lid', time: 0, features: {} }
 * domainOf(observation, ['line', 'product']) // => 'press/lid'
 * ```
 */
export function domainOf(observation: Observation, fields: readonly string[]): string {
  return fields.map(field => fieldOf(observation, field)).join('/')
}

export function inputsOf(observation: Observation, fields: readonly string[], domain: string): Map<string, number | string | null> {
  const inputs = new Map<string, number | string | null>()
  if (fields.length > 0) inputs.set(DOMAIN, domain)
  if (observation.station !== null && !fields.includes('station')) inputs.set(STATION, observation.station)
  if (observation.product !== null && !fields.includes('product')) inputs.set(PRODUCT, observation.product)
  const { features } = observation
  for (const name in features) if (!fields.includes(`features.${name}`)) inputs.set(name, features[name]!)
  return inputs
}

/** How an input is called to people. */
export function inputName(name: string): string {
  return name.startsWith('\u0001') ? name.slice(1) : name
}

/** The first ten of them, and how many more. */
export function inputNames(names: readonly string[]): string {
  const shown = names.slice(0, 10).map(inputName).join(', ')
  return names.length > 10 ? `${shown} and ${names.length - 10} more` : shown
}

function fieldOf(observation: Observation, field: string): string {
  if (field === 'line') return observation.line
  if (field === 'station') return observation.station ?? ''
  if (field === 'product') return observation.product ?? ''
  const value = observation.features[field.slice('features.'.length)]
  return value === null || value === undefined ? '' : String(value)
}
