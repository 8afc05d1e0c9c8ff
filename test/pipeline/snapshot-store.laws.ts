/** The promises every SnapshotStore keeps, as data, so that they can be held against stores and against planted faults. */
import { describe, expect, test } from 'vitest'
import { Fault } from '../../src/fault/fault.ts'
import type { Log } from '../../src/pipeline/log.ts'
import type { SnapshotStore, StoredSnapshot } from '../../src/pipeline/snapshot-store.ts'

/** What a law is given: an empty place for snapshots, and ways to get at it. */
export interface Subject {
  /** A handle on the place, as another process has it. */
  readonly open: () => SnapshotStore
  /** Changes one bit of what is kept of a snapshot, or removes the last byte of its state. */
  readonly spoil: (name: string, what: 'header' | 'state' | 'length') => Promise<void>
  /** A handle on the place over a log that was changed. Null where the place is no log, and one process writes at a time. */
  readonly over: ((change: (log: Log) => Partial<Log>) => SnapshotStore) | null
  readonly close: () => Promise<void>
}

export interface Law {
  readonly name: string
  readonly run: (subject: Subject) => Promise<void>
  /** Whether it needs a log that can be changed. */
  readonly needsLog?: true
}

/** Sizes about those at which a state is cut in chunks. */
const CHUNK = 512 * 1024
const SIZES = [0, 1, CHUNK - 1, CHUNK, CHUNK + 1, 2 * CHUNK + 3]

export const header = (learned: number) => ({ fold: 1, positions: [{ topic: 'examples', partition: 0, offset: learned }], learned })
export function state(n: number, seed = 0): Uint8Array {
  const bytes = new Uint8Array(n)
  for (let i = 0; i < n; i++) bytes[i] = (i * 7 + n + seed + (i >>> 8)) & 255
  return bytes
}

const names = async (store: SnapshotStore): Promise<string[]> => (await store.list()).map(({ name }) => name)
async function expectWhole(store: SnapshotStore, stored: StoredSnapshot, bytes: Uint8Array): Promise<void> {
  const read = await store.read(stored.name)
  expect(read.header).toEqual(stored)
  expect(Buffer.compare(read.state, bytes)).toBe(0)
}
async function faultOf(attempt: Promise<unknown>): Promise<{ readonly code: string; readonly message: string }> {
  try {
    await attempt
    return { code: 'nothing thrown', message: '' }
  } catch (error) {
    return error instanceof Fault ? error : { code: String(error), message: '' }
  }
}

class Crash extends Error {}
/** A log whose process is gone at its n-th write. */
const dyingAt =
  (n: number) =>
  (log: Log): Partial<Log> => {
    let writes = 0
    return { write: records => (writes++ < n ? log.write(records) : Promise.reject(new Crash('gone'))) }
  }

