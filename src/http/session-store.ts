/**
 * Who is logged in. A session is a random id that a browser keeps in a cookie; here only its SHA-256 is kept, in memory, so
 * that a restart logs everyone out. Bounded: beyond `most` the oldest goes.
 */
import { randomBytes } from 'node:crypto'
import { setMaxListeners } from 'node:events'
import { digestOf, type Holder } from './token.ts'

export interface Session {
  readonly holder: Holder
  /** Milliseconds since 1970. */
  readonly expires: number
  /** Aborted when it ends, however it does: what goes on by its leave ends with it. */
  readonly ended: AbortSignal
}

/** More people than look at one plant. */
export const mostSessions = 256

export class SessionStore {
  readonly #clock: () => number
  readonly #lifeMs: number
  readonly #most: number
  /** By the digest of the id, oldest first: all live equally long. */
  readonly #sessions = new Map<string, Session & { readonly end: AbortController; readonly timer: NodeJS.Timeout }>()

  constructor(clock: () => number, lifeMs: number, most: number = mostSessions) {
    this.#clock = clock
    this.#lifeMs = lifeMs
    this.#most = most
  }

  get size(): number {
    this.#sweep()
    return this.#sessions.size
  }

  /** Logs someone in; the id is told this once. */
  open(holder: Holder): { readonly id: string; readonly session: Session } {
    const id = randomBytes(32).toString('base64url')
    const key = keyOf(id)
    const end = new AbortController()
    // As many streams as a browser has windows.
    setMaxListeners(0, end.signal)
    const timer = setTimeout(() => this.#end(key), this.#lifeMs).unref()
    const session = { holder, expires: this.#clock() + this.#lifeMs, ended: end.signal, end, timer }
    this.#sweep()
    if (this.#sessions.size >= this.#most) this.#end(this.#sessions.keys().next().value!)
    this.#sessions.set(key, session)
    return { id, session }
  }

  find(id: string): Session | null {
    const session = this.#sessions.get(keyOf(id))
    return session === undefined || session.expires <= this.#clock() ? null : session
  }

  /** Logs out; of an id that is none, nothing happens. */
  close(id: string): void {
    this.#end(keyOf(id))
  }

  #end(key: string): void {
    const session = this.#sessions.get(key)
    if (session === undefined) return
    this.#sessions.delete(key)
    clearTimeout(session.timer)
    session.end.abort()
  }

  #sweep(): void {
    const now = this.#clock()
    for (const [key, { expires }] of this.#sessions) {
      if (expires > now) return
      this.#end(key)
    }
  }
}

const keyOf = (id: string) => digestOf(id).toString('base64url')
