/**
 * A schema registry's REST interface, as far as Andon needs it: a schema by its id, whether a schema may follow those of a
 * subject, and the id of a schema, registered or looked up.
 *
 *     GET  /schemas/ids/{id}                                 { schema, schemaType?, references? }
 *     POST /compatibility/subjects/{s}/versions/latest       { is_compatible, messages? }
 *     POST /subjects/{s}/versions                            { id }
 *     POST /subjects/{s}                                     { id, … }
 *
 * Source: Confluent's documentation, "Schema Registry API Reference".
 */
import { setTimeout as sleep } from 'node:timers/promises'
import { Fault, isPassing } from '../../fault/fault.ts'
import { type Answer, ask, type Endpoint, said } from './request.ts'

export interface RegistryOptions extends Endpoint {
  /** How often a request at start is tried before it is given up, with growing waits between. */
  readonly attempts: number
}

export interface RegistryClient {
  /**
   * The text of the Avro schema with this id, or why there is none to be had. Asks once. Throws `UNAVAILABLE` (retry)
   * where the registry does not answer or does not let us in: a password that is being changed must cost no record.
   */
  schemaOf(id: number): Promise<{ readonly text: string } | { readonly problem: string }>
  /** What stands against a schema as the next of its subject; null where nothing does. Throws as `ask`, after every attempt. */
  objection(subject: string, schema: string): Promise<string | null>
  /** The id of a schema under a subject, which is given one where it has none; or why not. Throws as `objection`. */
  register(subject: string, schema: string): Promise<number | { readonly problem: string }>
  /** The id that a schema has under a subject; null where it has none. Throws as `objection`. */
  lookUp(subject: string, schema: string): Promise<number | null>
}

/** Before the second attempt; before each later one twice as long. */
const FIRST_WAIT_MS = 100
const LONGEST_WAIT_MS = 5000

/** Opens a client. Nothing is asked before the first call, and nothing is kept open between calls. */
export function openRegistryClient(options: RegistryOptions): RegistryClient {
  const persist = async (path: string, body: object): Promise<Answer> => {
    for (let attempt = 1; ; attempt++) {
      try {
        return await ask(options, 'POST', path, body)
      } catch (error) {
        if (!isPassing(error) || attempt >= options.attempts) throw error
        await sleep(Math.min(LONGEST_WAIT_MS, FIRST_WAIT_MS * 2 ** (attempt - 1)))
      }
    }
  }
  const of = (subject: string): string => `/subjects/${encodeURIComponent(subject)}`
  const strange = (what: string): Fault =>
    new Fault('UNAVAILABLE', `expected ${what} of the schema registry at ${options.url}, got something else: is registry.url right?`)
  const idIn = ({ body }: Answer): number => {
    const id = body?.id
    if (typeof id === 'number' && Number.isInteger(id) && id >= 0 && id <= 0xffffffff) return id
    throw strange('the id of a schema')
  }

  return {
    async schemaOf(id) {
      const { status, body } = await ask(options, 'GET', `/schemas/ids/${id}`).catch(error => {
        if (!(error instanceof Fault) || error.code !== 'NOT_AUTHORISED') throw error
        throw new Fault('UNAVAILABLE', error.message, error)
      })
      if (body === undefined)
        return {
          problem: `expected schema ${id} of the registry within ${options.maxBytes} bytes, it is longer: see registry.maxSchemaKiB`
        }
      if (status !== 200)
        return { problem: `expected schema ${id} to be known to the registry, got ${status} (${said(body)}): register it` }
      const { schema, schemaType = 'AVRO', references } = body
      if (schemaType !== 'AVRO')
        return { problem: `expected schema ${id} of the registry to be of Avro, got ${said({ message: schemaType })}` }
      if (Array.isArray(references) && references.length > 0)
        return {
          problem: `expected schema ${id} of the registry to be whole, it refers to others: register it with what it refers to within`
        }
      if (typeof schema !== 'string') throw strange('the text of a schema')
      return { text: schema }
    },

    async objection(subject, schema) {
      const answer = await persist(`/compatibility${of(subject)}/versions/latest?verbose=true`, { schema })
      // Nothing is registered under the subject yet.
      if (answer.status === 404) return null
      if (answer.status !== 200) return said(answer.body)
      const { is_compatible: compatible, messages } = answer.body ?? {}
      if (typeof compatible !== 'boolean') throw strange('whether a schema is compatible')
      if (compatible) return null
      return Array.isArray(messages) && messages.length > 0
        ? said({ message: messages.join('; ') })
        : 'incompatible with the latest version'
    },

    async register(subject, schema) {
      const answer = await persist(`${of(subject)}/versions`, { schema })
      return answer.status === 200 ? idIn(answer) : { problem: said(answer.body) }
    },

    async lookUp(subject, schema) {
      const answer = await persist(of(subject), { schema })
      if (answer.status === 404) return null
      if (answer.status !== 200) throw strange(`the id of a schema under ${subject}`)
      return idIn(answer)
    }
  }
}
