/** An onlooker with no log behind it: what it tells is chosen. */
import type { BoardOptions } from '../../src/http/board.ts'
import type { HistoryReport, Pulse, Tile } from '../../src/pipeline/board.ts'
import { History } from '../../src/pipeline/history.ts'
import { KnownParts } from '../../src/pipeline/known-parts.ts'
import type { Told } from '../../src/pipeline/onlooker.ts'

export interface Stub {
  readonly board: BoardOptions
  readonly parts: KnownParts
  readonly past: History
  tiles: readonly Tile[]
  startedAt: number
  ready: boolean
  report: ((range: string, line: string | null, since: number) => HistoryReport) | null
  tell(event: Told): void
  readonly listening: () => number
}

export function stub(): Stub {
  const followers = new Set<(event: Told) => void>()
  const self: Omit<Stub, 'board'> = {
    parts: new KnownParts(),
    past: new History(),
    tiles: [],
    startedAt: 1,
    ready: true,
    report: null,
    tell: event => {
      for (const follower of followers) follower(event)
    },
    listening: () => followers.size
  }
  const pulse = (): Pulse => ({
    at: Date.now(),
    startedAt: made.startedAt,
    ready: made.ready,
    reasons: made.ready ? [] : ['it starts'],
    role: 'all',
    learned: 0,
    lag: {},
    waiting: { observations: 0, labels: 0 },
    tiles: made.tiles
  })
  const onlooker = {
    pulse,
    follow: (take: (event: Told) => void) => {
      followers.add(take)
      return () => followers.delete(take)
    },
    history: (range: 'hour' | 'day' | 'month', line: string | null, since: number) =>
      made.report?.(range, line, since) ?? made.past.report(range, line, since),
    part: (id: string) => made.parts.get(id),
    newestParts: (line: string | null, limit: number) => made.parts.newest(line, limit),
    typical: (line: string) => made.parts.typical(line)
  }
  const made: Stub = Object.assign(self, { board: { onlooker, explain: () => null } })
  return made
}

export const tile = (line: string, more: Partial<Tile> = {}): Tile => ({
  line,
  station: 'mill',
  parts: 500,
  recent: 500,
  flagged: 12,
  last: { observation: `${line}-1`, time: Date.now(), flagged: false, task: 'surface', class: 'ok', probability: 0.97 },
  ...more
})
