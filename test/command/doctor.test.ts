import { mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, describe, expect, test } from 'vitest'
import { examine, printChecks, tryLmdbLog } from '../../src/command/doctor.ts'
import {
  type Check,
  checkClock,
  checkDataDirectory,
  checkKernel,
  checkMemory,
  checkNode,
  checkOpenFiles,
  checkPackages,
  checkPort,
  fail,
  ok,
  warn
} from '../../src/command/doctor-checks.ts'
import { loadConfig } from '../../src/config/load.ts'
import { Fault } from '../../src/fault/fault.ts'
import { openStore } from '../../src/wiring.ts'

const folder = mkdtempSync(join(tmpdir(), 'andon-doctor-'))
afterAll(() => rmSync(folder, { recursive: true }))

const state = (check: Check | undefined) => check?.state
const http = (port: number, host = '127.0.0.1') => loadConfig({ env: {}, overrides: { http: { port, host } } }).http

async function listening<T>(body: string, use: (port: number) => Promise<T>): Promise<T> {
  const server = createServer((_request, response) => response.end(body))
  await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve))
  try {
    return await use((server.address() as AddressInfo).port)
  } finally {
    server.closeAllConnections()
    await new Promise(resolve => server.close(resolve))
  }
}

describe('a check', () => {
  test('asks for Node 20, and is wary of majors that no test ran on', () => {
    expect(['18.20.0', '20.11.1', '21.0.0', '22.1.0', '24.0.0', '99.0.0'].map(version => state(checkNode(version)))).toEqual([
      'fail',
      'ok',
      'warn',
      'ok',
      'ok',
      'warn'
    ])
    expect(state(checkNode())).not.toBe('fail')
  })

  test('wants memory for the defaults', () => {
    const MiB = 1_048_576
    expect([
      state(checkMemory(128 * MiB, 100 * MiB)),
      state(checkMemory(2048 * MiB, 100 * MiB)),
      state(checkMemory(2048 * MiB, 1024 * MiB))
    ]).toEqual(['fail', 'warn', 'ok'])
    expect(checkMemory().found).toMatch(/^\d+ MiB, \d+ MiB free$/)
  })

  test('says which kernel learns here, and warns of the slow one', () => {
    expect(checkKernel()).toMatchObject({ state: 'ok', found: expect.stringContaining('WebAssembly SIMD') })
    expect(checkKernel('plain')).toMatchObject({ state: 'warn', found: expect.stringContaining('ten times slower') })
  })

  test('says plainly that optional packages are not needed yet', () => {
    expect(checkPackages(['zod', 'no-such-package-anywhere'])).toEqual([
      ok('zod', 'installed; optional and not used yet'),
      ok('no-such-package-anywhere', 'not installed; optional and not needed yet')
    ])
  })

  test('tells a free port, one of a running Andon, one of something else, and an address that is not ours', async () => {
    expect(await checkPort(http(0))).toMatchObject({ state: 'ok', found: '127.0.0.1, any free port' })
    const free = await listening('', async port => port)
    expect(await checkPort(http(free))).toMatchObject({ state: 'ok', found: `127.0.0.1:${free} is free` })
    const own = await listening('# HELP andon_events_total\nandon_events_total 3\n', port => checkPort(http(port)))
    expect(own).toMatchObject({ state: 'ok', found: expect.stringContaining('in use by a running Andon') })
    const other = await listening('hello', port => checkPort(http(port)))
    expect(other).toMatchObject({
      state: 'fail',
      found: expect.stringContaining('in use by something else'),
      advice: expect.stringContaining('ANDON_HTTP__PORT')
    })
    expect(state(await checkPort({ ...http(0), host: '192.0.2.1' }))).toBe('fail')
  })

  test('leaves the data directory as it was', () => {
    const before = readdirSync(folder)
    const checks = [...checkDataDirectory(folder, 1), ...checkDataDirectory(join(folder, 'a', 'b'), 1)]
    expect(checks.filter(check => check.name === 'data directory').map(state)).toEqual(['ok', 'ok'])
    expect(checks[2]?.found).toContain(`to be made in ${folder}`)
    expect(readdirSync(folder)).toEqual(before)
  })

  test('wants a folder for the data, and room for the log', () => {
    const file = join(folder, 'file')
    writeFileSync(file, '')
    expect(checkDataDirectory(file, 1)).toEqual([fail('data directory', `${file} is a file`, 'set dataDirectory to a folder')])
    expect(state(checkDataDirectory(join(file, 'below'), 1)[0])).toBe('fail')
    expect(state(checkDataDirectory(folder, 1e12)[1])).toBe('warn')
  })

  test('wants open files', () => {
    expect([100, 500, 1024, Number.POSITIVE_INFINITY, null].map(limit => state(checkOpenFiles(limit)))).toEqual([
      'fail',
      'warn',
      'ok',
      'ok',
      'ok'
    ])
    expect(checkOpenFiles().found).toMatch(/^(at most \d+|no limit|this system names no limit)$/)
  })

  test('wants a clock that is neither before this program nor far away, and that does not jump', () => {
    const now = Date.UTC(2026, 5, 1)
    expect(
      [checkClock(0, 0), checkClock(now, 0), checkClock(now, 5000), checkClock(Date.UTC(2200, 0, 1), 0), checkClock(Number.NaN, 0)].map(
        state
      )
    ).toEqual(['fail', 'ok', 'warn', 'fail', 'fail'])
  })
})

