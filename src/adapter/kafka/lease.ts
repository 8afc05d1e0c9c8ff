/**
 * A lease: a group that has one thing to give. Its holder keeps it as long as the group hears of it, and takes it for lost as
 * soon as the group may have expelled it, which it knows by its own clock even where no answer comes.
 */
import type { Lease } from '../../pipeline/log.ts'
import type { Generation, Member } from './member.ts'

/** What is given. */
export const COUNT = 1
/**
 * The share of a session within which all join anew. Less than one, so that a holder is answered before it must take itself
 * for lost, though a member that has died is waited for.
 */
export const REJOIN = 2 / 3

/** Resolves once it is ours. `close` ends the member's connections. Throws the signal's reason when aborted before. */
export async function leaseOf(member: Member, sessionMs: number, close: () => Promise<void>, signal: AbortSignal): Promise<Lease> {
  const leave = async (): Promise<void> => {
    await member.leave()
    await close()
  }
  try {
    for (;;) {
      const generation = await before(signal, member.join())
      if (generation.mine.length > 0) return hold(member, generation, sessionMs, leave)
      await before(signal, aborted(generation.over))
    }
  } catch (error) {
    await leave()
    throw error
  }
}

function hold(member: Member, first: Generation, sessionMs: number, leave: () => Promise<void>): Lease {
  const lost = new AbortController()
  let timer: NodeJS.Timeout
  const watch = (): void => {
    const left = member.confirmedAt + sessionMs - performance.now()
    if (left <= 0) lost.abort()
    else timer = setTimeout(watch, left)
  }
  watch()
  const kept = keep(member, first, lost).finally(() => {
    clearTimeout(timer)
    lost.abort()
  })
  const gone = kept.then(leave)
  return {
    lost: lost.signal,
    release: () => {
      lost.abort()
      return gone
    }
  }
}

/** Ends when it is lost. Where the group has expelled us it may have been another's in between. */
async function keep(member: Member, first: Generation, lost: AbortController): Promise<void> {
  for (let generation = first; ; ) {
    await Promise.race([aborted(generation.over), aborted(lost.signal)])
    if (lost.signal.aborted || generation.gone.aborted) return
    const { member: id } = generation
    const next = await Promise.race([member.join().catch(() => null), aborted(lost.signal).then(() => null)])
    if (next === null || next.mine.length === 0 || next.member !== id) return
    generation = next
  }
}

/** Resolves when a signal aborts. */
export function aborted(signal: AbortSignal): Promise<void> {
  return new Promise(resolve => {
    if (signal.aborted) resolve()
    else signal.addEventListener('abort', () => resolve(), { once: true })
  })
}

/** The value of a promise; throws the signal's reason when it aborts before. */
async function before<T>(signal: AbortSignal, promise: Promise<T>): Promise<T> {
  promise.catch(() => undefined) // thrown where it is awaited
  let leave = (): void => undefined
  const stopped = new Promise<never>((_, reject) => {
    const end = (): void => reject(signal.reason)
    if (signal.aborted) end()
    signal.addEventListener('abort', end)
    leave = () => signal.removeEventListener('abort', end)
  })
  try {
    return await Promise.race([promise, stopped])
  } finally {
    leave()
  }
}
