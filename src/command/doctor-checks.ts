/**
 * What `andon doctor` looks at. A check changes nothing that it does not put back, never throws, and says what to do
 * wherever it is not satisfied.
 */
import { closeSync, existsSync, fsyncSync, mkdtempSync, openSync, rmSync, statfsSync, statSync, writeSync } from 'node:fs'
import { createRequire } from 'node:module'
import { createServer } from 'node:net'
import { arch, availableParallelism, cpus, freemem, platform, release, totalmem } from 'node:os'
import { dirname, join, resolve } from 'node:path'
import type { Config } from '../config/options.ts'
import type { Kernel } from '../numeric/kernel.ts'
import { openKernel } from '../numeric/open-kernel.ts'
import { askHere } from './ask.ts'

export type CheckState = 'ok' | 'warn' | 'fail'

export interface Check {
  readonly name: string
  readonly state: CheckState
  readonly found: string
  /** What to do; null where nothing is to be done. */
  readonly advice: string | null
}

const MIB = 1_048_576

export const ok = (name: string, found: string): Check => ({ name, state: 'ok', found, advice: null })
export const warn = (name: string, found: string, advice: string): Check => ({ name, state: 'warn', found, advice })
export const fail = (name: string, found: string, advice: string): Check => ({ name, state: 'fail', found, advice })

const told = (error: unknown) => (error instanceof Error ? error.message : String(error))

/** Majors on which every test has passed. */
const proved = [20, 22, 24]

export function checkNode(version: string = process.versions.node): Check {
  const major = Number.parseInt(version, 10)
  if (major < 20) return fail('node', version, 'Andon needs Node 20 or later: install one from https://nodejs.org')
  if (!proved.includes(major)) return warn('node', version, `tests ran on Node ${proved.join(', ')}: take one of these where it matters`)
  return ok('node', version)
}

export function checkPlatform(): Check {
  const model = cpus()[0]?.model.trim() ?? 'unknown processor'
  return ok('platform', `${platform()} ${release()} ${arch()}, ${availableParallelism()} × ${model}`)
}

/** Bytes that this process may take: the machine's, or less where a container limits it. */
export function checkMemory(total: number = memoryLimit(), free: number = Math.min(freemem(), memoryLimit())): Check {
  const found = `${Math.round(total / MIB)} MiB, ${Math.round(free / MIB)} MiB free`
  if (total < 256 * MIB) return fail('memory', found, 'the defaults need about 256 MiB: give the machine or container more')
  if (free < 256 * MIB)
    return warn('memory', found, 'the defaults need about 256 MiB: stop something else, or lower learner.experts and join.maxWaiting')
  return ok('memory', found)
}

function memoryLimit(): number {
  const limit = process.constrainedMemory()
  return limit > 0 && limit < totalmem() ? limit : totalmem()
}

/** Which kernel learns here. */
export function checkKernel(name: Kernel['name'] = openKernel().name): Check {
  if (name === 'simd') return ok('learner kernel', 'WebAssembly SIMD: the same bits on every machine')
  return warn(
    'learner kernel',
    'plain TypeScript: the same bits, about ten times slower',
    'this engine has no WebAssembly SIMD with shared memory, or no room for it: use Node 20 or later, and do not limit its address space'
  )
}

export function checkPackages(names: readonly string[] = ['@tensorflow/tfjs-node']): Check[] {
  const require = createRequire(import.meta.url)
  return names.map(name => {
    try {
      require.resolve(name)
      return ok(name, 'installed; optional and not used yet')
    } catch {
      return ok(name, 'not installed; optional and not needed yet')
    }
  })
}

/** Whether `http.port` can be listened on. A running Andon that answers there is no fault. */
export async function checkPort(http: Config['http']): Promise<Check> {
  const where = `${http.host}:${http.port}`
  try {
    await new Promise<void>((resolved, reject) => {
      const server = createServer()
      server.once('error', reject)
      server.listen({ host: http.host, port: http.port, exclusive: true }, () => server.close(() => resolved()))
    })
    return ok('http port', http.port === 0 ? `${http.host}, any free port` : `${where} is free`)
  } catch (error) {
    const code = (error as NodeJS.ErrnoException).code
    if (code === 'EADDRINUSE') {
      if (await answersAsAndon(http)) return ok('http port', `${where} is in use by a running Andon`)
      return fail(
        'http port',
        `${where} is in use by something else`,
        'stop what listens there, or set http.port (ANDON_HTTP__PORT); 0 takes any free one'
      )
    }
    if (code === 'EACCES')
      return fail('http port', `${where} may not be listened on`, 'ports below 1024 ask for privileges: set http.port to a higher one')
    return fail('http port', `${where}: ${told(error)}`, 'set http.host to an address of this machine')
  }
}

