import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { backupLmdb, restoreLmdb } from '../../src/adapter/lmdb/backup.ts'
import { openLmdbLog } from '../../src/adapter/lmdb/log.ts'
import type { Log } from '../../src/pipeline/log.ts'
import { lawPartitions, take } from '../pipeline/log.laws.ts'
import { compileSources } from './compiled.ts'

const text = new TextDecoder()
let compiled: ReturnType<typeof compileSources>
let root = ''
let directory = ''
beforeAll(() => {
  compiled = compileSources()
})
afterAll(() => compiled.remove())
beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'andon-processes-'))
  directory = join(root, 'log')
})
afterEach(() => rmSync(root, { recursive: true, force: true }))

const open = (at = directory): Promise<Log> => openLmdbLog({ directory: at, partitions: lawPartitions, maxBytes: 256 * 1024 * 1024 })

function start(mode: 'commit' | 'write' | 'read', count: number): ChildProcess {
  const writer = join(import.meta.dirname, 'lmdb-writer.mjs')
  return spawn(process.execPath, [writer, compiled.path, mode, directory, `${count}`], { stdio: ['ignore', 'pipe', 'inherit'] })
}

/** Resolves at the first line a process prints. */
async function ready(child: ChildProcess): Promise<void> {
  await once(child.stdout!, 'data')
}

/**
 * The step that outputs, positions and notes agree on. The claim comes first: a writer killed between making its commit
 * durable and telling readers is made good by the next write transaction.
 */
async function agreed(log: Log): Promise<number> {
  const claim = await log.claim('g')
  const end = (await log.ends(['parts']))[0]!.offset
  const done = (await log.committed('g'))[0]?.offset ?? 0
  const notes: string[] = []
  for await (const { key, value } of claim.notes()) notes.push(`${key} ${text.decode(value)}`)
  expect([done, notes]).toEqual([end, end === 0 ? [] : [`done ${end}`]])
  const numbers = (end === 0 ? [] : await take(log, ['parts'], end)).map(({ value }) => Number(text.decode(value)))
  expect(numbers).toEqual(Array.from({ length: end }, (_, i) => i))
  return end
}

describe('the LMDB log among processes', () => {
  test('a process killed anywhere in a loop of commits leaves outputs, positions and notes of the same step', async () => {
    let last = -1
    const steps: number[] = []
    for (const delay of [0, 3, 7, 12, 20, 33, 41, 60]) {
      const child = start('commit', 0)
      await ready(child)
      await new Promise(resolve => setTimeout(resolve, delay))
      child.kill('SIGKILL')
      await once(child, 'exit')
      const log = await open()
      const step = await agreed(log)
      await log.close()
      expect(step).toBeGreaterThanOrEqual(last)
      steps.push(step)
      last = step
    }
    expect(last).toBeGreaterThan(0)
    expect(new Set(steps).size).toBeGreaterThan(3)
  })

  test('a process killed while another holds the log open stops neither its reading nor its writing', async () => {
    const log = await open()
    for (let i = 0; i < 4; i++) {
      const child = start('commit', 0)
      await ready(child)
      const mine = Array.from({ length: 10 }, (_, j) => log.write([{ topic: 'lines', key: 'mine', value: Uint8Array.of(i, j) }]))
      await Promise.all(mine)
      child.kill('SIGKILL')
      await once(child, 'exit')
      await agreed(log)
    }
    expect(await take(log, ['lines'], 40)).toHaveLength(40)
    await log.close()
  })

  test('three processes that write at once never give an offset twice and lose nothing', async () => {
    const log = await open()
    const children = [start('write', 200), start('write', 200)]
    for (let i = 0; i < 200; i++) await log.write([{ topic: 'lines', key: `line-${i % 7}`, value: new TextEncoder().encode(`here ${i}`) }])
    await Promise.all(children.map(async child => child.exitCode ?? (await once(child, 'exit'))))
    const records = await take(log, ['lines'], 600)
    expect(records).toHaveLength(600)
    expect(new Set(records.map(({ value }) => text.decode(value))).size).toBe(600)
    const next = new Map<number, number>()
    for (const { partition, offset } of records) {
      expect(offset).toBe(next.get(partition) ?? 0)
      next.set(partition, offset + 1)
    }
    await log.close()
  })

  test('a reader in another process sees what is written here, in order, without being told', async () => {
    const log = await open()
    const child = start('read', 300)
    const lines = createInterface({ input: child.stdout! })[Symbol.asyncIterator]()
    expect((await lines.next()).value).toBe('ready')
    for (let i = 0; i < 300; i++) {
      await log.write([{ topic: 'parts', key: null, value: new TextEncoder().encode(`${i}`) }])
      if (i < 3) expect((await lines.next()).value).toBe(`${i}`)
    }
    for (let i = 3; i < 300; i++) expect((await lines.next()).value).toBe(`${i}`)
    await log.close()
  })

  test('a backup taken while another process commits opens, and holds one step', async () => {
    const child = start('commit', 0)
    await ready(child)
    const log = await open()
    for (let i = 0; i < 3; i++) {
      const before = (await log.ends(['parts']))[0]!.offset
      await backupLmdb(directory, join(root, `copy-${i}`))
      await restoreLmdb(join(root, `copy-${i}`), join(root, `restored-${i}`))
      const restored = await open(join(root, `restored-${i}`))
      expect(await agreed(restored)).toBeGreaterThanOrEqual(before)
      await restored.write([{ topic: 'parts', key: null, value: new Uint8Array(1) }])
      await restored.close()
    }
    expect(child.exitCode).toBe(null)
    child.kill('SIGKILL')
    await once(child, 'exit')
    await agreed(log)
    await log.close()
  })

  test('backup and restore never overwrite, and take nothing that is no log', async () => {
    await (await open()).close()
    const full = join(root, 'full')
    mkdirSync(full)
    writeFileSync(join(full, 'precious'), 'x')
    await expect(backupLmdb(directory, full)).rejects.toMatchObject({ code: 'FILE_UNREADABLE' })
    await expect(restoreLmdb(directory, full)).rejects.toMatchObject({ code: 'FILE_UNREADABLE' })
    await expect(restoreLmdb(full, join(root, 'new'))).rejects.toMatchObject({ code: 'FILE_UNREADABLE' })
    expect(readdirSync(root).sort()).toEqual(['full', 'log'])
    expect(readdirSync(full)).toEqual(['precious'])
  })
})
