/**
 * Carries out the Dockerfile by hand where there is no container engine: `node deploy/check.mjs [--keep]`. Each stage is a
 * folder, HOME is empty, only what .dockerignore lets through is there to be copied. What comes out is started as the image
 * would start it: no shell, another user, nothing but the data directory writable, as process 1 of its own where the system
 * allows that. It is probed, posted to and stopped by SIGTERM. What no folder can show, the base image above all, stays unseen.
 */
import { spawn, spawnSync } from 'node:child_process'
import {
  chmodSync,
  chownSync,
  cpSync,
  existsSync,
  lstatSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync
} from 'node:fs'
import { tmpdir } from 'node:os'
import { basename, join, resolve } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { allowedBy, copyOf, execOf, lastOf, pairsOf, parseDockerfile } from './dockerfile.mjs'
import { freePort } from './kafka/broker.mjs'

const root = resolve(import.meta.dirname, '..')
const READY_MS = 60_000
/** Docker's own patience before it kills. */
const STOP_MS = 10_000
const asRoot = process.getuid?.() === 0
const token = 'a-token-for-this-check-only'

const work = mkdtempSync(join(tmpdir(), 'andon-image-'))
chmodSync(work, 0o755)
try {
  const image = build()
  await tryOut(image)
  console.log('the steps of the Dockerfile make an Andon that starts, answers and drains')
} finally {
  if (process.argv.includes('--keep')) console.log(`kept: ${work}`)
  else rmSync(work, { recursive: true, force: true })
}

/** The folder of every stage; returns the last one's and what it is started with. */
function build() {
  const { stages } = parseDockerfile(readFileSync(join(root, 'Dockerfile'), 'utf8'))
  const context = contextOf()
  const home = join(work, 'home')
  mkdirSync(home)
  const folders = new Map()
  let last
  for (const [i, stage] of stages.entries()) {
    const folder = join(work, `stage-${i}`)
    mkdirSync(folder)
    const state = { folder, workdir: '/', env: {}, user: null }
    for (const { word, rest } of stage.steps) step(state, word, rest, { context, folders, home })
    folders.set(stage.name ?? String(i), folder)
    last = { ...state, stage }
  }
  return last
}

function contextOf() {
  const context = join(work, 'context')
  mkdirSync(context)
  for (const name of allowedBy(readFileSync(join(root, '.dockerignore'), 'utf8')))
    cpSync(join(root, name), join(context, name), { recursive: true })
  return context
}

