/** What of an observation becomes an input: its features, its domain, and those of station and product that the domain does not already say. */
import type { Feature, Features } from '../encode/columns.ts'
import type { Observation } from '../events/event.ts'
import { log } from '../numeric/exp-log.ts'

/** Column of the domain. No feature can have this name: the checks refuse control characters. */
export const DOMAIN = '\u0001domain'
const STATION = '\u0001station'
const PRODUCT = '\u0001product'
/** Columns of a task's last known label on the line and of its age, before the task's name. */
const LAST = '\u0001last '
const AGE = '\u0001age '

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

/** What is known of a task on the observation's line: its last label, and how many of the line's examples were learned since. */
export interface LastKnown {
  readonly task: string
  readonly label: string
  readonly age: number
}

/** `last` is what is known of each task; an age n is the input ln(1 + n). */
export function inputsOf(observation: Observation, fields: readonly string[], domain: string, last: readonly LastKnown[] = []): Features {
  const names: string[] = []
  const values: Feature[] = []
  const add = (name: string, value: Feature): void => {
    names.push(name)
    values.push(value)
  }
  if (fields.length > 0) add(DOMAIN, domain)
  if (observation.station !== null && !fields.includes('station')) add(STATION, observation.station)
  if (observation.product !== null && !fields.includes('product')) add(PRODUCT, observation.product)
  for (const { task, label, age } of last) {
    add(LAST + task, label)
    add(AGE + task, log(1 + age))
  }
  const { features } = observation
  for (const name in features) if (!fields.includes(`features.${name}`)) add(name, features[name]!)
  return { names, values }
}

/** Whether an input is a task's last known label: it may be any of the task's classes. */
export function isLastLabel(name: string): boolean {
  return name.startsWith(LAST)
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
