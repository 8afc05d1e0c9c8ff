/** The pipeline as a process of its own, as a benchmark starts, watches and stops it. */
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'

export const distOf = given => given ?? join(import.meta.dirname, '..', 'dist')

/** Exports of several built modules in one object: `await built(dist, 'wiring', 'config/load')`. */
export async function built(dist, ...modules) {
  const loaded = await Promise.all(modules.map(name => import(pathToFileURL(join(dist, `${name}.js`)).href)))
  return Object.assign({}, ...loaded)
}

/** A new folder with a configuration in it; `remove` takes all of it away. */
export function place(options, parent = tmpdir()) {
  const folder = mkdtempSync(join(parent, 'andon-bench-'))
  const config = join(folder, 'andon.yaml')
  const given = { http: { port: 0 }, ...options, dataDirectory: join(folder, 'data') }
  writeFileSync(config, JSON.stringify(given))
  return { folder, config, remove: () => rmSync(folder, { recursive: true, force: true }) }
}

/** Starts `andon run` with these options beside the configuration; resolves when it listens. Its environment has no variable of Andon's. */
export async function start(dist, config, options = []) {
  const env = Object.fromEntries(Object.entries(process.env).filter(([name]) => !name.startsWith('ANDON_')))
  const startedAt = performance.now()
  const child = spawn(process.execPath, [join(dist, 'command/andon.js'), 'run', '--config', config, ...options], {
    env,
    stdio: ['ignore', 'ignore', 'pipe']
  })
  const ended = once(child, 'close')
  let told = ''
  const url = await new Promise((resolve, reject) => {
    child.stderr.on('data', text => {
      told = (told + text).slice(-8000)
      const match = /listening on (http:\/\/[^"]+)"/.exec(told)
      if (match !== null) resolve(match[1])
    })
    ended.then(([code]) => reject(new Error(`andon run ended with ${code}: ${told}`)))
  })
  return {
    url,
    pid: child.pid,
    startedAt,
    get alive() {
      return child.exitCode === null && child.signalCode === null
    },
    get told() {
      return told
    },
    /** Lets it drain and save. Throws unless it ends with 0. */
    async stop() {
      child.kill('SIGTERM')
      const [code, signal] = await ended
      if (code !== 0) throw new Error(`expected andon run to end with 0, got ${code ?? signal}: ${told}`)
    },
    kill: () => child.kill('SIGKILL')
  }
}

/** What a pipeline tells of itself. */
export async function statusOf({ url }) {
  return (await fetch(`${url}/status`)).json()
}

/**
 * Memory of a process in MiB: all that is resident, what of it is its own and not pages of files (null where the system
 * does not tell), and the used JavaScript heap.
 */
export async function memoryOf({ url, pid }) {
  const text = await (await fetch(`${url}/metrics`)).text()
  const bytes = name => Number(new RegExp(`^${name} (.*)$`, 'm').exec(text)?.[1]) / 1_048_576
  return { rss: bytes('process_resident_memory_bytes'), own: ownOf(pid), heap: bytes('nodejs_heap_size_used_bytes') }
}

function ownOf(pid) {
  try {
    return Number(/^RssAnon:\s+(\d+) kB$/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))[1]) / 1024
  } catch {
    return null
  }
}

export function median(values) {
  const sorted = [...values].sort((a, b) => a - b)
  const middle = sorted.length >> 1
  return sorted.length % 2 === 1 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2
}

/** A whole number given on the command line, such as 20000 or 20,000. */
export function whole(name, text) {
  const value = Number(text.replaceAll(',', ''))
  if (!Number.isInteger(value) || value < 1) throw new Error(`expected a whole number above 0 for --${name}, got ${text}`)
  return value
}

/** Rows of cells as a table that is Markdown, too; the first row is the header. */
export function table(rows) {
  const width = rows[0].map((_, i) => Math.max(...rows.map(row => row[i].length)))
  const line = row => `| ${row.map((cell, i) => (i === 0 ? cell.padEnd(width[i]) : cell.padStart(width[i]))).join(' | ')} |`
  const rule = `|${width.map((n, i) => (i === 0 ? '-'.repeat(n + 2) : `${'-'.repeat(n + 1)}:`)).join('|')}|`
  return [line(rows[0]), rule, ...rows.slice(1).map(line)].join('\n')
}
