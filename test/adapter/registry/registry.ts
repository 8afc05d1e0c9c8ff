/**
 * A schema registry that others wrote (franz-go's), as a process of its own. Needs Go; where that is missing the tests say
 * so and are skipped, unless ANDON_REQUIRE names registry.
 */
import { type ChildProcess, spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'

const required = (process.env.ANDON_REQUIRE ?? '').split(',').includes('registry')
const missing = spawnSync('go', ['version']).status !== 0
export const skip = missing && !required
if (skip) console.info('skipped: go is not installed, which builds the schema registry of the tests (1.24 or later)')

/** Compiling takes a minute where nothing of it has been compiled before. */
export const BUILD_MS = 300_000

export interface Registry {
  readonly url: string
  /** Stops it; a later `openRegistry` has another address. */
  close(): Promise<void>
}

export interface Program {
  /** Starts an empty registry that asks for `auth` and finds nothing compatible with the latest schema of `against`. */
  start(options?: { readonly auth?: string; readonly against?: string }): Promise<Registry>
  /** Stops all of them and removes the program. */
  close(): Promise<void>
}

/** Builds the program into a folder of its own. */
export function buildRegistry(): Program {
  const folder = mkdtempSync(join(tmpdir(), 'andon-registry-'))
  const program = join(folder, 'registry')
  const built = spawnSync('go', ['build', '-o', program, '.'], { cwd: import.meta.dirname, encoding: 'utf8' })
  if (built.status !== 0) throw new Error(`expected go to build the registry, got ${built.error?.message ?? built.stderr}`)
  const running = new Set<ChildProcess>()
  const end = async (child: ChildProcess): Promise<void> => {
    if (!running.delete(child)) return
    const gone = once(child, 'exit')
    child.stdin!.end()
    await gone
  }
  return {
    async start({ auth = '', against = '' } = {}) {
      const child = spawn(program, ['-auth', auth, '-against', against], { stdio: ['pipe', 'pipe', 'inherit'] })
      running.add(child)
      const [url] = (await once(createInterface(child.stdout), 'line')) as [string]
      return { url, close: () => end(child) }
    },
    async close() {
      await Promise.all([...running].map(end))
      rmSync(folder, { recursive: true })
    }
  }
}

/** Registers a schema as a producer would, with a client that is not ours. Returns its id. */
export async function register(url: string, subject: string, schema: object, also: object = {}): Promise<number> {
  const body = JSON.stringify({ schema: JSON.stringify(schema), ...also })
  const headers = { 'content-type': 'application/vnd.schemaregistry.v1+json' }
  const answer = await fetch(`${url}/subjects/${subject}/versions`, { method: 'POST', headers, body })
  if (!answer.ok) throw new Error(`expected the registry to take the schema, got ${answer.status} ${await answer.text()}`)
  return ((await answer.json()) as { id: number }).id
}

/** The schema under an id, as anybody would fetch it. */
export async function schemaAt(url: string, id: number): Promise<unknown> {
  const answer = await fetch(`${url}/schemas/ids/${id}`)
  return JSON.parse(((await answer.json()) as { schema: string }).schema)
}

/** Subjects in the registry. */
export async function subjectsIn(url: string): Promise<readonly string[]> {
  return (await (await fetch(`${url}/subjects`)).json()) as string[]
}