export const laws: readonly Law[] = [
  {
    name: 'what is written is read back by another handle, whatever its size, and the newest is listed first',
    run: async ({ open }) => {
      const store = open()
      expect(await store.list()).toEqual([])
      const stored: StoredSnapshot[] = []
      for (const [i, size] of SIZES.entries()) stored.push(await store.write(header(i), state(size)))
      for (const each of [store, open()]) {
        expect(await each.list()).toEqual([...stored].reverse())
        for (const [i, size] of SIZES.entries()) await expectWhole(each, stored[i]!, state(size))
      }
      expect(stored.map(({ name }) => name)).toEqual([...stored.map(({ name }) => name)].sort())
    }
  },
  {
    name: 'a handle sees what another has written since it last looked',
    run: async ({ open }) => {
      const [writer, reader] = [open(), open()]
      for (let i = 1; i <= 3; i++) {
        const stored = await writer.write(header(i), state(i * 1000))
        expect((await reader.list())[0]).toEqual(stored)
        await expectWhole(reader, stored, state(i * 1000))
      }
    }
  },
  {
    name: 'a state with one bit changed is refused with its checksum, though its header is listed; another is read all the same',
    run: async ({ open, spoil }) => {
      const [old, stored] = [await open().write(header(1), state(900)), await open().write(header(2), state(CHUNK + 5))]
      await spoil(stored.name, 'state')
      const store = open()
      expect(await store.list()).toEqual([stored, old])
      const fault = await faultOf(store.read(stored.name))
      expect(fault.code).toBe('SNAPSHOT_DAMAGED')
      expect(fault.message).toContain(stored.sha256)
      await expectWhole(store, old, state(900))
    }
  },
  {
    name: 'a state that is shorter than it was is refused with both lengths',
    run: async ({ open, spoil }) => {
      const { name } = await open().write(header(2), state(CHUNK + 5))
      await spoil(name, 'length')
      const fault = await faultOf(open().read(name))
      expect(fault.code).toBe('SNAPSHOT_DAMAGED')
      expect(fault.message).toContain(`${CHUNK + 4} bytes of state instead of ${CHUNK + 5}`)
    }
  },
  {
    name: 'a header with one bit changed is listed as damaged, never hidden and never read',
    run: async ({ open, spoil }) => {
      const [old, { name }] = [await open().write(header(1), state(9)), await open().write(header(2), state(900))]
      await spoil(name, 'header')
      const store = open()
      const listed = await store.list()
      expect(listed).toHaveLength(2)
      expect(listed).toContainEqual(old)
      const damaged = listed.find(each => 'damage' in each)
      expect(damaged).toMatchObject({ damage: expect.stringMatching(/header|begins/) })
      expect((await faultOf(store.read(damaged!.name))).code).toBe('SNAPSHOT_DAMAGED')
    }
  },
  {
    name: 'keep leaves the newest, whole, tells which have gone, and new names go on rising',
    run: async ({ open }) => {
      const store = open()
      expect(await store.keep(2)).toEqual([])
      const stored: StoredSnapshot[] = []
      for (let i = 0; i < 5; i++) stored.push(await store.write(header(i), state(CHUNK + i)))
      expect(await store.keep(9)).toEqual([])
      expect([...(await store.keep(2))].sort()).toEqual(stored.slice(0, 3).map(({ name }) => name))
      for (const each of [store, open()]) {
        expect(await names(each)).toEqual([stored[4]!.name, stored[3]!.name])
        for (const i of [3, 4]) await expectWhole(each, stored[i]!, state(CHUNK + i))
        expect((await faultOf(each.read(stored[0]!.name))).code).toBe('FILE_UNREADABLE')
      }
      const next = await store.write(header(9), state(1))
      expect(next.name > stored[4]!.name).toBe(true)
      await store.keep(0)
      expect(await names(open())).toEqual([])
    }
  },
  {
    name: 'a name that is none of ours is FILE_UNREADABLE',
    run: async ({ open }) => {
      for (const name of ['../../etc/passwd', '000000000001.snapshot', '000000000001-000000000009.published'])
        expect((await faultOf(open().read(name))).code).toBe('FILE_UNREADABLE')
    }
  },
  {
    name: 'a write interrupted before any of its records leaves no snapshot; the next is whole, and keep clears what was left',
    needsLog: true,
    run: async ({ open, over }) => {
      const kept = await open().write(header(1), state(10))
      for (const n of [0, 1, 2, 3]) {
        await expect(over!(dyingAt(n)).write(header(2), state(2 * CHUNK + 3))).rejects.toThrow(Crash)
        expect(await open().list()).toEqual([kept])
        expect(await open().keep(1)).toEqual([])
        await expectWhole(open(), kept, state(10))
      }
      const next = await open().write(header(2), state(2 * CHUNK + 3))
      expect(await open().list()).toEqual([next, kept])
      expect(await open().keep(1)).toEqual([kept.name])
      await expectWhole(open(), next, state(2 * CHUNK + 3))
    }
  },
  {
    name: 'no room gives LOG_FULL and no snapshot',
    needsLog: true,
    run: async ({ open, over }) => {
      const kept = await open().write(header(1), state(10))
      const full = (log: Log): Partial<Log> => {
        let writes = 0
        return { write: records => (writes++ < 1 ? log.write(records) : Promise.reject(new Fault('LOG_FULL', 'expected room'))) }
      }
      expect((await faultOf(over!(full).write(header(2), state(2 * CHUNK)))).code).toBe('LOG_FULL')
      expect(await open().list()).toEqual([kept])
    }
  },
  {
    name: 'to list again costs nothing that was read before',
    needsLog: true,
    run: async ({ open, over }) => {
      const read: number[] = []
      const store = over!(log => ({
        read: (topics, from, signal, limit) => {
          const batches = log.read(topics, from, signal, limit)
          return (async function* () {
            for await (const batch of batches) {
              read.push(...batch.map(({ offset }) => offset))
              yield batch
            }
          })()
        }
      }))
      await open().write(header(1), state(2 * CHUNK))
      await store.list()
      expect(read).toHaveLength(3)
      await store.list()
      expect(read).toHaveLength(3)
      await store.write(header(2), state(2 * CHUNK)) // its own chunks it knows
      await store.list()
      expect(read).toHaveLength(4)
    }
  },
  {
    name: 'two that write at once take nothing from each other',
    needsLog: true,
    run: async ({ open }) => {
      const [a, b] = [open(), open()]
      const sizes = [2 * CHUNK + 1, 3 * CHUNK, 10]
      const written = await Promise.all(
        sizes.flatMap((size, i) => [a.write(header(2 * i), state(size, 1)), b.write(header(2 * i + 1), state(size, 2))])
      )
      const whole = async (store: SnapshotStore): Promise<void> => {
        for (const [i, stored] of written.entries()) await expectWhole(store, stored, state(sizes[i >>> 1]!, 1 + (i % 2)))
      }
      for (const each of [a, b, open()]) await whole(each)
    }
  },
  {
    name: 'an old learner that saves once more is not the newest, and its keep takes nothing from the one that has passed it',
    needsLog: true,
    run: async ({ open }) => {
      const young = await open().write(header(2000), state(CHUNK + 1))
      const old = await open().write(header(1000), state(50))
      expect(await open().list()).toEqual([young, old])
      await open().keep(1)
      expect((await open().list())[0]).toEqual(young)
      await expectWhole(open(), young, state(CHUNK + 1))
    }
  },
  {
    name: 'a keep while another writes leaves that one whole, or has it try again',
    needsLog: true,
    run: async ({ open, over }) => {
      for (const n of [1, 2]) {
        let written = 0
        let kept: StoredSnapshot | null = null
        const slow = over!(log => ({
          write: async records => {
            if (written++ === n) {
              kept = await open().write(header(1000 * n), state(20))
              await open().keep(1)
            }
            return log.write(records)
          }
        }))
        const fault = await faultOf(slow.write(header(1000 * n + 500), state(2 * CHUNK)))
        expect(fault.code).toBe('UNAVAILABLE')
        expect((await open().list())[0]).toEqual(kept)
        await expectWhole(open(), kept!, state(20))
        const again = await slow.write(header(1000 * n + 500), state(2 * CHUNK))
        await expectWhole(open(), again, state(2 * CHUNK))
        await open().keep(1)
      }
    }
  }
]

/** Holds a store to every law. `make` gives an empty place. */
export function snapshotLaws(name: string, make: () => Promise<Subject>): void {
  describe(`${name} keep the laws of a store`, () => {
    test.for(laws)('$name', async ({ run, needsLog }, { skip }) => {
      const subject = await make()
      try {
        skip(needsLog === true && subject.over === null, `${name}: there is no log below`)
        await run(subject)
      } finally {
        await subject.close()
      }
    })
  })
}
