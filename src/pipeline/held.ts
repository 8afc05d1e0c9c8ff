/**
 * A lease that is asked for again whenever it is lost. In between another process may be given it, and then claims the group:
 * what this one commits afterwards is refused, so that it need not stop for a loss alone.
 */
import type { Lease, Leasing } from './log.ts'

export interface Held {
  /** Gives it back, or asks no more. Idempotent. */
  release(): Promise<void>
}

/** Holds on to `first`, which is of this name. */
export function hold(log: Leasing, name: string, first: Lease, tell: (level: 'info' | 'warn', message: string) => void): Held {
  const released = new AbortController()
  let lease = first
  const holding = (async () => {
    for (;;) {
      await lossOf(lease)
      if (released.signal.aborted) return
      const again = log.lease(name, released.signal)
      tell('warn', 'the lease of the active learner is lost: asking for it again, another one may take over')
      lease = await again
      if (released.signal.aborted) return lease.release()
      tell('info', 'the lease of the active learner is held again')
    }
  })()
  holding.catch((error: Error) => {
    if (!released.signal.aborted) tell('warn', `the lease of the active learner is not asked for any more: ${error.message}`)
  })
  return {
    async release() {
      released.abort()
      await lease.release()
    }
  }
}

function lossOf({ lost }: Lease): Promise<void> {
  return new Promise(resolve => {
    if (lost.aborted) resolve()
    else lost.addEventListener('abort', () => resolve(), { once: true })
  })
}
