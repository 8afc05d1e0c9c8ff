/** What every sink promises (see src/pipeline/sink.ts), as laws that each adapter is held to beside a receiver of its own. */
import { expect } from 'vitest'
import type { Alert } from '../../src/events/event.ts'
import { Fault } from '../../src/fault/fault.ts'
import type { Notice, Sink } from '../../src/pipeline/sink.ts'

export const SECRET = 'a-secret-of-the-tests'

export interface SinkSubject {
  /** Opens the sink to the receiver, or to another port; `timeoutMs` bounds what it waits. */
  open(options: { readonly timeoutMs: number; readonly port?: number }): Sink
  /** Runs what delivers, and tells the ids of the alerts that have come meanwhile. */
  during(deliver: () => Promise<void>): Promise<readonly string[]>
  up(): Promise<void>
  down(): Promise<void>
  /** A port where connections are taken and nothing is said. */
  readonly silence: number
}

export interface SinkLaw {
  readonly name: string
  run(subject: SinkSubject): Promise<void>
}

export function alertOf(also: Partial<Alert> = {}): Alert {
  const about = { line: 'press-1', task: 'fault', class: 'scratch', station: null, observation: 'part-1' }
  const told = { rule: 'defect-rate', message: '12 of the last 200 parts', severity: 'warning', kind: 'raised' } as const
  const id = also.id ?? 'defect-rate-1'
  const cause = JSON.stringify([told.rule, also.line ?? about.line, about.task, about.class])
  return { id, time: Date.now() - 1000, ...about, ...told, cause, by: null, value: 0.06, count: 12, trial: false, ...also }
}

export const noticeOf = (alert: Alert, n = 0): Notice => ({ id: `${alert.id}.${alert.kind}.0-${n}`, alert })

const never = new AbortController().signal

export const sinkLaws: readonly SinkLaw[] = [
  {
    name: 'once it resolves, the receiver has it',
    async run(subject) {
      const sink = subject.open({ timeoutMs: 5000 })
      const came = await subject.during(() => sink.deliver(noticeOf(alertOf({ id: 'law-1' })), never))
      expect(came).toContain('law-1')
      await sink.close()
    }
  },
  {
    name: 'whatever stands in names and messages, it comes through',
    async run(subject) {
      const sink = subject.open({ timeoutMs: 5000 })
      const strange = 'a/+#"\\ <b>&*_`[x](y)|{{ }} é 漢 😀'
      const alert = alertOf({ id: 'law-2', line: strange, task: strange, class: strange, message: strange, observation: strange })
      expect(await subject.during(() => sink.deliver(noticeOf(alert), never))).toContain('law-2')
      await sink.close()
    }
  },
  {
    name: 'a receiver that is gone is a passing fault without a secret, and the same notice comes through later',
    async run(subject) {
      const sink = subject.open({ timeoutMs: 5000 })
      const notice = noticeOf(alertOf({ id: 'law-3' }))
      await subject.during(() => sink.deliver(notice, never))
      await subject.down()
      const fault = await sink.deliver(notice, never).catch((error: unknown) => error)
      expect(fault).toBeInstanceOf(Fault)
      expect(fault).toMatchObject({ code: 'UNAVAILABLE', disposition: 'retry' })
      expect((fault as Fault).message).not.toContain(SECRET)
      await subject.up()
      expect(await subject.during(() => sink.deliver(notice, never))).toContain('law-3')
      await sink.close()
    }
  },
  {
    name: 'a receiver that says nothing is given up within its bound',
    async run(subject) {
      const sink = subject.open({ timeoutMs: 200, port: subject.silence })
      await expect(sink.deliver(noticeOf(alertOf()), never)).rejects.toMatchObject({ code: 'UNAVAILABLE' })
      await sink.close()
    }
  },
  {
    name: 'who is told to stop stops, with the reason he was given',
    async run(subject) {
      const sink = subject.open({ timeoutMs: 60_000, port: subject.silence })
      const stop = new AbortController()
      const delivering = sink.deliver(noticeOf(alertOf()), stop.signal)
      const reason = new Error('stopping')
      setImmediate(() => stop.abort(reason))
      await expect(delivering).rejects.toBe(reason)
      await expect(sink.deliver(noticeOf(alertOf()), stop.signal)).rejects.toBe(reason)
      await sink.close()
    }
  },
  {
    name: 'it shows the alerts as they stand, or has nothing to show them on',
    async run(subject) {
      const sink = subject.open({ timeoutMs: 5000 })
      await sink.refresh?.show({ open: [], recent: [], lines: ['press-1'], trial: null }, never)
      await sink.close()
      await sink.close()
    }
  }
]