describe('the examination', () => {
  const env = { ANDON_DATA_DIRECTORY: folder, ANDON_HTTP__PORT: '0' }

  test('goes on with the defaults where the configuration is wrong', async () => {
    const checks = await examine(undefined, { ...env, ANDON_SEED: 'x' }, async () => 'opens')
    expect(checks[0]).toMatchObject({
      name: 'configuration',
      state: 'fail',
      found: expect.stringContaining('seed: expected a whole number')
    })
    expect(checks.length).toBeGreaterThan(8)
  })

  test('tells of a log that does not open, and does not try where the folder cannot be written', async () => {
    const broken = async () => {
      throw new Error('expected a log, got noise')
    }
    expect((await examine(undefined, env, broken)).find(check => check.name === 'log')).toMatchObject({
      state: 'fail',
      found: 'expected a log, got noise'
    })
    const opened = await examine(undefined, env, async config => `opens in ${config.dataDirectory}`)
    expect(opened.find(check => check.name === 'log')).toEqual(ok('log', `opens in ${folder}`))
    const file = join(folder, 'no-folder')
    writeFileSync(file, '')
    const without = await examine(undefined, { ...env, ANDON_DATA_DIRECTORY: file }, broken)
    expect(without.map(check => check.name)).not.toContain('log')
  })

  test('opens a log as it stands, counts what it holds, and makes none where there is none', async () => {
    const dataDirectory = mkdtempSync(join(folder, 'data-'))
    const config = loadConfig({ env: {}, overrides: { dataDirectory, log: { maxMiB: 64 } } })
    expect(await tryLmdbLog(config)).toBe('none yet; one can be made')
    expect(readdirSync(dataDirectory)).toEqual([])
    const { log } = await openStore(config)
    await log.write([{ topic: 'labels', key: 'a', value: Uint8Array.of(1) }])
    await log.close()
    expect(await tryLmdbLog(config)).toBe('opens; 0 observations, 1 labels, 0 examples, 0 predictions, 0 rejects')
    const more = loadConfig({ env: {}, overrides: { dataDirectory, log: { maxMiB: 64, partitions: { labels: 2 } } } })
    await expect(tryLmdbLog(more)).rejects.toThrow('labels: 2 configured, 1 in the log')
    rmSync(join(dataDirectory, 'log'), { recursive: true })
    writeFileSync(join(dataDirectory, 'log'), 'noise')
    await expect(tryLmdbLog(config)).rejects.toBeInstanceOf(Fault)
  })

  test('is printed one check a line, with what to do below and the sum at the end', () => {
    const checks = [ok('node', '20.1.0'), warn('disk', '10 MiB free', 'make room'), fail('clock', '1970', 'set the clock')]
    expect(printChecks(checks, { write: () => true }, {})).toBe(
      'ok    node   20.1.0\nwarn  disk   10 MiB free\n             → make room\nFAIL  clock  1970\n             → set the clock\n\n1 ok, 1 to look at, 1 failed\n'
    )
  })
})
