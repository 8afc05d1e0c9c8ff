import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, describe, expect, test } from 'vitest'
import { openLmdbLog } from '../../src/adapter/lmdb/log.ts'
import { openMemoryLog } from '../../src/adapter/memory/log.ts'
import { Fault } from '../../src/fault/fault.ts'
import { openPublishedSnapshots } from '../../src/pipeline/published-snapshots.ts'
import { laws, snapshotLaws } from './snapshot-store.laws.ts'
import { fileSubject, logSubject, type Plant } from './snapshot-subjects.ts'

const partitions = { examples: 1, snapshots: 1 }
const root = mkdtempSync(join(tmpdir(), 'andon-published-'))
afterAll(() => rmSync(root, { recursive: true, force: true }))
const memory = () => openMemoryLog({ partitions, clock: () => 0 })

let opened = 0
snapshotLaws('snapshots as files', async () => fileSubject())
snapshotLaws('snapshots in the log in memory', async () => logSubject(memory()))
snapshotLaws('snapshots in the log in LMDB', async () =>
  logSubject(await openLmdbLog({ directory: join(root, `${opened++}`), partitions, maxBytes: 64 * 1024 * 1024 }))
)

test('a log without the topic, or with more partitions of it, is refused', () => {
  for (const others of [{ examples: 1 }, { snapshots: 2 }] as Readonly<Record<string, number>>[])
    expect(() => openPublishedSnapshots(openMemoryLog({ partitions: others, clock: () => 0 }))).toThrow(/topic snapshots of one partition/)
})

const text = (value: Uint8Array): string => Buffer.from(value).toString('latin1')
const faults: Readonly<Record<string, Plant>> = {
  'the header comes before its chunks': {
    log: log => {
      let held: Parameters<typeof log.write>[0][number][] = []
      return {
        write: async records => {
          const [end] = await log.ends(['snapshots'])
          const [record] = records
          if (text(record!.value).startsWith('andon-chunk')) {
            held.push(record!)
            return [{ ...end!, offset: end!.offset + held.length }]
          }
          const places = await log.write(records)
          for (const each of held) await log.write([each])
          held = []
          return places
        }
      }
    }
  },
  'no checksum is held to': {
    store: store => ({
      read: async name => {
        try {
          return await store.read(name)
        } catch (error) {
          const header = (await store.list()).find(each => each.name === name)
          if (!(error instanceof Fault) || !error.message.includes('checksum') || header === undefined || 'damage' in header) throw error
          return { header, state: new Uint8Array(header.bytes) }
        }
      }
    })
  },
  'no length is held to': {
    store: store => ({
      read: async name => {
        try {
          return await store.read(name)
        } catch (error) {
          const header = (await store.list()).find(each => each.name === name)
          if (!(error instanceof Fault) || !error.message.includes('bytes of state') || header === undefined || 'damage' in header)
            throw error
          return { header, state: new Uint8Array(header.bytes) }
        }
      }
    })
  },
  'keep takes a chunk that is needed': {
    log: log => ({
      retain: (retentions, floors, now) =>
        log.retain(
          retentions,
          floors.map(floor => ({ ...floor, offset: floor.offset + 1 })),
          now
        )
    })
  },
  'keep removes nothing': { log: () => ({ retain: async () => ({}) }) },
  'who wrote last is the newest': {
    store: store => ({
      list: async () => {
        const offset = ({ name }: { readonly name: string }): number => Number(/-(\d+)\./.exec(name)![1])
        return [...(await store.list())].sort((a, b) => offset(b) - offset(a))
      }
    })
  },
  'a damaged one is hidden': { store: store => ({ list: async () => (await store.list()).filter(each => !('damage' in each)) }) }
}

describe('the laws of a store go red', () => {
  const broken = async (plant: Plant): Promise<string[]> => {
    const red: string[] = []
    for (const { name, run } of laws) {
      const subject = logSubject(memory(), plant)
      await run(subject).catch(() => red.push(name))
      await subject.close()
    }
    return red
  }

  test('without a fault none does', async () => expect(await broken({})).toEqual([]))

  test.each(Object.keys(faults))('when %s', async name => {
    const red = await broken(faults[name]!)
    expect(red.length).toBeGreaterThan(0)
    expect(red.length).toBeLessThan(laws.length)
  })
})
