/** History as it grows: asked for once in whole, then only what came since. */
import type { HistoryReport, Range, Series } from '../pipeline/board.ts'
import { get } from './api.ts'

/** Buckets that are shown, as many as the server keeps: what is older leaves, however long the page is open. */
export const SHOWN = 720

/** The two joined: buckets of `later` take the place of the same ones before. */
export function joined(before: HistoryReport, later: HistoryReport): HistoryReport {
  const first = later.starts[0]
  if (first === undefined) return { ...before, marks: later.marks, lines: later.lines }
  const kept = before.starts.filter(start => start < first).length
  const oldest = later.starts.at(-1)! - SHOWN * later.widthMs
  const left = before.starts.filter(start => start <= oldest).length
  const column = <T>(a: readonly T[], b: readonly T[]): T[] => [...a.slice(left, kept), ...b]
  const known = new Map(before.series.map(series => [keyOf(series), series]))
  const none = (length: number): number[] => new Array<number>(length).fill(0)
  const series = later.series.map(each => {
    const old = known.get(keyOf(each))
    return {
      ...each,
      support: column(old?.support ?? none(kept), each.support),
      hits: column(old?.hits ?? none(kept), each.hits),
      said: column(old?.said ?? none(kept), each.said)
    }
  })
  return {
    ...later,
    starts: column(before.starts, later.starts),
    series,
    parts: column(before.parts, later.parts),
    flagged: column(before.flagged, later.flagged),
    learned: column(before.learned, later.learned),
    delayMean: column(before.delayMean, later.delayMean),
    delayMost: column(before.delayMost, later.delayMost)
  }
}

const keyOf = (series: Series): string => JSON.stringify([series.task, series.class])

export class Past {
  #report: HistoryReport | null = null
  #of = ''
  #startedAt = 0

  /** The history of a range and line up to now. A restarted server is asked anew. */
  async upToNow(range: Range, line: string | null, startedAt: number): Promise<HistoryReport | null> {
    const of = JSON.stringify([range, line])
    if (of !== this.#of || startedAt !== this.#startedAt) this.#report = null
    const before = this.#report
    // The newest two buckets may still have changed, late labels aside.
    const since = before?.starts.at(-2) ?? 0
    const query = new URLSearchParams({ range, since: String(since), ...(line === null ? {} : { line }) })
    const later = await get<HistoryReport>(`/api/history?${query}`)
    if (later === null) return null
    this.#report = before === null ? later : joined(before, later)
    this.#of = of
    this.#startedAt = startedAt
    return this.#report
  }
}
