/** A lease that is asked for again when it is lost: its holder goes on as long as nobody else has it. */
import type { Lease, Leasing } from './log.ts'

/**
 * Who has lost its lease may still be the only one there is, after the log was not to be reached for a while. Where another
 * was given it, that one claims what this one works on, and the log refuses this one's next commit.
 */
export function keptLease(log: Leasing, name: string, first: Lease, tell: (level: 'info' | 'warn', message: string) => void): Lease {
  const released = new AbortController()
  let lease: Lease | null = first
  let asking: Promise<void> = Promise.resolve()
  const watch = (held: Lease): void => {
    const again = (): void => {
      if (released.signal.aborted) return
      lease = null
      tell('warn', 'the lease of the active learner is lost: asking for it again, another one may take over')
      asking = log.lease(name, released.signal).then(
        next => {
          lease = next
          watch(next)
          tell('info', 'the lease of the active learner is held again')
        },
        () => undefined // released, or the log is closed or broken, which the next commit meets, too
      )
    }
    if (held.lost.aborted) again()
    else held.lost.addEventListener('abort', again, { once: true })
  }
  watch(first)
  return {
    lost: first.lost,
    async release() {
      released.abort()
      await asking
      await lease?.release()
    }
  }
}
