/**
 * Schemas that a registry knows by id: fetched once each, the least lately used forgotten first. An id means one schema
 * for ever, so what is known is never asked again; that an id is unknown is believed for a time only.
 */
import type { Undecodable } from '../../pipeline/codec.ts'
import { foreignReaders } from './foreign.ts'
import type { Reader } from './reader.ts'
import { Unfit } from './schema-copy.ts'
import type { StoredSchema } from './schemas.ts'

/** Where schemas come from. */
export interface SchemaSource {
  /**
   * The text of an Avro schema, or why the registry gives none for this id. Throws `UNAVAILABLE` (retry) where it cannot
   * be asked. Asks once and within a bounded time.
   */
  schemaOf(id: number): Promise<{ readonly text: string } | { readonly problem: string }>
}

export interface RegistryReading {
  readonly source: SchemaSource
  /** Foreign schemas kept at once. At least as many as a batch has records. */
  readonly maxSchemas: number
  /** How long the answer that there is no such schema is believed, milliseconds. */
  readonly absentMs: number
  /** Milliseconds, never going back. */
  readonly clock?: () => number
}

interface Known {
  readonly reader: Reader | Undecodable
  /** When it must be asked for again. */
  readonly until: number
}

export class RegistrySchemas {
  readonly #options: RegistryReading
  readonly #clock: () => number
  readonly #readersOf: (id: number, text: string) => Reader
  /** Never forgotten: what this process writes itself. */
  readonly #own = new Map<number, Reader>()
  /** Least lately used first. */
  readonly #known = new Map<number, Known>()
  readonly #asked = new Map<number, Promise<void>>()

  constructor(options: RegistryReading, readers: ReadonlyMap<StoredSchema, Reader>, maxBytes: number) {
    this.#options = options
    this.#clock = options.clock ?? (() => performance.now())
    this.#readersOf = foreignReaders(readers, maxBytes)
  }

  /** Records with this id are read by `reader`, and nobody is asked. */
  own(id: number, reader: Reader): void {
    this.#own.set(id, reader)
  }

  /** What reads the records of an id, or why they cannot be read. */
  readerOf(id: number): Reader | Undecodable {
    return (
      this.#own.get(id) ??
      this.#known.get(id)?.reader ?? { code: 'unknown-schema', reason: `expected a schema fetched from the registry before, ${id} was not` }
    )
  }

  /** Null where `readerOf` answers now, in this turn; else resolves once it has been asked for. Throws as the source does. */
  fetch(id: number): Promise<void> | null {
    if (this.#own.has(id)) return null
    const known = this.#known.get(id)
    if (known !== undefined && this.#clock() < known.until) {
      this.#known.delete(id)
      this.#known.set(id, known)
      return null
    }
    const asked = this.#asked.get(id)
    if (asked !== undefined) return asked
    const asking = this.#ask(id).finally(() => this.#asked.delete(id))
    this.#asked.set(id, asking)
    return asking
  }

  async #ask(id: number): Promise<void> {
    const answer = await this.#options.source.schemaOf(id)
    this.#known.delete(id)
    this.#known.set(id, 'text' in answer ? this.#learnt(id, answer.text) : this.#absent(answer.problem))
    for (const oldest of this.#known.keys()) {
      if (this.#known.size <= this.#options.maxSchemas) break
      this.#known.delete(oldest)
    }
  }

  #learnt(id: number, text: string): Known {
    try {
      return { reader: this.#readersOf(id, text), until: Number.POSITIVE_INFINITY }
    } catch (error) {
      if (!(error instanceof Unfit)) throw error
      return { reader: { code: 'incompatible-schema', reason: error.message }, until: Number.POSITIVE_INFINITY }
    }
  }

  #absent(problem: string): Known {
    return { reader: { code: 'unknown-schema', reason: problem }, until: this.#clock() + this.#options.absentMs }
  }
}
