/** Counts of what became of records, by topic and outcome. */

export interface Tally {
  readonly topic: string
  readonly outcome: string
  readonly count: number
}

export class Tallies {
  readonly #counts = new Map<string, { topic: string; outcome: string; count: number }>()

  add(topic: string, outcome: string): void {
    const key = `${topic} ${outcome}`
    const tally = this.#counts.get(key)
    if (tally === undefined) this.#counts.set(key, { topic, outcome, count: 1 })
    else tally.count++
  }

  of(topic: string, outcome: string): number {
    return this.#counts.get(`${topic} ${outcome}`)?.count ?? 0
  }

  all(): readonly Tally[] {
    return [...this.#counts.values()].map(tally => ({ ...tally }))
  }
}
