/** Who looks on: what is told as it happens, and what of before. */
import { expect, test } from 'vitest'
import { openMemoryLog } from '../../src/adapter/memory/log.ts'
import type { EventName, Events } from '../../src/events/event.ts'
import { Fault } from '../../src/fault/fault.ts'
import type { PipelineStatus } from '../../src/pipeline/gateway.ts'
import type { Log } from '../../src/pipeline/log.ts'
import { Onlooker, type Told } from '../../src/pipeline/onlooker.ts'
import { samples } from '../events/samples.ts'
import { emptyStatus } from '../http/fake-gateway.ts'
import { codec, partitions, T0 } from './world.ts'

const topicOf: Readonly<Partial<Record<EventName, string>>> = {
  observation: 'observations',
  prediction: 'predictions',
  decision: 'decisions',
  alert: 'alerts',
  signal: 'signals'
}

const record = <N extends EventName>(name: N, event: Partial<Events[N]> = {}) => ({
  topic: topicOf[name]!,
  key: 'press',
  value: codec.encode(name, { ...samples[name], ...event })
})

function looking(log: Pick<Log, 'partitions' | 'read' | 'ends' | 'starts' | 'write'> = openMemoryLog({ partitions, clock: () => T0 })) {
  const stop = new AbortController()
  const told: Told[] = []
  const complaints: string[] = []
  let status: () => PipelineStatus = () => emptyStatus
  const onlooker = new Onlooker({
    log,
    codec,
    status: () => status(),
    isGood: (_task, name) => name === 'none',
    backlog: 100,
    clock: () => T0,
    tell: (_level, message) => complaints.push(message)
  })
  onlooker.follow(event => told.push(event))
  return {
    log,
    onlooker,
    told,
    complaints,
    set status(value: () => PipelineStatus) {
      status = value
    },
    /** Follows until `use` is through. */
    async during(use: () => Promise<void>) {
      const running = onlooker.run(stop.signal)
      await use()
      stop.abort()
      await running
    }
  }
}

test('alerts and signals of now are told, those of before and all else are not', async () => {
  const made = looking()
  await made.log.write([record('alert', { id: 'before' }), record('prediction')])
  await made.during(async () => {
    await expect.poll(() => made.onlooker.pulse('all').tiles).toHaveLength(1)
    await made.log.write([record('decision'), record('prediction'), record('alert', { id: 'now' }), record('signal')])
    await expect.poll(() => made.told.length).toBe(2)
  })
  expect(made.told.map(({ name }) => name).sort()).toEqual(['alert', 'signal'])
  expect(made.told.find(({ name }) => name === 'alert')!.event.id).toBe('now')
  expect(made.complaints).toEqual([])
})

test('a station is what the prediction says, else what the part was said to be at', async () => {
  const made = looking()
  await made.during(async () => {
    await made.log.write([record('observation', { id: 'a', line: 'press', station: 'oven' })])
    await expect.poll(() => made.onlooker.part('a')).not.toBeNull()
    await made.log.write([
      record('prediction', { observation: 'a', line: 'press', station: null }),
      record('prediction', { observation: 'b', line: 'press', station: 'gate' })
    ])
    await expect
      .poll(() =>
        made.onlooker
          .pulse('all')
          .tiles.map(({ station }) => station)
          .sort()
      )
      .toEqual(['gate', 'oven'])
  })
})

test('it is the same process while its pipeline recovers, and one that starts is another', () => {
  const made = looking()
  const { startedAt } = made.onlooker.pulse('all')
  made.status = () => {
    throw new Fault('UNAVAILABLE', 'expected a recovered state')
  }
  expect(made.onlooker.pulse('all')).toMatchObject({ startedAt, ready: false, reasons: ['expected a recovered state'] })
  made.status = () => ({ ...emptyStatus, startedAt: 99 })
  expect(made.onlooker.pulse('all')).toMatchObject({ startedAt, ready: true })
})

test('it waits for a log that is away, and goes on where it was', async () => {
  const log = openMemoryLog({ partitions, clock: () => T0 })
  let away = 1
  const made = looking({
    partitions,
    write: outgoing => log.write(outgoing),
    ends: topics => log.ends(topics),
    starts: topics => log.starts(topics),
    read: (...given) => {
      if (away-- > 0) throw new Fault('UNAVAILABLE', 'expected the log')
      return log.read(...given)
    }
  })
  await made.log.write([record('prediction')])
  await made.during(async () => {
    await expect.poll(() => made.onlooker.pulse('all').tiles[0]?.parts, { timeout: 5000 }).toBe(1)
  })
  expect(made.complaints).toEqual(['the page waits for the log: expected the log'])
})
