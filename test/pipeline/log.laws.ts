/** The promises every Log keeps, as data, so that they can be held against adapters and against planted faults. */
import { describe, expect, test } from 'vitest'
import { Fault, type FaultCode } from '../../src/fault/fault.ts'
import type { Forgetful, Incoming, Log, Outgoing, Position } from '../../src/pipeline/log.ts'
import { partitionOf } from '../../src/pipeline/partition.ts'

/** The topics every log under these laws is opened with. */
export const lawPartitions = { lines: 3, parts: 1 } as const

/** What a law is given: a fresh, empty log, and what its adapter can do beyond the port. */
export interface Subject {
  readonly log: Log
  /** Another handle on the same stored log, beside or after the first. Null where nothing is stored. */
  readonly again: (() => Promise<Log>) | null
  /** Present where the log can forget. */
  readonly forget: Forgetful | null
  /** Whether all topics share one sequence. */
  readonly oneSequence: boolean
  /** Whether a commit of 200 records of 64 KiB is refused with `LOG_FULL`, while some 50 small ones fit. */
  readonly small: boolean
  /** Milliseconds that timestamps are taken from. */
  readonly setClock: ((now: number) => void) | null
}
export type Open = () => Promise<Subject>

export interface Law {
  readonly name: string
  readonly run: (subject: Subject) => Promise<void>
  /** Why the law says nothing of this subject, or null. */
  readonly skip?: (subject: Subject) => string | null
}

const text = new TextDecoder()
const record = (topic: string, key: string | null, value: string): Outgoing => ({ topic, key, value: new TextEncoder().encode(value) })
const values = (records: readonly Incoming[]): string[] => records.map(({ value }) => text.decode(value))
const PATIENCE_MS = 2000

/** Reads until `count` records came, or for as long as a record could take to come. */
export async function take(
  log: Log,
  topics: readonly string[],
  count: number,
  from: readonly Position[] = [],
  limit?: number
): Promise<Incoming[]> {
  const signal = AbortSignal.timeout(PATIENCE_MS)
  const taken: Incoming[] = []
  for await (const batch of log.read(topics, from, signal, limit)) {
    taken.push(...batch)
    if (taken.length >= count) break
  }
  return taken
}

async function faultOf(attempt: Promise<unknown>): Promise<FaultCode | string> {
  try {
    await attempt
    return 'nothing thrown'
  } catch (error) {
    return error instanceof Fault ? error.code : String(error)
  }
}

const many = (count: number): Outgoing[] =>
  Array.from({ length: count }, (_, i) => record(i % 3 === 0 ? 'parts' : 'lines', i % 5 === 0 ? null : `line-${i % 4}`, `${i}`))

async function notesOf(log: Log, group: string): Promise<Record<string, string>> {
  const notes: Record<string, string> = {}
  for await (const { key, value } of (await log.claim(group)).notes()) notes[key] = text.decode(value)
  return notes
}

const place = ({ topic, partition, offset }: Position): string => `${topic}/${partition}@${offset}`
const needsForgetting = (subject: Subject): string | null =>
  subject.forget && subject.setClock ? null : 'the log does not forget by a clock that can be set'

