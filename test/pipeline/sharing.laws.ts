/** The promises of a log that shares out its partitions, as data, and the faults that they must see. */
import { describe, expect, test } from 'vitest'
import type { Incoming, Log, Outgoing, Portion, Shared } from '../../src/pipeline/log.ts'
import { partitionOf } from '../../src/pipeline/partition.ts'

export type SharedLog = Log & Shared

/** The topics that every log under these laws is opened with: two whose partitions belong together, and one for outputs. */
export const sharePartitions = { lines: 3, marks: 3, parts: 1 } as const

export interface Subject {
  readonly log: SharedLog
  /** Another handle, as another process would have it. */
  readonly again: () => Promise<SharedLog>
}

export interface Law {
  readonly name: string
  readonly run: (subject: Subject) => Promise<void>
}

const SOON_MS = 6000
/** So long nothing comes that must not. */
const QUIET_MS = 1500
const LIMIT = 4

const record = (topic: string, line: number, value: string): Outgoing => ({ topic, key: `line-${line}`, value: Buffer.from(value) })
const textOf = ({ value }: Incoming): string => Buffer.from(value).toString()
const made = (portion: Portion): Outgoing[] => portion.records.map(({ value }) => ({ topic: 'parts', key: null, value }))
const numberOf = ({ records }: Portion): number => records[0]!.partition

/** A member that is asked by hand. */
class Hand {
  readonly #portions: AsyncIterator<Portion>
  readonly #stop = new AbortController()
  #asked: Promise<IteratorResult<Portion>> | null = null

  constructor(log: SharedLog, topics: readonly string[] = ['lines'], limit = LIMIT) {
    this.#portions = log.share('g', topics, this.#stop.signal, limit)[Symbol.asyncIterator]()
  }

