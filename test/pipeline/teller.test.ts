/** Telling: at least once and under one id, over restarts; a sink that is slow, dead or unwilling costs nobody else anything. */
import { afterEach, describe, expect, test } from 'vitest'
import { openMemoryLog } from '../../src/adapter/memory/log.ts'
import type { Alert } from '../../src/events/event.ts'
import { Fault } from '../../src/fault/fault.ts'
import type { AlertsNow } from '../../src/pipeline/gateway.ts'
import type { Notice, Sink } from '../../src/pipeline/sink.ts'
import { Teller, type TellerOptions } from '../../src/pipeline/teller.ts'
import { alertOf } from './sink.laws.ts'
import { codec, partitions, T0, type Whole } from './world.ts'

let now = T0
const nothing: AlertsNow = { open: [], recent: [], lines: [], trial: null }
const running: { stop: AbortController; ended: Promise<void> }[] = []

/** Keeps what it is given; `refuse` throws in its place. */
class Kept implements Sink {
  readonly name: string
  readonly came: Notice[] = []
  refuse: ((notice: Notice, signal: AbortSignal) => Promise<void>) | null = null
  closed = 0
  constructor(name = 'kept') {
    this.name = name
  }
  async deliver(notice: Notice, signal: AbortSignal): Promise<void> {
    await this.refuse?.(notice, signal)
    this.came.push(notice)
  }
  async close(): Promise<void> {
    this.closed++
  }
  get ids(): string[] {
    return this.came.map(({ id }) => id)
  }
}

const gone = async (): Promise<never> => {
  throw new Fault('UNAVAILABLE', 'expected an answer of kept, got ECONNREFUSED')
}

function start(log: Whole, sink: Sink, also: Partial<TellerOptions> = {}): Teller {
  const told: string[] = []
  const teller = new Teller({
    log,
    codec,
    sink,
    board: () => nothing,
    maxAgeMs: 3_600_000,
    backoff: { firstMs: 1, longestMs: 4 },
    clock: () => now,
    tell: (_level, message) => told.push(message),
    ...also
  })
  const stop = new AbortController()
  running.push({ stop, ended: teller.run(stop.signal) })
  return teller
}

async function stop(): Promise<void> {
  for (const { stop: end } of running) end.abort()
  await Promise.all(running.splice(0).map(({ ended }) => ended))
}

const write = (log: Whole, ...alerts: Alert[]) =>
  log.write(alerts.map(alert => ({ topic: 'alerts', key: alert.line, value: codec.encode('alert', alert) })))
const log = () => openMemoryLog({ partitions, clock: () => now })
/** Begun, so that what comes from now on is told. */
async function begun(name = 'kept'): Promise<Whole> {
  const made = log()
  await (await made.claim(`andon-tell-${name}`)).commit({ outputs: [], positions: await made.ends(['alerts']), notes: [] })
  return made
}
const numbered = (from: number, to: number) => Array.from({ length: to - from }, (_, i) => alertOf({ id: `a-${from + i}` }))

afterEach(async () => {
  await stop()
  now = T0
})