export const laws: readonly Law[] = [
  {
    name: 'records of a key come back in the order written, in the partition that murmur2 gives',
    run: async ({ log }) => {
      await log.write(['a', 'b', 'c'].map(v => record('lines', 'k', v)))
      await log.write(['d', 'e'].map(v => record('lines', 'k', v)))
      const taken = await take(log, ['lines'], 5)
      expect(values(taken)).toEqual(['a', 'b', 'c', 'd', 'e'])
      expect(taken.map(({ partition, offset }) => [partition, offset])).toEqual([0, 1, 2, 3, 4].map(i => [partitionOf('k', 3), i]))
      expect(taken.every(({ key }) => key === 'k')).toBe(true)
    }
  },
  {
    name: 'positions returned are those at which the records are read, each once, all in offset order',
    run: async ({ log }) => {
      const positions = [...(await log.write(many(70))), ...(await log.write(many(50)))]
      const taken = await take(log, ['lines', 'parts'], 120)
      expect(taken.map(place).sort()).toEqual(positions.map(place).sort())
      const next = new Map<string, number>()
      for (const { topic, partition, offset } of taken) {
        expect(offset).toBe(next.get(`${topic}${partition}`) ?? 0)
        next.set(`${topic}${partition}`, offset + 1)
      }
    }
  },
  {
    name: 'one sequence over all topics: records are read in the order written, whole or resumed at any point',
    skip: ({ oneSequence }) => (oneSequence ? null : 'the log has a sequence for each partition only'),
    run: async ({ log }) => {
      for (let i = 0; i < 60; i += 7) await log.write(many(60).slice(i, i + 7))
      const all = await take(log, ['parts', 'lines'], 60)
      expect(values(all)).toEqual(Array.from({ length: 60 }, (_, i) => `${i}`))
      for (const cut of [0, 1, 13, 30, 59]) {
        const from = new Map<string, Position>()
        for (const { topic, partition, offset } of all.slice(0, cut))
          from.set(`${topic}${partition}`, { topic, partition, offset: offset + 1 })
        expect(values(await take(log, ['lines', 'parts'], 60 - cut, [...from.values()]))).toEqual(values(all.slice(cut)))
      }
    }
  },
  {
    name: 'a reader sees only the topics it asked for',
    run: async ({ log }) => {
      await log.write(many(30))
      expect(new Set((await take(log, ['parts'], 10)).map(({ topic }) => topic))).toEqual(new Set(['parts']))
    }
  },
  {
    name: 'a batch holds at least one record and at most its limit, and nothing is lost between batches',
    run: async ({ log }) => {
      await log.write(many(25))
      const sizes: number[] = []
      for await (const batch of log.read(['lines', 'parts'], [], AbortSignal.timeout(PATIENCE_MS), 4)) {
        sizes.push(batch.length)
        if (sizes.reduce((a, b) => a + b) >= 25) break
      }
      expect(Math.max(...sizes)).toBeLessThanOrEqual(4)
      expect(Math.min(...sizes)).toBeGreaterThanOrEqual(1)
      expect(sizes.reduce((a, b) => a + b)).toBe(25)
    }
  },
  {
    name: 'a reader waits for records not yet written, one after the other',
    run: async ({ log }) => {
      const stop = AbortSignal.timeout(PATIENCE_MS)
      const reader = log.read(['parts'], [], stop)[Symbol.asyncIterator]()
      for (const v of ['first', 'second']) {
        const pending = reader.next()
        let settled = false
        pending.then(() => (settled = true))
        for (let turn = 0; turn < 5; turn++) await new Promise(resolve => setImmediate(resolve))
        expect(settled).toBe(false)
        await log.write([record('parts', null, v)])
        const { value, done } = await pending
        expect(done ? [] : values(value)).toEqual([v])
      }
      await reader.return?.()
    }
  },
  {
    name: 'a reader waits at a position beyond the end and takes nothing before it',
    run: async ({ log }) => {
      const reader = log
        .read(['parts'], [{ topic: 'parts', partition: 0, offset: 2 }], AbortSignal.timeout(PATIENCE_MS))
        [Symbol.asyncIterator]()
      const pending = reader.next()
      for (const v of ['0', '1', '2']) await log.write([record('parts', null, v)])
      const { value, done } = await pending
      expect(done ? [] : values(value)).toEqual(['2'])
      await reader.return?.()
    }
  },
  {
    name: 'a reader ends when its signal aborts',
    run: async ({ log }) => {
      const stop = new AbortController()
      const reader = log.read(['parts'], [], stop.signal)[Symbol.asyncIterator]()
      const pending = reader.next()
      stop.abort()
      expect((await pending).done).toBe(true)
      expect((await log.read(['parts'], [], AbortSignal.abort())[Symbol.asyncIterator]().next()).done).toBe(true)
    }
  },
  {
    name: 'records without a key are spread over every partition',
    run: async ({ log }) => {
      const positions = await log.write(Array.from({ length: 9 }, (_, i) => record('lines', null, `${i}`)))
      expect(new Set(positions.map(({ partition }) => partition)).size).toBe(3)
    }
  },
  {
    name: 'bytes come back as they were, empty and large, keys in any script; changing them changes nothing stored',
    run: async ({ log }) => {
      const large = Uint8Array.from({ length: 70_000 }, (_, i) => (i * 31) & 255)
      const given = large.slice()
      await log.write([record('parts', 'линия 7 ⚙', ''), { topic: 'parts', key: '', value: given }])
      given.fill(0)
      for (let round = 0; round < 2; round++) {
        const [empty, second] = await take(log, ['parts'], 2)
        expect([empty?.key, empty?.value.length]).toEqual(['линия 7 ⚙', 0])
        expect(second?.key).toBe('')
        expect(Buffer.compare(second!.value, large)).toBe(0)
        second!.value.fill(9)
      }
    }
  },
  {
    name: 'ends are the positions after the last records, starts those of the oldest',
    run: async ({ log }) => {
      expect((await log.ends(['lines'])).map(({ offset }) => offset)).toEqual([0, 0, 0])
      const positions = await log.write(many(40))
      for (const end of await log.ends(['lines', 'parts']))
        expect(end.offset).toBe(positions.filter(({ topic, partition }) => topic === end.topic && partition === end.partition).length)
      expect((await log.starts(['lines', 'parts'])).every(({ offset }) => offset === 0)).toBe(true)
    }
  },
  {
    name: 'a record that another log took keeps its time, which is never later than now nor before its predecessor',
    skip: ({ setClock }) => (setClock ? null : 'the log has its own clock'),
    run: async ({ log, setClock }) => {
      setClock!(5000)
      await log.write([1000, 3000, 2000, 9000].map(timestamp => ({ ...record('parts', null, 'x'), timestamp })))
      expect((await take(log, ['parts'], 4)).map(({ timestamp }) => timestamp)).toEqual([1000, 3000, 3000, 5000])
    }
  },
  {
    name: 'a timestamp never goes back within a partition',
    skip: ({ setClock }) => (setClock ? null : 'the log has its own clock'),
    run: async ({ log, setClock }) => {
      for (const now of [5000, 4000, 6000]) {
        setClock!(now)
        await log.write([record('parts', null, 'x')])
      }
      expect((await take(log, ['parts'], 3)).map(({ timestamp }) => timestamp)).toEqual([5000, 5000, 6000])
    }
  },
  {
    name: 'a commit makes outputs, positions and notes be there together, and returns the outputs’ positions',
    run: async ({ log, again }) => {
      await log.write(many(10))
      const claim = await log.claim('g')
      const places = await claim.commit({
        outputs: [record('parts', 'k', 'out')],
        positions: [{ topic: 'lines', partition: 1, offset: 3 }],
        notes: [
          { key: 'b', value: new Uint8Array([50]) },
          { key: 'a', value: new Uint8Array([49]) },
          { key: 'a\0c', value: new Uint8Array([51]) }
        ]
      })
      await claim.commit({ outputs: [], positions: [{ topic: 'parts', partition: 0, offset: 1 }], notes: [{ key: 'b', value: null }] })
      expect(places).toEqual([{ topic: 'parts', partition: 0, offset: 4 }])
      for (const handle of [log, again ? await again() : log]) {
        expect(values(await take(handle, ['parts'], 1, places))).toEqual(['out'])
        const positions = (await handle.committed('g')).map(place).sort()
        expect(positions).toEqual(['lines/1@3', 'parts/0@1'])
        expect((await handle.claim('g')).positions().map(place).sort()).toEqual(positions)
        expect(await notesOf(handle, 'g')).toEqual({ a: '1', 'a\0c': '3' })
        if (handle !== log) await handle.close()
      }
    }
  },
  {
    name: 'notes come back in the order of their keys’ bytes, however many',
    run: async ({ log }) => {
      const keys = Array.from({ length: 1200 }, (_, i) => `${(i * 7919) % 1200}`.padStart(5, '0'))
      await (await log.claim('g')).commit({ outputs: [], positions: [], notes: keys.map(key => ({ key, value: new Uint8Array([1]) })) })
      const seen: string[] = []
      for await (const { key } of (await log.claim('g')).notes()) seen.push(key)
      expect(seen).toEqual([...keys].sort())
    }
  },
  {
    name: 'groups keep apart from each other',
    run: async ({ log }) => {
      const notes = [{ key: 'n', value: new Uint8Array([49]) }]
      await (await log.claim('g')).commit({ outputs: [], positions: [{ topic: 'parts', partition: 0, offset: 7 }], notes })
      expect(await log.committed('gg')).toEqual([])
      expect(await notesOf(log, 'gg')).toEqual({})
      expect((await log.committed('g')).map(place)).toEqual(['parts/0@7'])
    }
  },
  {
    name: 'the newest claim fences the older: its commit throws LOG_FENCED and changes nothing',
    run: async ({ log, again }) => {
      const other = again ? await again() : log
      const old = await log.claim('g')
      await old.commit({ outputs: [], positions: [{ topic: 'parts', partition: 0, offset: 1 }], notes: [] })
      const young = await other.claim('g')
      const commit = {
        outputs: [record('parts', null, 'stale')],
        positions: [{ topic: 'parts', partition: 0, offset: 9 }],
        notes: [{ key: 'n', value: new Uint8Array([49]) }]
      }
      expect(await faultOf(old.commit(commit))).toBe('LOG_FENCED')
      expect((await log.committed('g')).map(place)).toEqual(['parts/0@1'])
      expect((await log.ends(['parts'])).map(place)).toEqual(['parts/0@0'])
      await young.commit({ ...commit, positions: [{ topic: 'parts', partition: 0, offset: 2 }] })
      expect((await log.committed('g')).map(place)).toEqual(['parts/0@2'])
      expect(await notesOf(log, 'g')).toEqual({ n: '1' })
      if (other !== log) await other.close()
    }
  },
  {
    name: 'a commit that finds no room throws LOG_FULL and leaves outputs, positions and notes as they were; the log stays readable',
    skip: ({ small }) => (small ? null : 'the log has no small limit'),
    run: async ({ log }) => {
      const claim = await log.claim('g')
      await claim.commit({ outputs: [record('parts', null, 'kept')], positions: [{ topic: 'lines', partition: 0, offset: 1 }], notes: [] })
      const outputs = Array.from({ length: 200 }, () => ({ topic: 'parts', key: null, value: new Uint8Array(65_536) }))
      const refused = claim.commit({
        outputs,
        positions: [{ topic: 'lines', partition: 0, offset: 2 }],
        notes: [{ key: 'n', value: new Uint8Array(1) }]
      })
      expect(await faultOf(refused)).toBe('LOG_FULL')
      expect((await log.ends(['parts'])).map(place)).toEqual(['parts/0@1'])
      expect((await log.committed('g')).map(place)).toEqual(['lines/0@1'])
      expect(claim.positions().map(place)).toEqual(['lines/0@1'])
      expect(await notesOf(log, 'g')).toEqual({})
      expect(values(await take(log, ['parts'], 1))).toEqual(['kept'])
      expect(await log.write([record('parts', null, 'small')])).toHaveLength(1)
    }
  },
  {
    name: 'commits made at once each come whole and each once',
    run: async ({ log }) => {
      const writes = Array.from({ length: 40 }, (_, i) => log.write([record('lines', `${i}`, `${i}`), record('parts', null, `${i}`)]))
      const positions = (await Promise.all(writes)).flat()
      expect(new Set(positions.map(place)).size).toBe(80)
      const taken = await take(log, ['lines', 'parts'], 80)
      expect(values(taken).sort()).toEqual(
        Array.from({ length: 40 }, (_, i) => [`${i}`, `${i}`])
          .flat()
          .sort()
      )
    }
  },
  {
    name: 'retention by age removes the oldest, never at or after a floor, and readers go on behind it',
    skip: needsForgetting,
    run: async ({ log, forget, setClock }) => {
      for (let i = 0; i < 30; i++) {
        setClock!(1000 + i)
        await log.write([record('parts', null, `${i}`), record('lines', null, `${i}`)])
      }
      const early = log.read(['parts'], [], AbortSignal.timeout(PATIENCE_MS), 5)[Symbol.asyncIterator]()
      await early.next()
      const removed = await forget!.retain([{ topic: 'parts', keepMs: 10 }], [{ topic: 'parts', partition: 0, offset: 12 }], 1030)
      expect(removed).toEqual({ parts: 12 })
      expect((await log.starts(['parts'])).map(place)).toEqual(['parts/0@12'])
      expect(values(await take(log, ['parts'], 18))).toEqual(Array.from({ length: 18 }, (_, i) => `${i + 12}`))
      expect(values(await take(log, ['parts'], 18, [{ topic: 'parts', partition: 0, offset: 3 }]))[0]).toBe('12')
      expect(values(await take(log, ['parts'], 3, [{ topic: 'parts', partition: 0, offset: 27 }]))).toEqual(['27', '28', '29'])
      const { value, done } = await early.next()
      expect(done ? [] : values(value)).toEqual(['12', '13', '14', '15', '16'])
      await early.return?.()
      expect(await take(log, ['lines'], 30)).toHaveLength(30)
      expect(await forget!.retain([{ topic: 'parts', keepMs: 10 }], [], 1030)).toEqual({ parts: 8 })
    }
  },
  {
    name: 'retention by size removes until the rest fits, partitions held by a floor apart, and offsets go on',
    skip: needsForgetting,
    run: async ({ log, forget }) => {
      await log.write(Array.from({ length: 90 }, (_, i) => ({ topic: 'lines', key: null, value: new Uint8Array(1000).fill(i) })))
      const floors = [{ topic: 'lines', partition: 2, offset: 0 }]
      await forget!.retain([{ topic: 'lines', keepBytes: 61_000 }], floors, 0)
      const starts = await log.starts(['lines'])
      expect(starts[2]!.offset).toBe(0)
      expect(starts[0]!.offset).toBeGreaterThan(10)
      expect(starts[1]!.offset).toBeGreaterThan(10)
      await forget!.retain([{ topic: 'lines', keepBytes: 0 }], [], 0)
      expect(await log.starts(['lines'])).toEqual(await log.ends(['lines']))
      const [position] = await log.write([record('lines', null, 'next')])
      expect(position!.offset).toBe(30)
      expect(values(await take(log, ['lines'], 1))).toEqual(['next'])
    }
  },
  {
    name: 'what was written is there for the next handle',
    skip: ({ again }) => (again ? null : 'the log stores nothing'),
    run: async ({ log, again }) => {
      await log.write(many(20))
      await log.close()
      const next = await again!()
      expect(await take(next, ['lines', 'parts'], 20)).toHaveLength(20)
      await next.close()
    }
  },
  {
    name: 'an unknown topic is refused with its name, nothing written',
    run: async ({ log }) => {
      expect(await faultOf(log.write([record('parts', null, 'x'), record('nowhere', null, 'x')]))).toBe('INPUT_INVALID')
      expect((await log.ends(['parts'])).map(place)).toEqual(['parts/0@0'])
    }
  },
  {
    name: 'close ends readers, is idempotent, and every later call throws LOG_CLOSED',
    run: async ({ log }) => {
      const claim = await log.claim('g')
      const reader = log.read(['parts'], [], AbortSignal.timeout(PATIENCE_MS))[Symbol.asyncIterator]()
      const started = performance.now()
      const pending = reader.next()
      await log.close()
      await log.close()
      expect((await pending).done).toBe(true)
      expect(performance.now() - started).toBeLessThan(PATIENCE_MS / 2)
      const calls: (() => Promise<unknown>)[] = [
        () => log.write([record('parts', null, 'x')]),
        () => claim.commit({ outputs: [], positions: [], notes: [] }),
        () => log.claim('g'),
        () => log.ends(['parts']),
        () => log.starts(['parts']),
        () => log.committed('g'),
        async () => log.read(['parts'], [], new AbortController().signal)
      ]
      for (const call of calls) expect(await faultOf(call())).toBe('LOG_CLOSED')
    }
  }
]

/** Holds an adapter to every law. `open` gives a fresh, empty log with the partitions of `lawPartitions`. */
export function logLaws(name: string, open: Open): void {
  describe(`${name} keeps the laws of a log`, () => {
    test.for(laws)('$name', async ({ run, skip: lacks }, { skip }) => {
      const subject = await open()
      const reason = lacks?.(subject) ?? null
      try {
        skip(reason !== null, `${name}: ${reason}`)
        await run(subject)
      } finally {
        await subject.log.close()
      }
    })
  })
}