function step(state, word, rest, { context, folders, home }) {
  if (word === 'WORKDIR') mkdirSync(join(state.folder, rest), { recursive: true })
  if (word === 'WORKDIR') state.workdir = rest
  if (word === 'ENV') Object.assign(state.env, pairsOf(rest))
  if (word === 'USER') state.user = rest
  if (word === 'COPY') copy(state, rest, context, folders)
  if (word === 'RUN') {
    console.log(`RUN ${rest}`)
    // A path from the root is one of the stage's folder; who is not root cannot give a folder away.
    const command = rest.replace(/ \//g, ` ${state.folder}/`).replace(asRoot ? /$^/ : / -[og] \d+/g, '')
    const env = { PATH: process.env.PATH, HOME: home, ...state.env }
    const { status } = spawnSync('sh', ['-ec', command], { cwd: join(state.folder, state.workdir), env, stdio: 'inherit' })
    if (status !== 0) throw new Error(`expected the step to end with 0, it ended with ${status}: RUN ${rest}`)
  }
}

function copy({ folder, workdir }, rest, context, folders) {
  const { from, sources, target } = copyOf(rest)
  const source = from === null ? context : folders.get(from)
  const into = join(folder, target.startsWith('/') ? target : join(workdir, target))
  for (const name of sources) {
    const path = join(source, name)
    if (!existsSync(path)) throw new Error(`expected ${name} to copy, .dockerignore or an earlier stage leaves it out: COPY ${rest}`)
    const inside = !lstatSync(path).isDirectory() && (target.endsWith('/') || target === '.')
    cpSync(path, inside ? join(into, basename(name)) : into, { recursive: true, verbatimSymlinks: true })
  }
}

async function tryOut({ folder, workdir, env, user, stage }) {
  const [uid, gid] = (user ?? '').split(':').map(Number)
  if (!(uid > 0 && gid > 0)) throw new Error(`expected a USER by number that is not root, got ${user}`)
  const data = join(folder, env.ANDON_DATADIRECTORY)
  const tokenFile = join(work, 'token')
  writeFileSync(tokenFile, token)
  const before = readdirSync(folder, { recursive: true }).filter(name => !join(folder, name).startsWith(data)).length
  if (asRoot) chownSync(data, uid, gid)
  else spawnSync('chmod', ['-R', 'a-w', join(folder, workdir)])
  const port = await freePort()
  const settings = { ...env, ANDON_DATADIRECTORY: data, ANDON_HTTP__PORT: String(port), ANDON_HTTP__TOKENFILE: tokenFile }
  const options = { cwd: join(folder, workdir), env: { PATH: process.env.PATH, HOME: '/nonexistent', ...settings } }
  const other = asRoot ? ['setpriv', `--reuid=${uid}`, `--regid=${gid}`, '--clear-groups', '--no-new-privs'] : []
  const first = asRoot && spawnSync('unshare', ['--pid', '--fork', 'true']).status === 0 ? ['unshare', '--pid', '--fork'] : []
  const words = [...execOf(lastOf(stage, 'ENTRYPOINT')), ...execOf(lastOf(stage, 'CMD'))]
  const start = (command, ...rest) => {
    const child = spawn(command, rest, { ...options, stdio: ['ignore', 'inherit', 'pipe'] })
    const run = { child, said: '', ended: new Promise(found => child.once('close', found)) }
    child.stderr.on('data', text => {
      run.said += text
    })
    return run
  }
  const probe = async what => {
    const run = start(...other, ...execOf(lastOf(stage, 'HEALTHCHECK')).slice(0, -1), what)
    return { ok: (await run.ended) === 0, stderr: run.said }
  }

  const main = start(...first, ...other, ...words)
  // `unshare` waits for what it has started; that one gets the signals.
  const inner = () => {
    const { pid } = main.child
    return first.length === 0 ? pid : Number(spawnSync('pgrep', ['-P', String(pid)], { encoding: 'utf8' }).stdout)
  }
  try {
    await until('ready', () => probe('ready'))
    for (const what of ['live', 'warm']) await until(what, () => probe(what))
    const pid = Number(/"pid":(\d+)/.exec(main.said)?.[1])
    if (first.length > 0 && pid !== 1) throw new Error(`expected process 1, got ${pid}`)
    await predicted(port)
    process.kill(inner(), 'SIGTERM')
    const code = await Promise.race([main.ended, sleep(STOP_MS, 'still running', { ref: false })])
    if (code !== 0) throw new Error(`expected SIGTERM to end it with 0 within ${STOP_MS} ms, got ${code}`)
    if (!main.said.includes('everything saved')) throw new Error('expected it to say that everything is saved')
    if ((await probe('live')).ok) throw new Error('expected the probe to say no of what is stopped')
  } catch (error) {
    console.error(main.said)
    throw error
  } finally {
    if (main.child.exitCode === null) process.kill(inner(), 'SIGKILL')
  }
  const after = readdirSync(folder, { recursive: true }).filter(name => !join(folder, name).startsWith(data)).length
  if (after !== before) throw new Error(`expected nothing outside the data directory to be written, ${after - before} files were`)
}

async function until(what, look) {
  const end = Date.now() + READY_MS
  for (;;) {
    const { ok, stderr } = await look()
    if (ok) return
    if (Date.now() > end) throw new Error(`expected it to be ${what} within ${READY_MS} ms: ${stderr}`)
    await sleep(500)
  }
}

/** An observation is taken and answered, and not without the token. */
async function predicted(port) {
  const body = JSON.stringify({ id: 'p-1', line: 'l', time: Date.now(), features: { torque: 40 } })
  const post = headers =>
    fetch(`http://127.0.0.1:${port}/observations`, { method: 'POST', body, headers: { 'content-type': 'application/json', ...headers } })
  if ((await post({})).status !== 401) throw new Error('expected a post without the token to be refused')
  const { accepted } = await (await post({ authorization: `Bearer ${token}` })).json()
  if (accepted !== 1) throw new Error(`expected the observation to be accepted, got ${accepted}`)
}
