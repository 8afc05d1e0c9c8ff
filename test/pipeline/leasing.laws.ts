/** The promises of a lease, as data, and the faults that they must see. */
import { setTimeout as sleep } from 'node:timers/promises'
import { describe, expect, test } from 'vitest'
import type { Lease, Leasing } from '../../src/pipeline/log.ts'

export interface Subject {
  readonly log: Leasing
  /** Another handle, as another process would have it. */
  readonly again: () => Promise<Leasing>
  /** How long it may take that someone is given what is free, milliseconds. */
  readonly soonMs: number
}

export interface Law {
  readonly name: string
  readonly run: (subject: Subject) => Promise<void>
}

/** So long nobody is given what is held. */
const HELD_MS = 700

const never = (): AbortSignal => new AbortController().signal

/** Asks, and tells whether it has been given. */
function ask(log: Leasing, name: string, signal: AbortSignal): { given: boolean; readonly lease: Promise<Lease> } {
  const asked = {
    given: false,
    lease: log.lease(name, signal).then(lease => {
      asked.given = true
      return lease
    })
  }
  asked.lease.catch(() => undefined)
  return asked
}

export const laws: readonly Law[] = [
  {
    name: 'what is free is given, and held by one alone until it is released',
    run: async ({ log, again, soonMs }) => {
      const soon = (): AbortSignal => AbortSignal.timeout(soonMs)
      const lease = await log.lease('a', soon())
      const next = ask(await again(), 'a', soon())
      await sleep(HELD_MS)
      expect([next.given, lease.lost.aborted]).toEqual([false, false])
      await lease.release()
      const { lost } = await next.lease
      expect(lost.aborted).toBe(false)
    }
  },
  {
    name: 'who has released may no longer act, and is told so',
    run: async ({ log, soonMs }) => {
      const lease = await log.lease('a', AbortSignal.timeout(soonMs))
      await lease.release()
      expect(lease.lost.aborted).toBe(true)
      await lease.release()
    }
  },
  {
    name: 'names do not meet',
    run: async ({ log, again, soonMs }) => {
      const soon = (): AbortSignal => AbortSignal.timeout(soonMs)
      const leases = [await log.lease('a', soon()), await log.lease('b', soon()), await (await again()).lease('c', soon())]
      expect(leases.map(({ lost }) => lost.aborted)).toEqual([false, false, false])
    }
  },
  {
    name: 'who stops waiting is told why, and is not in the way of those who still wait',
    run: async ({ log, again, soonMs }) => {
      const soon = (): AbortSignal => AbortSignal.timeout(soonMs)
      const lease = await log.lease('a', never())
      const stop = new AbortController()
      const stopped = ask(await again(), 'a', stop.signal)
      const next = ask(await again(), 'a', soon())
      await sleep(HELD_MS)
      stop.abort(new Error('no more'))
      await expect(stopped.lease).rejects.toThrow('no more')
      await lease.release()
      await next.lease
    }
  },
  {
    name: 'who waits behind a holder is told so, who is given what is free is not',
    run: async ({ log, again, soonMs }) => {
      const told: string[] = []
      const lease = await log.lease('a', AbortSignal.timeout(soonMs), () => told.push('first'))
      const stop = new AbortController()
      const next = (await again()).lease('a', stop.signal, () => told.push('second'))
      next.catch(() => undefined)
      await expect.poll(() => told, { timeout: soonMs }).toEqual(['second'])
      await lease.release()
      await next
      expect(told).toEqual(['second'])
    }
  },
  {
    name: 'of several that ask each has its turn, and no two at a time',
    run: async ({ log, again, soonMs }) => {
      let holding = 0
      let most = 0
      const handles = [log, await again(), await again(), await again()]
      await Promise.all(
        handles.map(async handle => {
          const lease = await handle.lease('a', AbortSignal.timeout(4 * soonMs))
          most = Math.max(most, ++holding)
          await sleep(100)
          expect(lease.lost.aborted).toBe(false)
          holding--
          await lease.release()
        })
      )
      expect(most).toBe(1)
    }
  }
]

/** What an adapter may get wrong, by name. */
export const faults: Readonly<Record<string, (log: Leasing) => Leasing>> = {
  'two are given the same': () => ({
    lease: async () => {
      const lost = new AbortController()
      return { lost: lost.signal, release: async () => lost.abort() }
    }
  }),
  'what is released is not given back': log => ({
    lease: async (name, signal) => ({ ...(await log.lease(name, signal)), release: async () => undefined })
  }),
  'who released is not told': log => ({
    lease: async (name, signal) => {
      const lease = await log.lease(name, signal)
      return { lost: never(), release: () => lease.release() }
    }
  }),
  'nobody hears of a holder': log => ({ lease: (name, signal) => log.lease(name, signal) }),
  'everybody hears of a holder': log => ({
    lease: (name, signal, taken) => {
      taken?.()
      return log.lease(name, signal)
    }
  }),
  'all names are one': log => ({ lease: (_name, signal) => log.lease('one', signal) }),
  'who stops waiting waits on': log => ({ lease: name => log.lease(name, AbortSignal.timeout(10_000)) })
}

/** A new subject for each law; `end` closes what was opened. */
export function leasingLaws(name: string, open: () => Promise<Subject & { end(): Promise<void> }>): void {
  describe(`${name} keeps the laws of a lease`, () => {
    test.each(laws)('$name', async ({ run }) => {
      const subject = await open()
      try {
        await run(subject)
      } finally {
        await subject.end()
      }
    })
  })
  describe(`the laws of a lease see on ${name}`, () => {
    test.each(Object.keys(faults))(
      'that %s',
      async fault => {
        const red: string[] = []
        for (const law of laws) {
          const subject = await open()
          const plant = faults[fault]!
          try {
            await law.run({ ...subject, log: plant(subject.log), again: async () => plant(await subject.again()) })
          } catch {
            red.push(law.name)
          } finally {
            await subject.end()
          }
          if (red.length > 0) break
        }
        expect(red).not.toEqual([])
      },
      120_000
    )
  })
}
