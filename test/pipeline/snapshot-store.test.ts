import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { openFileSnapshots } from '../../src/adapter/file/snapshots.ts'
import { mountSmallDisk } from '../adapter/small-disk.ts'

let directory = ''
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'andon-snapshots-'))
})
afterEach(() => rmSync(directory, { recursive: true, force: true }))

const header = (learned: number) => ({ fold: 1, positions: [{ topic: 'examples', partition: 0, offset: learned }], learned })
const state = (n: number): Uint8Array => Uint8Array.from({ length: n }, (_, i) => (i * 7 + n) & 255)

describe('snapshots as files', () => {
  test('what is written is read back, the newest is listed first', async () => {
    const store = openFileSnapshots(join(directory, 'deep', 'er'))
    expect(await store.list()).toEqual([])
    const stored = [await store.write(header(10), state(100)), await store.write(header(5), state(0))]
    expect(await store.list()).toEqual([...stored].reverse())
    for (const [i, { name }] of stored.entries()) {
      const read = await openFileSnapshots(join(directory, 'deep', 'er')).read(name)
      expect(read.header).toEqual(stored[i])
      expect(Buffer.compare(read.state, state(i === 0 ? 100 : 0))).toBe(0)
    }
  })

  test('a snapshot cut at any byte is refused, and listed with its damage', async () => {
    const store = openFileSnapshots(directory)
    const { name } = await store.write(header(3), state(20))
    const whole = readFileSync(join(directory, name))
    for (let n = 0; n < whole.length; n++) {
      writeFileSync(join(directory, name), whole.subarray(0, n))
      await expect(store.read(name)).rejects.toMatchObject({ code: 'SNAPSHOT_DAMAGED' })
      expect(await store.list()).toEqual([{ name, damage: expect.any(String) }])
    }
  })

  test('a snapshot with any one bit flipped is refused; in its header, listed as damaged too', async () => {
    const store = openFileSnapshots(directory)
    const { name } = await store.write(header(3), state(20))
    const whole = readFileSync(join(directory, name))
    for (let i = 0; i < whole.length; i++) {
      const flipped = Buffer.from(whole)
      flipped[i]! ^= 1 << (i % 8)
      writeFileSync(join(directory, name), flipped)
      await expect(store.read(name)).rejects.toMatchObject({ code: 'SNAPSHOT_DAMAGED' })
      if (i < whole.length - 20) expect(await store.list()).toEqual([{ name, damage: expect.any(String) }])
    }
  })

  test('a snapshot of another format version is refused and says so', async () => {
    const store = openFileSnapshots(directory)
    const { name } = await store.write(header(3), state(20))
    const other = readFileSync(join(directory, name)).toString('latin1').replace('andon-snapshot 1', 'andon-snapshot 2')
    writeFileSync(join(directory, name), other, 'latin1')
    await expect(store.read(name)).rejects.toThrow(/andon-snapshot 2/)
  })

  test('keep leaves the newest good ones; a damaged one among them stays to be seen, an older one goes', async () => {
    const store = openFileSnapshots(directory)
    const names: string[] = []
    for (let i = 0; i < 6; i++) names.push((await store.write(header(i), state(10))).name)
    for (const i of [1, 4]) writeFileSync(join(directory, names[i]!), 'damaged')
    expect([...(await store.keep(2))].sort()).toEqual(names.slice(0, 3))
    expect((await store.list()).map(({ name }) => name)).toEqual([names[5], names[4], names[3]])
    expect((await store.write(header(9), state(1))).name > names[5]!).toBe(true)
  })

  test('what a killed writer left is not listed, and the next write clears it', async () => {
    const store = openFileSnapshots(directory)
    writeFileSync(join(directory, '000000000001.snapshot.77.partial'), 'half')
    expect(await store.list()).toEqual([])
    const { name } = await store.write(header(1), state(10))
    expect(readdirSync(directory)).toEqual([name])
  })

  test('a name that is none of ours, or gone, is FILE_UNREADABLE', async () => {
    const store = openFileSnapshots(directory)
    for (const name of ['../../etc/passwd', '000000000001.snapshot'])
      await expect(store.read(name)).rejects.toMatchObject({ code: 'FILE_UNREADABLE' })
  })

  test('a full disk gives LOG_FULL and leaves no trace; with room again the next one is written', async context => {
    const disk = mountSmallDisk(1024 * 1024)
    if (typeof disk === 'string') return context.skip(disk)
    try {
      const store = openFileSnapshots(disk.path)
      const { name } = await store.write(header(1), state(300_000))
      await expect(store.write(header(2), state(900_000))).rejects.toMatchObject({ code: 'LOG_FULL', disposition: 'retry' })
      expect(readdirSync(disk.path)).toEqual([name])
      expect((await store.read(name)).state.length).toBe(300_000)
      expect((await store.write(header(2), state(500_000))).learned).toBe(2)
    } finally {
      disk.unmount()
    }
  })
})
