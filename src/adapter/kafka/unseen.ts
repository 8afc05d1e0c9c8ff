/**
 * What was committed and is not given to its readers yet. A cluster may forget to write down in a partition that a transaction
 * has ended there: brokers of Kafka 4.4 that are killed in between take partitions without a leader, as they all are until the
 * broker is back, for deleted ones. Such a transaction hangs: readers of what is committed are given nothing more of the
 * partition, ever, unless the end is written there once more.
 */
import { type Held, listOffsets } from './edges.ts'
import type { Link, Tell } from './link.ts'
import { byPlace, type Placed } from './produce.ts'
import { LATEST } from './protocol.ts'
import type { Place } from './scan.ts'

/** Between two looks, and after how many of them in vain an end is written once more. */
const LOOK_MS = 1000
const LOOKS = 3

export interface UnseenOptions {
  readonly link: Link
  readonly tell?: Tell | undefined
  /** Which of these places hold back what we have written, and not what others have open. */
  readonly held: (places: readonly Place[]) => Promise<readonly Held[]>
  /** Writes the end of what was committed once more at these places; `before` is what holds them from an earlier life. */
  readonly end: (places: readonly Place[], before: readonly Held[]) => Promise<void>
}

/** The offset behind what was written at a place, and looks in vain since. */
interface Waiting extends Place {
  readonly offset: number
  looks: number
}

export class Unseen {
  readonly #options: UnseenOptions
  readonly #waiting = new Map<string, Waiting>()
  /** The first offset that was written at a place: what lies before is of an earlier life. */
  readonly #first = new Map<string, number>()
  #timer: NodeJS.Timeout | null = null

  constructor(options: UnseenOptions) {
    this.#options = options
  }

  /** These were committed. What was committed before at the same places is seen with them. */
  committed(records: readonly Placed[]): void {
    for (const [key, { topic, partition, records: there }] of byPlace(records)) {
      if (!this.#first.has(key)) this.#first.set(key, there[0]!.offset!)
      this.#waiting.set(key, { topic, partition, offset: there.at(-1)!.offset! + 1, looks: 0 })
    }
    if (this.#waiting.size > 0) this.#lookLater()
  }

  #lookLater(): void {
    this.#timer ??= setTimeout(() => {
      this.#timer = null
      // Whoever was closed or fenced has nothing to look after any more.
      this.#look().catch(() => this.#waiting.clear())
    }, LOOK_MS).unref()
  }

  async #look(): Promise<void> {
    const { link, tell, held, end } = this.#options
    const looked = [...this.#waiting]
    const stable = await listOffsets(
      link,
      looked.map(([, place]) => place),
      () => LATEST
    )
    const late: Waiting[] = []
    for (const [i, [key, place]] of looked.entries()) {
      // Written again meanwhile, it has another turn.
      if (this.#waiting.get(key) !== place) continue
      if (stable[i]! >= place.offset) this.#waiting.delete(key)
      else if (++place.looks % LOOKS === 0) late.push(place)
    }
    const hanging = await held(late)
    if (hanging.length > 0) {
      const keyOf = ({ topic, partition }: Place): string => `${partition} ${topic}`
      const fresh = new Set(late.filter(({ looks }) => looks === LOOKS).map(keyOf))
      const where = hanging.filter(place => fresh.has(keyOf(place))).map(({ topic, partition }) => `${topic}/${partition}`)
      if (where.length > 0) tell?.('warn', `a commit to ${where.join(', ')} does not come to be seen: ending it there once more`)
      const isBefore = (place: Held): boolean => place.offset < this.#first.get(keyOf(place))!
      await end(
        hanging.filter(place => !isBefore(place)),
        hanging.filter(isBefore)
      )
    }
    if (this.#waiting.size > 0) this.#lookLater()
  }
}
