/** The gates that tasks share, by the name of their bank and, where each domain has its own, the domain. */
import type { Gate } from '../bank/gate.ts'
import type { Saved } from '../numeric/saved.ts'
import type { Moved } from './encodings.ts'

export class SharedGates {
  readonly #gates = new Map<string, Gate>()

  /** The gate of a name, made at first use. */
  of(name: string, make: () => Gate): Gate {
    let gate = this.#gates.get(name)
    if (gate === undefined) {
      gate = make()
      this.#gates.set(name, gate)
    }
    return gate
  }

  carry(moved: readonly Moved[]): void {
    for (const gate of this.#gates.values()) for (const { encoding, moves } of moved) gate.carry(encoding, moves)
  }

  get bytes(): number {
    let bytes = 0
    for (const gate of this.#gates.values()) bytes += gate.bytes
    return bytes
  }

  save(): Saved {
    // By name: in which order gates came is another one after loading, and no part of the state.
    return [...this.#gates].sort(([a], [b]) => (a < b ? -1 : 1)).map(([name, gate]) => [name, gate.save()])
  }

  /** Fills gates that exist again, as the banks were made anew. */
  load(saved: Saved): void {
    for (const [name, gate] of saved as [string, Saved][]) this.#gates.get(name)?.load(gate)
  }
}