async function answersAsAndon(http: Config['http']): Promise<boolean> {
  try {
    return /^andon_/m.test((await askHere(http, '/metrics', 2000)).text)
  } catch {
    return false
  }
}

/** The folder itself, or the nearest one above it that exists. */
export function existing(folder: string): string {
  let at = resolve(folder)
  while (!existsSync(at) && dirname(at) !== at) at = dirname(at)
  return at
}

/** Types of file system (statfs(2)) on which memory maps or locks are not dependable. */
const remote = new Map([
  [0x6969, 'NFS'],
  [0xff534d42, 'CIFS'],
  [0xfe534d42, 'SMB'],
  [0x01021997, '9p']
])

/** Writes a file where the data will be, makes it durable, takes it away again; then looks at the room. */
export function checkDataDirectory(directory: string, maxMiB: number): Check[] {
  const at = existing(directory)
  const found = at === resolve(directory) ? at : `${resolve(directory)} (to be made in ${at})`
  try {
    if (!statSync(at).isDirectory()) return [fail('data directory', `${at} is a file`, 'set dataDirectory to a folder')]
    const probe = mkdtempSync(join(at, '.andon-doctor-'))
    try {
      const file = openSync(join(probe, 'probe'), 'w')
      writeSync(file, 'probe')
      fsyncSync(file)
      closeSync(file)
    } finally {
      rmSync(probe, { recursive: true })
    }
  } catch (error) {
    return [
      fail(
        'data directory',
        `${found}: ${told(error)}`,
        'give this user the right to write there, or set dataDirectory (ANDON_DATA_DIRECTORY)'
      )
    ]
  }
  return [ok('data directory', `${found} can be written`), checkRoom(at, maxMiB)]
}

function checkRoom(at: string, maxMiB: number): Check {
  const { bavail, bsize, type } = statfsSync(at)
  const free = Math.floor((bavail * bsize) / MIB)
  const found = `${free} MiB free, the log may take ${maxMiB} MiB`
  const network = remote.get(type >>> 0)
  if (free < 64) return fail('disk', found, 'make room: with a full disk nothing is acknowledged')
  if (network) return warn('disk', `${found}, on ${network}`, 'the log needs dependable locks and memory maps: keep it on a local disk')
  if (free < maxMiB) return warn('disk', found, 'make room, or lower log.maxMiB: with a full disk nothing is acknowledged')
  return ok('disk', found)
}

/** Open files that this process may have. */
export function checkOpenFiles(limit: number | null = openFileLimit()): Check {
  if (limit === null) return ok('open files', 'this system names no limit')
  if (limit < 256)
    return fail('open files', `at most ${limit}`, 'raise the limit: ulimit -n 4096, or LimitNOFILE=4096 in a unit of systemd')
  if (limit < 1024) return warn('open files', `at most ${limit}`, 'each client takes one: ulimit -n 4096 gives room for many')
  return ok('open files', limit === Number.POSITIVE_INFINITY ? 'no limit' : `at most ${limit}`)
}

function openFileLimit(): number | null {
  const report = process.report?.getReport() as { userLimits?: { open_files?: { soft?: number | string } } } | undefined
  const soft = report?.userLimits?.open_files?.soft
  if (soft === 'unlimited') return Number.POSITIVE_INFINITY
  const limit = Number(soft)
  return soft === undefined || !Number.isFinite(limit) ? null : limit
}

/** Before this program was written, no clock was right. */
const WRITTEN = Date.UTC(2025, 0, 1)
const FAR = Date.UTC(2100, 0, 1)

/** `now` in milliseconds since 1970; `drift` is how far the clock has gone from this process's own since it started. */
export function checkClock(now: number = Date.now(), drift: number = Date.now() - (performance.timeOrigin + performance.now())): Check {
  const found = Number.isFinite(now) && Math.abs(now) <= 8.64e15 ? new Date(now).toISOString() : String(now)
  if (!(now >= WRITTEN && now < FAR))
    return fail('clock', found, 'set the clock (chronyd or systemd-timesyncd keep it): times of events are checked against it')
  if (Math.abs(drift) > 1000)
    return warn(
      'clock',
      `${found}, moved ${Math.round(drift)} ms while this ran`,
      'let the clock be slewed, not stepped: see chronyd’s makestep'
    )
  return ok('clock', found)
}
