/** Stations of lines as an operator sees them: how many of the last parts are predicted defective, and the last one. Bounded. */
import type { Prediction } from '../events/event.ts'
import type { LastPart, Tile } from './board.ts'

/** Parts that a rate is made of: with 3 % defects about 15, enough for a figure, few enough to follow a change. */
const RECENT = 500
/** Beyond them parts are counted on the tile of the line without a station, or not at all. */
const MOST = 512

interface Kept {
  tile: Tile
  /** The last parts in turns. */
  readonly flags: Uint8Array
}

/** Whether a class of a task is no defect. */
export type IsGood = (task: string, name: string) => boolean

/** The likeliest defect that was chosen, or the first task's choice where none was; null where nothing was said. */
export function lastPartOf({ observation, time, tasks }: Prediction, isGood: IsGood): LastPart | null {
  let best: LastPart | null = null
  for (const { task, classes, probabilities, chosen } of tasks) {
    const flagged = !isGood(task, chosen)
    const probability = probabilities[classes.indexOf(chosen)] ?? 0
    if (best !== null && (!flagged || (best.flagged && best.probability >= probability))) continue
    best = { observation, time, flagged, task, class: chosen, probability }
  }
  return best
}

export class Tiles {
  readonly #kept = new Map<string, Kept>()
  #changed = new Set<string>()

  take(line: string, station: string | null, last: LastPart): void {
    const key = JSON.stringify([line, station])
    let kept = this.#kept.get(key)
    if (kept === undefined) {
      if (this.#kept.size >= MOST) return
      kept = { tile: { line, station, parts: 0, recent: 0, flagged: 0, last }, flags: new Uint8Array(RECENT) }
      this.#kept.set(key, kept)
    }
    const { tile, flags } = kept
    const at = tile.parts % RECENT
    const flagged = tile.flagged - flags[at]! + (last.flagged ? 1 : 0)
    flags[at] = last.flagged ? 1 : 0
    kept.tile = { line, station, parts: tile.parts + 1, recent: Math.min(RECENT, tile.recent + 1), flagged, last }
    this.#changed.add(key)
  }

  all(): readonly Tile[] {
    return [...this.#kept.values()].map(({ tile }) => tile)
  }

  /** Those that changed since it was asked before. */
  changed(): readonly Tile[] {
    const tiles = [...this.#changed].map(key => this.#kept.get(key)!.tile)
    this.#changed = new Set()
    return tiles
  }
}
