/** Programs that others wrote, started for a test on a free port and ended with it. */
import { type ChildProcess, spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { createServer } from 'node:net'
import { setTimeout as sleep } from 'node:timers/promises'

/** The first of these commands that is installed; null where none is, said so unless ANDON_REQUIRE names `what`. */
export function commandOf(what: string, commands: readonly string[], asked: string, debian: string): string | null {
  const found = commands.find(command => spawnSync(command, [asked]).error === undefined)
  if (found !== undefined) return found
  if ((process.env.ANDON_REQUIRE ?? '').split(',').includes(what)) throw new Error(`expected ${commands.join(' or ')}, not installed`)
  console.info(`skipped: ${commands.join(' or ')} not installed (Debian: apt-get install ${debian})`)
  return null
}

export async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as { port: number }
  server.close()
  await once(server, 'close')
  return port
}

/** A process that can be killed and started again with the same words. */
export class Program {
  readonly #command: string
  readonly #words: readonly string[]
  readonly #answers: () => Promise<unknown>
  #child: ChildProcess | null = null
  #said = ''

  /** `answers` rejects as long as it is not up. */
  constructor(command: string, words: readonly string[], answers: () => Promise<unknown>) {
    this.#command = command
    this.#words = words
    this.#answers = answers
  }

  async up(): Promise<void> {
    if (this.#child !== null) return
    const child = spawn(this.#command, this.#words, { stdio: ['ignore', 'pipe', 'pipe'] })
    this.#child = child
    for (const stream of [child.stdout!, child.stderr!]) stream.on('data', text => (this.#said = (this.#said + text).slice(-4000)))
    for (let tries = 0; ; tries++) {
      try {
        await this.#answers()
        return
      } catch (error) {
        if (tries > 400 || child.exitCode !== null)
          throw new Error(`expected ${this.#command} to answer, it said: ${this.#said}`, { cause: error })
        await sleep(25)
      }
    }
  }

  async down(): Promise<void> {
    const child = this.#child
    this.#child = null
    if (child === null || child.exitCode !== null) return
    const gone = once(child, 'exit')
    child.kill('SIGKILL')
    await gone
  }
}
