/**
 * A learner in waiting: it folds what the active one has committed, so that it holds the same bytes, and takes its place as
 * soon as that one is known to be gone.
 */
import type { Learner } from '../learner/learner.ts'
import type { Lease, Leasing, Log, Position } from './log.ts'
import { type Recovered, type RecoverOptions, recover } from './recover.ts'

export interface StandbyOptions extends Omit<RecoverOptions, 'committed' | 'earlier' | 'signal' | 'from'> {
  readonly log: Log & Leasing
  /** The lease and the group of the active learner. */
  readonly name: string
  readonly tell: (level: 'info' | 'warn', message: string) => void
  /** Called when it holds the state at these positions, after every look. */
  readonly following: (learner: Learner, positions: readonly Position[]) => void
}

/** What a standby brings along when it becomes active. */
export interface Warm {
  readonly lease: Lease
  /** Null where the lease was free at once: there was no time to follow anyone. */
  readonly recovered: Recovered | null
  /** The first example of each partition not in the state. */
  readonly positions: readonly Position[]
}

/** Milliseconds between two looks at what has been committed: so much is left to fold when it takes over. */
const LOOK_MS = 200

/** Being given what is free takes no longer: whoever waits for so long is not alone, though nothing was heard of another. */
const ALONE_MS = 5000

/** Follows until the lease is free. Throws the signal's reason when aborted before. */
export async function standBy(options: StandbyOptions, signal: AbortSignal): Promise<Warm> {
  const { log, name, tell } = options
  let lease: Lease | null = null
  let taken = (): void => undefined
  const another = new Promise<void>(resolve => {
    taken = resolve
  })
  const late = setTimeout(taken, ALONE_MS)
  const free = new AbortController()
  const leased = log.lease(name, signal, taken).then(got => {
    lease = got
    free.abort()
  })
  leased.catch(() => undefined) // thrown where it is awaited
  let positions: readonly Position[] = []
  let recovered: Recovered | null = null
  let seen = await learned(log, name)
  await Promise.race([leased, another]).finally(() => clearTimeout(late))
  if (lease === null) tell('info', 'another learner is active: following it, to take over when it is gone')
  while (lease === null) {
    // As of the last look: what was committed with it can be read by now. The active one has told more since then.
    const committed = seen
    const from: Pick<RecoverOptions, 'from'> = recovered === null ? {} : { from: { recovered, positions } }
    const recovering = recover({ ...options, ...from, committed, earlier: true, signal, hurry: free.signal })
    const next: Recovered | null = await recovering.catch((error: unknown) => {
      if (error === free.signal.reason) return null
      throw error
    })
    if (next === null) {
      // What it waited for, the one that is gone may have left open: that ends when its group is claimed, and only then can
      // the state be held to the log.
      recovered = null
      break
    }
    if (recovered === null) for (const warning of next.warnings) tell('warn', warning)
    recovered = next
    positions = committed
    options.following(next.learner, positions)
    seen = await learned(log, name)
    await Promise.race([leased, pause(LOOK_MS)])
  }
  await leased
  return { lease: lease!, recovered, positions }
}

async function learned(log: Log, group: string): Promise<readonly Position[]> {
  return (await log.committed(group)).filter(({ topic }) => topic === 'examples')
}

function pause(ms: number): Promise<void> {
  return new Promise(resolve => setTimeout(resolve, ms))
}
