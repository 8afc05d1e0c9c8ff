/** The built command line as a child process, with an environment and a folder of its own. */
import { type ChildProcess, spawn } from 'node:child_process'
import { existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync, statSync, symlinkSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { compileSources } from '../adapter/compiled.ts'

const root = join(import.meta.dirname, '..', '..')
const dist = join(root, 'dist')

export interface Ended {
  readonly code: number | null
  readonly stdout: string
  readonly stderr: string
}

export interface Running {
  readonly child: ChildProcess
  readonly ended: Promise<Ended>
  /** Resolves once standard error has matched, with what matched; rejects when the process ends before. */
  said(pattern: RegExp): Promise<RegExpExecArray>
}

export interface Cli {
  /** A folder that goes with `close`; the data directory is `data` in it. */
  readonly folder: string
  start(args: readonly string[], env?: Readonly<Record<string, string>>): Running
  run(args: readonly string[], env?: Readonly<Record<string, string>>): Promise<Ended>
  close(): void
}

export function openCli(): Cli {
  const built = builtCommand()
  const folder = mkdtempSync(join(tmpdir(), 'andon-cli-'))
  const children = new Set<ChildProcess>()
  const inherited = Object.fromEntries(
    Object.entries(process.env).filter(([name]) => !name.startsWith('ANDON_') && name !== 'NODE_OPTIONS')
  )
  const own = { ANDON_DATADIRECTORY: join(folder, 'data'), ANDON_HTTP__PORT: '0', ANDON_LEARNER__EXPERTS: '2' }
  const start: Cli['start'] = (args, env = {}) => {
    const child = spawn(process.execPath, [built.path, ...args], {
      cwd: folder,
      env: { ...inherited, ...own, ...env },
      stdio: ['ignore', 'pipe', 'pipe']
    })
    children.add(child)
    let stdout = ''
    let stderr = ''
    const heard = new Set<() => void>()
    child.stdout.setEncoding('utf8').on('data', (text: string) => {
      stdout += text
    })
    child.stderr.setEncoding('utf8').on('data', (text: string) => {
      stderr += text
      for (const look of heard) look()
    })
    const ended = new Promise<Ended>((resolve, reject) => {
      child.on('error', reject)
      child.on('close', code => {
        children.delete(child)
        resolve({ code, stdout, stderr })
      })
    })
    const said = (pattern: RegExp): Promise<RegExpExecArray> =>
      new Promise((resolve, reject) => {
        const look = (): void => {
          const found = pattern.exec(stderr)
          if (found === null) return
          heard.delete(look)
          resolve(found)
        }
        heard.add(look)
        look()
        void ended.then(({ code }) => reject(new Error(`expected ${pattern}, ended with ${code}: ${stderr}`)))
      })
    return { child, ended, said }
  }
  return {
    folder,
    start,
    run: (args, env) => start(args, env).ended,
    close: () => {
      for (const child of children) child.kill('SIGKILL')
      rmSync(folder, { recursive: true, force: true })
      built.remove()
    }
  }
}

/** The build of the project where it is newer than every source, else one made for this test. */
export function builtCommand(): { readonly path: string; remove(): void } {
  const command = join(dist, 'command', 'andon.js')
  const sources = readdirSync(join(root, 'src'), { recursive: true, encoding: 'utf8' }).filter(name => name.endsWith('.ts'))
  const newest = Math.max(...sources.map(name => statSync(join(root, 'src', name)).mtimeMs))
  if (existsSync(command) && statSync(command).mtimeMs > newest) return { path: command, remove: () => undefined }
  // The package's own files stand beside the compiled folder, as they do beside dist.
  const beside = join(root, 'test', '.run', `package-${process.pid}`)
  mkdirSync(beside, { recursive: true })
  for (const name of ['package.json', 'schemas']) {
    const link = join(beside, name)
    if (!existsSync(link)) symlinkSync(join(root, name), link)
  }
  const compiled = compileSources(join(beside, 'dist'))
  return { path: join(compiled.path, 'command', 'andon.js'), remove: () => rmSync(beside, { recursive: true, force: true }) }
}
