/**
 * Who speaks where: the mean shares of each bank's experts by line and by true class, as they were served. Forgetting, so that
 * it tells of the present; bounded.
 */
import type { Example } from '../events/event.ts'

/** About the last 300 parts of a row. */
const RATE = 1 / 300
/** Rows of a bank beyond which lines and classes are not told apart. */
const MOST_ROWS = 64
const MOST_BANKS = 128

interface Row {
  seen: number
  shares: number[]
}

interface Kept {
  readonly task: string
  readonly bank: string
  readonly lines: Map<string, Row>
  readonly classes: Map<string, Row>
}

export interface SpeakersReport {
  readonly tasks: readonly {
    readonly task: string
    readonly bank: string
    readonly lines: readonly ({ readonly name: string } & Readonly<Row>)[]
    readonly classes: readonly ({ readonly name: string } & Readonly<Row>)[]
  }[]
}

export class Speakers {
  readonly #kept = new Map<string, Kept>()

  take({ observation, labels, prediction }: Example): void {
    for (const { task, banks } of prediction?.tasks ?? []) {
      const truth = labels[task]
      if (truth === undefined) continue
      for (const { bank, shares } of banks) {
        if (shares.length < 2) continue
        const key = JSON.stringify([task, bank])
        let kept = this.#kept.get(key)
        if (kept === undefined) {
          if (this.#kept.size >= MOST_BANKS) continue
          kept = { task, bank, lines: new Map(), classes: new Map() }
          this.#kept.set(key, kept)
        }
        hear(kept.lines, observation.line, shares)
        hear(kept.classes, truth, shares)
      }
    }
  }

  report(): SpeakersReport {
    const rows = (of: ReadonlyMap<string, Row>) => [...of].map(([name, row]) => ({ name, ...row }))
    return {
      tasks: [...this.#kept.values()].map(({ task, bank, lines, classes }) => ({ task, bank, lines: rows(lines), classes: rows(classes) }))
    }
  }
}

function hear(rows: Map<string, Row>, name: string, shares: readonly number[]): void {
  let row = rows.get(name)
  if (row === undefined) {
    if (rows.size >= MOST_ROWS) return
    row = { seen: 0, shares: [] }
    rows.set(name, row)
  }
  row.seen++
  // The first ones count evenly, so that a row with three parts is their mean.
  const rate = Math.max(RATE, 1 / row.seen)
  // A bank that was restarted may have more experts than before.
  row.shares = Array.from({ length: Math.max(shares.length, row.shares.length) }, (_, k) => {
    const before = row.shares[k] ?? 0
    return before + rate * ((shares[k] ?? 0) - before)
  })
}