describe('a teller', () => {
  test('delivers each step once, in order, and goes on where it stopped', async () => {
    const whole = await begun()
    await write(whole, ...numbered(0, 30))
    const first = new Kept()
    start(whole, first)
    await expect.poll(() => first.came.length, { interval: 1 }).toBe(30)
    await stop()
    expect(first.closed).toBe(1)
    await write(whole, ...numbered(30, 33))
    const second = new Kept()
    start(whole, second)
    await expect.poll(() => second.came.length, { interval: 1 }).toBe(3)
    expect([...first.ids, ...second.ids]).toEqual(Array.from({ length: 33 }, (_, i) => `a-${i}.raised.0-${i}`))
  })

  test('killed between delivering and committing, it tells again under the same id and loses nothing', async () => {
    const whole = await begun()
    await write(whole, ...numbered(0, 5))
    const first = new Kept()
    const claims = whole.claim.bind(whole)
    let commits = 0
    const dying = {
      ...whole,
      partitions: whole.partitions,
      read: whole.read.bind(whole),
      ends: whole.ends.bind(whole),
      starts: whole.starts.bind(whole),
      claim: async (group: string) => {
        const claim = await claims(group)
        return {
          ...claim,
          commit: async (commit: Parameters<typeof claim.commit>[0]) =>
            ++commits > 0 ? new Promise<never>(() => {}) : claim.commit(commit)
        }
      }
    } as Whole
    const stopped = new AbortController()
    void new Teller({ ...optionsOf(dying, first) }).run(stopped.signal)
    await expect.poll(() => first.came.length, { interval: 1 }).toBe(5)
    await expect.poll(() => commits, { interval: 1 }).toBe(1)
    stopped.abort()
    const second = new Kept()
    start(whole, second)
    await expect.poll(() => second.came.length, { interval: 1 }).toBe(5)
    expect(second.ids).toEqual(first.ids)
  })

  test('what was told before a sink died is not told again, however long it is dead', async () => {
    const whole = await begun()
    await write(whole, ...numbered(0, 5))
    const first = new Kept()
    first.refuse = async ({ alert }) => {
      if (alert.id === 'a-3') await gone()
    }
    const teller = start(whole, first)
    await expect.poll(() => teller.status.failed, { interval: 1 }).toBeGreaterThan(1)
    await stop()
    const second = new Kept()
    start(whole, second)
    await expect.poll(() => second.came.length, { interval: 1 }).toBe(2)
    expect([...first.ids, ...second.ids]).toEqual(Array.from({ length: 5 }, (_, i) => `a-${i}.raised.0-${i}`))
  })

  test('a dead sink holds up no other, tells how much waits for it, and is told everything when it is back', async () => {
    const whole = await begun()
    await (await whole.claim('andon-tell-well')).commit({ outputs: [], positions: await whole.ends(['alerts']), notes: [] })
    const dead = new Kept()
    dead.refuse = gone
    const well = new Kept('well')
    const teller = start(whole, dead)
    start(whole, well)
    await write(whole, ...numbered(0, 200))
    await expect.poll(() => well.came.length, { interval: 1 }).toBe(200)
    expect(dead.came).toEqual([])
    expect(teller.status.behind).toBe(200)
    expect(teller.status.failing).toContain('ECONNREFUSED')
    dead.refuse = null
    await expect.poll(() => dead.came.length, { interval: 1 }).toBe(200)
    expect(teller.status).toMatchObject({ delivered: 200, failing: null, behind: 0 })
    expect(teller.status.failed).toBeGreaterThan(0)
  })

  test('what a sink will never take is passed over, counted and said', async () => {
    const whole = await begun()
    const sink = new Kept()
    sink.refuse = async ({ alert }) => {
      if (alert.id === 'a-1') throw new Fault('INPUT_INVALID', 'expected kept to take the alert, got 400')
    }
    const teller = start(whole, sink)
    await write(whole, ...numbered(0, 3))
    await expect.poll(() => sink.came.length, { interval: 1 }).toBe(2)
    expect(teller.status).toMatchObject({ delivered: 2, refused: 1 })
  })

  test('what is too old when it could be told is passed over', async () => {
    const whole = await begun()
    await write(whole, ...numbered(0, 2))
    now += 3_600_001
    await write(whole, ...numbered(2, 3))
    const sink = new Kept()
    const teller = start(whole, sink)
    await expect.poll(() => sink.came.length, { interval: 1 }).toBe(1)
    expect(sink.came[0]!.alert.id).toBe('a-2')
    expect(teller.status.expired).toBe(2)
  })

  test('a sink that is dead for ever does not keep the log from forgetting, and what was forgotten is counted', async () => {
    const whole = await begun()
    await write(whole, ...numbered(0, 4))
    now += 1000
    await whole.retain([{ topic: 'alerts', keepMs: 10 }], [], now)
    await write(whole, ...numbered(4, 5))
    const sink = new Kept()
    const teller = start(whole, sink)
    await expect.poll(() => sink.came.length, { interval: 1 }).toBe(1)
    expect(teller.status).toMatchObject({ forgotten: 4, delivered: 1 })
  })

  test('of a trial nothing is told', async () => {
    const whole = await begun()
    const shown: AlertsNow[] = []
    const sink: Sink = Object.assign(new Kept(), {
      refresh: { everyMs: 1, show: async (alerts: AlertsNow) => void shown.push(alerts) }
    })
    const { kind: _, time: since, ...about } = alertOf()
    const state = { ...about, cause: '', state: 'raised', since, at: since, clearedAt: null, acknowledgedAt: null } as const
    const teller = start(whole, sink, { board: () => ({ ...nothing, open: [state, { ...state, trial: true }] }) })
    await write(whole, alertOf({ trial: true }), alertOf({ trial: true, kind: 'cleared' }))
    await expect.poll(() => teller.status.silent, { interval: 1 }).toBe(2)
    expect((sink as Kept).came).toEqual([])
    await expect.poll(() => shown.length, { interval: 1 }).toBeGreaterThan(0)
    for (const { open } of shown) expect(open.map(({ trial }) => trial)).toEqual([false])
  })

  test('a sink that is new is not told of the past', async () => {
    const whole = log()
    await write(whole, ...numbered(0, 3))
    const sink = new Kept()
    start(whole, sink)
    await expect.poll(() => whole.committed('andon-tell-kept'), { interval: 1 }).toHaveLength(1)
    await write(whole, ...numbered(3, 4))
    await expect.poll(() => sink.ids, { interval: 1 }).toEqual(['a-3.raised.0-3'])
  })

  test('a defect of a sink is told and tried again, it ends nothing', async () => {
    const whole = await begun()
    const sink = new Kept()
    let broken = 2
    sink.refuse = async () => {
      if (broken-- > 0) throw new TypeError('no such thing')
    }
    start(whole, sink)
    await write(whole, ...numbered(0, 1))
    await expect.poll(() => sink.ids, { interval: 1 }).toEqual(['a-0.raised.0-0'])
  })
})

function optionsOf(whole: Whole, sink: Sink): TellerOptions {
  const backoff = { firstMs: 1, longestMs: 4 }
  return { log: whole, codec, sink, board: () => nothing, maxAgeMs: 3_600_000, backoff, clock: () => now, tell: () => {} }
}
