/**
 * The built command on one version of Node, against the bits that the first version left: same rows, same seed, same
 * scores to the last digit; same log, same state, byte for byte. `node .ci/smoke.mjs FOLDER NODE` appends `passed failed skipped` to FOLDER/counts.
 */
import { execFileSync, spawn } from 'node:child_process'
import { once } from 'node:events'
import { appendFileSync, cpSync, existsSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { openFileSnapshots } from '../dist/adapter/file/snapshots.js'

const [folder, node] = process.argv.slice(2)
const andon = join(import.meta.dirname, '../dist/command/andon.js')
const reference = join(folder, 'reference.json')
const counts = { passed: 0, failed: 0 }

async function check(name, run) {
  try {
    await run()
    counts.passed++
    console.log(`ok    ${name}`)
  } catch (error) {
    counts.failed++
    console.log(`FAIL  ${name}: ${error.message}\n${error.stderr ?? ''}`)
  }
}

const call = (...words) =>
  execFileSync(node, [andon, ...words], { encoding: 'utf8', timeout: 120_000, stdio: ['ignore', 'pipe', 'pipe'], maxBuffer: 1 << 26 })

/** Rows whose classes depend on their inputs, rarely and with noise, from a generator of integers (Lehmer 1951). */
function rows(count) {
  let state = 20_250_101
  const draw = () => {
    state = (state * 48_271) % 2_147_483_647
    return state / 2_147_483_647
  }
  const lines = ['line,speed,torque,tool,status,wear']
  for (let i = 0; i < count; i++) {
    const line = `press-${Math.floor(draw() * 3)}`
    const speed = draw() * 100
    const torque = draw() < 0.05 ? '' : (draw() * 40 + (i > count / 2 ? 10 : 0)).toFixed(3)
    const tool = 'abc'[Math.floor(draw() * 3)]
    const status = speed * Number(torque || 20) > 3200 ? 'overload' : tool === 'c' && draw() < 0.1 ? 'scratch' : 'ok'
    lines.push(`${line},${speed.toFixed(3)},${torque},${tool},${status},${draw() * 40 < Number(torque || 0) - 20 ? 'worn' : 'fresh'}`)
  }
  return `${lines.join('\n')}\n`
}

/** What does not depend on the machine or the moment. */
function lasting(value) {
  if (Array.isArray(value)) return value.map(lasting)
  if (typeof value !== 'object' || value === null) return value
  const passing = /second|rss|mib|cost|micro|cpu|^file$/i
  return Object.fromEntries(Object.entries(value).flatMap(([key, part]) => (passing.test(key) ? [] : [[key, lasting(part)]])))
}

await check('the command starts', () => call('--version'))

await check('the configuration of defaults is right', () => call('config', 'check'))

await check('evaluate gives the same figures, to the last digit, as the first version did', () => {
  const file = join(folder, 'rows.csv')
  if (!existsSync(file)) writeFileSync(file, rows(3000))
  const result = JSON.parse(call('evaluate', file, '--label', 'status,wear', '--domain', 'line', '--delay', '20', '--json'))
  if (!(result.tasks.status.scores.kappa > 0.3)) throw new Error(`expected to learn, got κ ${result.tasks.status.scores.kappa}`)
  const text = JSON.stringify(lasting(result), null, 1)
  if (!existsSync(reference)) writeFileSync(reference, text)
  const before = readFileSync(reference, 'utf8').split('\n')
  const differs = text.split('\n').findIndex((line, i) => line !== before[i])
  if (differs >= 0) throw new Error(`line ${differs + 1} is ${text.split('\n')[differs]}, was ${before[differs]}`)
})

/** Runs the pipeline on a data directory and stops it when `told` has been logged. It must end by itself, with 0. */
async function pipeline(dataDirectory, words, told) {
  const env = { ...process.env, ANDON_DATA_DIRECTORY: dataDirectory, ANDON_HTTP__PORT: '0' }
  const child = spawn(node, [andon, 'run', ...words], { env, stdio: ['ignore', 'ignore', 'pipe'], timeout: 60_000 })
  const ended = once(child, 'exit')
  const lines = []
  for await (const line of createInterface({ input: child.stderr })) {
    lines.push(line)
    if (told !== null && line.includes(told)) child.kill('SIGTERM')
  }
  const [code, signal] = await ended
  if (code !== 0) throw new Error(`expected an end with 0, got ${code ?? signal}:\n${lines.join('\n')}`)
}

/** What the newest snapshot says of itself; its state is read and verified. */
async function newest(dataDirectory) {
  const snapshots = openFileSnapshots(join(dataDirectory, 'snapshots'))
  const [first] = await snapshots.list()
  if (first === undefined) throw new Error('expected a snapshot, there is none')
  return (await snapshots.read(first.name)).header
}

await check('a log that the first version wrote folds to the same bytes', async () => {
  const first = join(folder, 'data')
  if (!existsSync(first)) await pipeline(first, ['--simulate', '2', '--for', '6'], null)
  const again = join(folder, 'again')
  rmSync(again, { recursive: true, force: true })
  cpSync(first, again, { recursive: true })
  rmSync(join(again, 'snapshots'), { recursive: true })
  await pipeline(again, [], '"msg":"ready')
  const [before, now] = [await newest(first), await newest(again)]
  if (!(before.learned > 100)) throw new Error(`expected more than 100 examples in the first log, got ${before.learned}`)
  if (before.sha256 !== now.sha256)
    throw new Error(`expected ${before.sha256} after ${before.learned} examples, got ${now.sha256} after ${now.learned}`)
})

appendFileSync(join(folder, 'counts'), `${counts.passed} ${counts.failed} 0\n`)
process.exitCode = counts.failed > 0 ? 1 : 0
