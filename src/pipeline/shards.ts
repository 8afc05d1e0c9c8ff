/**
 * Which lines share a learner. A line that no shard names belongs to the one that takes the rest; without any shard named,
 * that one takes all.
 */
import type { AnyEvent } from '../events/event.ts'

/** The shard of every line that no other one names. */
export const REST = 'shard-0'

export class Shards {
  /** All shards; the one that takes the rest is the last. */
  readonly names: readonly string[]
  /** All of it as text, the same for the same division. */
  readonly text: string
  readonly #of = new Map<string, string>()

  /** `lines` of each shard; no line is named twice. */
  constructor(lines: Readonly<Record<string, readonly string[]>> = {}) {
    this.names = [...Object.keys(lines), REST]
    for (const [shard, named] of Object.entries(lines)) for (const line of named) this.#of.set(line, shard)
    const sorted = Object.entries(lines).map(([shard, named]): [string, string[]] => [shard, [...named].sort()])
    this.text = JSON.stringify(Object.fromEntries(sorted.sort(([a], [b]) => (a < b ? -1 : 1))))
  }

  /** The shard of a line: the key of its examples. */
  of(line: string): string {
    return this.#of.get(line) ?? REST
  }

  /**
   * Whether the learner of `shard` takes an event of `examples`: an example by its line, whoever wrote it under whatever key;
   * a control by the record's key, one without to all.
   */
  takes(shard: string, { name, event }: AnyEvent, key: string | null): boolean {
    if (this.names.length === 1) return true
    if (name === 'example') return this.of(event.observation.line) === shard
    return key === null || key === shard
  }
}
