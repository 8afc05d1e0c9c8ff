/**
 * A lease: a group that has one thing to give. Its holder keeps it as long as the group hears of it, and takes it for lost as
 * soon as the group may have expelled it, which it knows by its own clock even where no answer comes.
 */
import type { Lease } from '../../pipeline/log.ts'
import type { Generation, Member } from './member.ts'
import { aborted, orAborted } from './waiting.ts'

/** What is given. */
export const COUNT = 1
/**
 * The share of a session within which all join anew. Less than one, so that a holder is answered before it must take itself
 * for lost, though a member that has died is waited for.
 */
export const REJOIN = 2 / 3

/** Resolves once it is ours; calls `taken` whenever it is given to another. Throws the signal's reason when aborted before. */
export async function leaseOf(member: Member, sessionMs: number, signal: AbortSignal, taken = (): void => undefined): Promise<Lease> {
  try {
    for (;;) {
      const generation = await before(signal, member.join())
      if (generation.mine.length > 0) return hold(member, generation, sessionMs)
      taken()
      await before(signal, aborted(generation.over))
    }
  } catch (error) {
    await member.leave()
    throw error
  }
}

function hold(member: Member, first: Generation, sessionMs: number): Lease {
  const lost = new AbortController()
  let timer: NodeJS.Timeout
  const watch = (): void => {
    const left = member.confirmedAt + sessionMs - performance.now()
    if (left <= 0) lost.abort()
    else timer = setTimeout(watch, left)
  }
  watch()
  member.left.addEventListener('abort', () => lost.abort())
  void keep(member, first, lost).then(last => {
    clearTimeout(timer)
    // Silent from here on, so that the group gives it to another unless it is asked for again in time.
    last.expel()
    lost.abort()
  })
  return { lost: lost.signal, release: () => member.leave() }
}

/** Ends when it is lost, with the last generation. Where the group has expelled us it may have been another's in between. */
async function keep(member: Member, first: Generation, lost: AbortController): Promise<Generation> {
  for (let generation = first; ; ) {
    await aborted(generation.over, lost.signal)
    if (lost.signal.aborted || generation.gone.aborted) return generation
    const { member: id } = generation
    const next = await orAborted(lost.signal, member.join()).catch(() => null)
    if (next === null) return generation
    if (next.mine.length === 0 || next.member !== id) return next
    generation = next
  }
}

/** The value of a promise; throws the signal's reason when it aborts before. */
async function before<T>(signal: AbortSignal, promise: Promise<T>): Promise<T> {
  const came = await orAborted(signal, promise)
  signal.throwIfAborted()
  return came as T
}