  /** The next portion, or null where none comes for so long. */
  async next(ms = SOON_MS): Promise<Portion | null> {
    this.#asked ??= this.#portions.next()
    this.#asked.catch(() => undefined) // thrown where it is awaited
    let timer: NodeJS.Timeout | undefined
    const late = new Promise<null>(resolve => {
      timer = setTimeout(resolve, ms, null)
    })
    const came = await Promise.race([this.#asked, late]).finally(() => clearTimeout(timer))
    if (came === null) return null
    this.#asked = null
    return came.done ? null : came.value
  }

  /** Takes and does portions until none comes. */
  async drain(ms = QUIET_MS): Promise<Incoming[]> {
    const taken: Incoming[] = []
    for (let portion = await this.next(SOON_MS); portion !== null; portion = await this.next(ms)) {
      taken.push(...portion.records)
      await portion.done(made(portion))
    }
    return taken
  }

  async leave(): Promise<void> {
    this.#stop.abort()
    await this.#asked?.catch(() => undefined)
    await this.#portions.return?.()
  }
}

async function withHands(logs: readonly SharedLog[], run: (...hands: Hand[]) => Promise<void>, topics?: readonly string[]): Promise<void> {
  const hands = logs.map(log => new Hand(log, topics))
  try {
    await run(...hands)
  } finally {
    for (const hand of hands) await hand.leave()
  }
}

const committedOf = async (log: Log, topic: string, partition: number): Promise<number> =>
  (await log.committed('g')).find(each => each.topic === topic && each.partition === partition)?.offset ?? 0

async function outputsOf(log: Log, count: number): Promise<string[]> {
  const taken: string[] = []
  for await (const batch of log.read(['parts'], [], AbortSignal.timeout(count === 0 ? QUIET_MS : SOON_MS))) {
    taken.push(...batch.map(textOf))
    if (count > 0 && taken.length >= count) break
  }
  return taken
}

const many = (n: number, from = 0): Outgoing[] => Array.from({ length: n }, (_, i) => record('lines', (from + i) % 7, `${from + i}`))
const sorted = (values: readonly string[]): string[] => [...values].sort((a, b) => Number(a) - Number(b))
const all = (n: number): string[] => Array.from({ length: n }, (_, i) => `${i}`)

export const laws: readonly Law[] = [
  {
    name: 'everything comes from the oldest record on, a partition at a time, in order and within the limit',
    run: async ({ log }) => {
      await log.write(many(40))
      await withHands([log], async hand => {
        const next = [0, 0, 0]
        let count = 0
        while (count < 40) {
          const portion = await hand.next()
          expect(portion).not.toBeNull()
          const { records } = portion!
          expect(records.length).toBeLessThanOrEqual(LIMIT)
          for (const { partition, offset } of records) {
            expect(partition).toBe(numberOf(portion!))
            expect(offset).toBe(next[partition]!++)
          }
          count += records.length
          await portion!.done([])
        }
        expect(await hand.next(QUIET_MS)).toBeNull()
      })
    }
  },
  {
    name: 'the group stands behind what is done, and nowhere else',
    run: async ({ log }) => {
      await log.write(many(60))
      await withHands([log], async hand => {
        const done = new Map<number, number>()
        for (let i = 0; i < 6; i++) {
          const portion = (await hand.next())!
          const number = numberOf(portion)
          expect(await committedOf(log, 'lines', number)).toBe(done.get(number) ?? 0)
          await portion.done(made(portion))
          done.set(number, portion.records.at(-1)!.offset + 1)
          for (const [partition, offset] of done) expect(await committedOf(log, 'lines', partition)).toBe(offset)
        }
      })
    }
  },
  {
    name: 'what was made of a portion is there when it is done',
    run: async ({ log }) => {
      await log.write(many(3))
      await withHands([log], async hand => {
        const taken = (await hand.drain()).map(textOf)
        expect(sorted(taken)).toEqual(all(3))
        expect(sorted(await outputsOf(log, 3))).toEqual(all(3))
      })
    }
  },
  {
    name: 'nothing of a partition comes before what came of it is done',
    run: async ({ log }) => {
      await log.write(many(40))
      await withHands([log], async hand => {
        const first = (await hand.next())!
        const others: Portion[] = []
        for (let portion = await hand.next(QUIET_MS); portion !== null && others.length < 20; portion = await hand.next(QUIET_MS)) {
          others.push(portion)
          await portion.done([])
        }
        expect(others.filter(portion => numberOf(portion) === numberOf(first))).toEqual([])
        expect(new Set(others.map(numberOf)).size).toBe(2)
        await first.done([])
        expect(await hand.next()).not.toBeNull()
      })
    }
  },
  {
    name: 'who comes later goes on where the group stands, and what was begun but not done comes again',
    run: async ({ log, again }) => {
      await log.write(many(30))
      const done: string[] = []
      let begun: string[] = []
      await withHands([log], async hand => {
        for (let i = 0; i < 3; i++) {
          const portion = (await hand.next())!
          done.push(...portion.records.map(textOf))
          await portion.done([])
        }
        begun = (await hand.next())!.records.map(textOf)
      })
      await withHands([await again()], async hand => {
        const taken = (await hand.drain()).map(textOf)
        expect(taken).toEqual(expect.arrayContaining(begun))
        expect(sorted([...done, ...taken])).toEqual(all(30))
      })
    }
  },
  {
    name: 'several share: each partition is one member’s, everything comes once, and who leaves is followed',
    run: async ({ log, again }) => {
      await withHands([log, await again()], async (one, other) => {
        const waiting = [one.next(SOON_MS), other.next(SOON_MS)]
        await log.write(many(10)) // a first round wakes them until both are of the group
        for (const portion of await Promise.all(waiting)) await portion?.done(made(portion))
        await Promise.all([one.drain(), other.drain()])
        await log.write(many(60, 10))
        const [a, b] = await Promise.all([one.drain(), other.drain()])
        expect(new Set([...a.map(each => each.partition), ...b.map(each => each.partition)]).size).toBe(3)
        const shared = a.map(each => each.partition).filter(partition => b.some(each => each.partition === partition))
        expect(shared).toEqual([])
        expect(a.length * b.length).toBeGreaterThan(0)
        await other.leave()
        await log.write(many(20, 70))
        await one.drain()
        expect(sorted(await outputsOf(log, 90))).toEqual(all(90))
      })
    }
  },
  {
    name: 'partitions of the same number go together, whatever their topic',
    run: async ({ log, again }) => {
      const write = (): Promise<unknown> =>
        log.write(Array.from({ length: 28 }, (_, i) => record(i % 2 ? 'lines' : 'marks', Math.floor(i / 2) % 7, `${i}`)))
      await write()
      const logs = [log, await again()]
      await withHands(
        logs,
        async (one, other) => {
          await Promise.all([one.drain(), other.drain()])
          await write()
          const taken = await Promise.all([one.drain(), other.drain()])
          const numbers = taken.map(records =>
            ['lines', 'marks'].map(topic => new Set(records.filter(r => r.topic === topic).map(r => r.partition)))
          )
          for (const [lines, marks] of numbers) expect([...lines!].sort()).toEqual([...marks!].sort())
          const lines = Array.from({ length: 7 }, (_, line) => partitionOf(`line-${line}`, 3))
          expect(new Set(numbers.flatMap(([each]) => [...each!]))).toEqual(new Set(lines))
        },
        ['lines', 'marks']
      )
    }
  },
  {
    name: 'ends when it is told to, whether it waits for records or for others',
    run: async ({ log, again }) => {
      await withHands([log, await again(), await again(), await again()], async (...hands) => {
        await Promise.all(hands.map(hand => hand.next(QUIET_MS)))
        const before = performance.now()
        await Promise.all(hands.map(hand => hand.leave()))
        expect(performance.now() - before).toBeLessThan(SOON_MS)
      })
    }
  }
]

type Plant = (log: SharedLog) => Shared['share']

/** A log whose portions are changed on their way. */
const changing =
  (change: (portions: AsyncIterable<Portion>, log: SharedLog) => AsyncIterable<Portion>): Plant =>
  log =>
  (group, topics, signal, limit) =>
    change(log.share(group, topics, signal, limit), log)

let groups = 0

/** What an adapter may get wrong, by name. */
export const faults: Readonly<Record<string, Plant>> = {
  'positions move before it is done': changing(async function* (portions, log) {
    for await (const { records, done } of portions) {
      await done([])
      yield { records, done: async outputs => void (await log.write(outputs)) }
    }
  }),
  'positions move past what was done': changing(async function* (portions) {
    let skip = false
    for await (const portion of portions) {
      if (skip) await portion.done([])
      else yield portion
      skip = !skip
    }
  }),
  'positions do not move': changing(async function* (portions, log) {
    for await (const { records } of portions) yield { records, done: async outputs => void (await log.write(outputs)) }
  }),
  'outputs are lost': changing(async function* (portions) {
    for await (const { records, done } of portions) yield { records, done: () => done([]) }
  }),
  'outputs are written twice': changing(async function* (portions) {
    for await (const { records, done } of portions) yield { records, done: outputs => done([...outputs, ...outputs]) }
  }),
  'records come in the wrong order': changing(async function* (portions) {
    for await (const { records, done } of portions) yield { records: [...records].reverse(), done }
  }),
  'the limit is ignored': log => (group, topics, signal) => log.share(group, topics, signal, 1000),
  'a partition is given to two': log => (group, topics, signal, limit) => log.share(`${group}-${groups++}`, topics, signal, limit),
  'topics are shared out apart': log => (group, topics, signal, limit) =>
    log.share(group, groups++ % 2 ? topics.slice(0, 1) : topics.slice(-1), signal, limit),
  'it does not end': log => (group, topics, _signal, limit) => log.share(group, topics, new AbortController().signal, limit)
}

/** The same log with a fault in what it shares. */
function planted(log: SharedLog, plant: Plant): SharedLog {
  const share = plant(log)
  return new Proxy(log, {
    get: (target, name) => {
      if (name === 'share') return share
      const value = Reflect.get(target, name, target)
      return typeof value === 'function' ? value.bind(target) : value
    }
  })
}

async function endsWithin(run: Promise<void>, ms: number): Promise<void> {
  run.catch(() => undefined)
  let timer: NodeJS.Timeout | undefined
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error(`expected an end within ${ms} ms`)), ms)
  })
  await Promise.race([run, late]).finally(() => clearTimeout(timer))
}

/** A new subject for each law; `end` closes what was opened. */
export function sharingLaws(name: string, open: () => Promise<Subject & { end(): Promise<void> }>, seen = Object.keys(faults)): void {
  describe(`${name} keeps the laws of sharing`, () => {
    test.each(laws)('$name', async ({ run }) => {
      const subject = await open()
      try {
        await run(subject)
      } finally {
        await subject.end()
      }
    })
  })
  if (seen.length === 0) return
  describe(`the laws of sharing see on ${name}`, () => {
    test.each(seen)(
      'that %s',
      async fault => {
        let red = ''
        const plant = faults[fault]!
        for (const law of laws) {
          const subject = await open()
          try {
            const run = law.run({ log: planted(subject.log, plant), again: async () => planted(await subject.again(), plant) })
            await endsWithin(run, 3 * SOON_MS)
          } catch {
            red = law.name
          } finally {
            await subject.end()
          }
          if (red !== '') break
        }
        expect(red).not.toBe('')
      },
      180_000
    )
  })
}
