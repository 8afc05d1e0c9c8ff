/** The watch in the loop: what it raises is in the log once, wherever the process is stopped. */
import { describe, expect, test } from 'vitest'
import { decodeSaved, encodeSaved } from '../../src/adapter/file/saved.ts'
import type { Rule } from '../../src/alert/rule.ts'
import { loadConfig } from '../../src/config/load.ts'
import { Decider } from '../../src/decide/decider.ts'
import type { Alert, AnyEvent, Example } from '../../src/events/event.ts'
import { openDeciding } from '../../src/pipeline/deciding.ts'
import type { PipelineOptions } from '../../src/pipeline/pipeline.ts'
import type { Sink } from '../../src/pipeline/sink.ts'
import { Step } from '../../src/pipeline/step.ts'
import { WatchStage } from '../../src/pipeline/watch-stage.ts'
import type { Watching } from '../../src/pipeline/watching.ts'
import { decideOptionsOf } from '../../src/wiring.ts'
import { openPlainDecider } from './plain-decider.ts'
import { untold } from './plain-watch.ts'
import { Awaits, Crash, codec, input, T0, World } from './world.ts'

const timing = { lines: null, holdMs: 0, clearHoldMs: 0, cooldownMs: 0, escalateAfterMs: null } as const
const run: Rule = {
  ...timing,
  name: 'run',
  kind: 'run',
  severity: 'warning',
  tasks: null,
  classes: null,
  per: 'task',
  leastLearned: 0,
  raise: 3,
  clear: 2,
  critical: null,
  chance: 1
}

/** Decides by the number of the part: the world's learner knows nothing of it. */
function scripted(flagged: (part: number) => boolean): Watching {
  return {
    ...openPlainDecider([]),
    decide: ({ observation, line, station, time, learned }) => {
      const hit = flagged(Number(observation.split('-')[1]))
      const about = { observation, line, station, time, learned }
      return [{ ...about, task: 'fault', action: hit ? 'flag' : 'pass', class: hit ? 'bad' : null, probability: 1 }]
    }
  }
}

function watching(
  flagged: (part: number) => boolean,
  rules: readonly Rule[] = [run]
): { readonly options: Pick<PipelineOptions, 'watch'> } {
  return { options: { watch: { rules, maxCauses: 100, maxRecent: 10, decider: scripted(flagged), trial: null } } }
}

const life = (alerts: readonly Alert[]) => alerts.map(({ kind, id }) => `${id} ${kind}`)
/** All on one line. */
const part = (i: number) => input.observation(i, { line: 'press', station: 'gate' })
const parts = (from: number, to: number) => Array.from({ length: to - from }, (_, i) => part(from + i))

/** As another process has predicted it. */
const predicted = (i: number) => {
  const tasks = [{ task: 'fault', classes: ['good', 'bad'], probabilities: [0.5, 0.5], chosen: 'good', set: [], banks: [] }]
  const event = { observation: `part-${i}`, line: 'press', station: null, time: T0 + i, learned: 0, fold: 2, tasks }
  return { topic: 'predictions', key: 'press', value: codec.encode('prediction', event) }
}

describe('the watch', () => {
  test('raises, is acknowledged and clears, each once, over restarts', async () => {
    const world = await World.make(watching(i => i >= 5 && i < 10))
    await world.log.write(parts(0, 8))
    const first = await world.drain()
    expect(first.alerts().open).toMatchObject([
      { id: 'run-1', state: 'raised', count: 1, observation: 'part-7', line: 'press', station: 'gate' }
    ])

    const again = await world.drain()
    expect(again.alerts()).toEqual(first.alerts())
    expect(await again.acknowledge('run-1', 'Ada')).toBe('acknowledged')
    // Nobody takes it here: it stands as soon as it is durable.
    expect(again.alerts().open).toMatchObject([{ id: 'run-1', state: 'acknowledged', by: 'Ada', acknowledgedAt: expect.any(Number) }])
    expect(await again.acknowledge('run-1', 'Bob')).toBe('already')
    expect(await again.acknowledge('run-2', 'Bob')).toBe('unknown')

    const seen = await world.drain()
    expect(seen.alerts().open).toMatchObject([{ id: 'run-1', state: 'acknowledged', by: 'Ada' }])
    await world.log.write(parts(8, 15))
    const last = await world.drain()
    expect(last.alerts().open).toEqual([])
    expect(last.alerts().recent).toMatchObject([{ id: 'run-1', state: 'cleared', by: 'Ada', count: 3 }])
    expect(life(await world.events('alerts', 'alert'))).toEqual(['run-1 raised', 'run-1 acknowledged', 'run-1 cleared'])
  })

  test('examples that are read before their prediction wait for it', () => {
    const stageOf = () => {
      const decider = new Decider(decideOptionsOf(loadConfig({ env: {} })))
      const options = {
        rules: [],
        maxCauses: 1,
        maxRecent: 1,
        trial: null,
        state: { encode: encodeSaved, decode: decodeSaved },
        acknowledged() {}
      }
      return { decider, stage: new WatchStage({ ...options, decider: openDeciding(decider) }) }
    }
    const record = { topic: 'x', partition: 0, offset: 0, timestamp: T0, key: null, value: new Uint8Array() }
    const tasks = [{ task: 'fault', classes: ['good', 'bad'], probabilities: [0.5, 0.5], chosen: 'good', set: [], banks: [] }]
    const both = [...tasks, { ...tasks[0]!, task: 'colour', chosen: 'bad' }]
    const prediction = { observation: 'part-1', line: 'press', station: null, time: T0, learned: 0, fold: 4, tasks: both }
    const observation = { id: 'part-1', line: 'press', station: null, product: null, time: T0, features: {} }
    const example = { observation, labels: { fault: 'bad' }, labelTime: T0, source: null, prediction }
    const came = (event: Example) => codec.decode(codec.encode('example', event)) as AnyEvent
    const early = (notes: Step['notes']) => notes.filter(({ key }) => key.startsWith('watch/early/'))
    const first = stageOf()
    const step = new Step(codec, () => undefined)
    first.stage.take(record, came(example), step)
    first.stage.take(record, came({ ...example, labels: { colour: 'good' } }), step)
    expect(first.decider.report().tasks.flatMap(({ classes }) => classes)).toEqual([])
    first.stage.settle(step, T0, T0)
    expect(early(step.notes)).toHaveLength(2)

    // It is killed here: who goes on has nothing but the notes.
    const second = stageOf()
    for (const { key, value } of step.notes) second.stage.restore(key.slice('watch/'.length), value!)
    second.stage.restored()
    const next = new Step(codec, () => undefined)
    for (const { decider, stage } of [first, second]) {
      stage.take(record, { name: 'prediction', event: prediction }, next)
      const [colour, fault] = decider.report().tasks
      expect(fault!.classes).toMatchObject([{ class: 'bad', labels: 1, passed: 1 }])
      expect(colour!.classes).toMatchObject([{ class: 'good', labels: 1 }])
    }
    second.stage.settle(next, T0, T0)
    expect(early(next.notes)).toEqual(['0', '1'].map(number => ({ key: `watch/early/${number}`, value: null })))
  })

  test('a crash at any await neither raises twice nor forgets', async () => {
    const expected = ['run-1 raised', 'run-1 cleared', 'run-2 raised']
    for (let n = 0, crashed = true; crashed; n++) {
      const world = await World.make(watching(i => (i >= 4 && i < 8) || i >= 12))
      await world.log.write(parts(0, 16))
      const awaits = new Awaits(n)
      await world.drain(awaits).catch(error => {
        if (!(error instanceof Crash)) throw error
      })
      crashed = awaits.crashed
      await world.drain()
      expect(life(await world.events('alerts', 'alert'))).toEqual(expected)
    }
  })

  test('apart from the others it goes on where one process stopped', async () => {
    const world = await World.make(watching(i => i >= 5 && i < 10))
    await world.log.write(parts(0, 9))
    await world.drain()
    const watch = await world.drain(new Awaits(), { role: 'watch' })
    expect(watch.alerts().open).toMatchObject([{ id: 'run-1', count: 2 }])
    await world.log.write([9, 10, 11].map(predicted))
    expect((await world.drain(new Awaits(), { role: 'watch' })).alerts().open).toEqual([])
    expect(life(await world.events('alerts', 'alert'))).toEqual(['run-1 raised', 'run-1 cleared'])
  })

  test('a prediction that comes twice counts once', async () => {
    // Nothing is good: every part is flagged, by a decider of its own for each process.
    const decider = () => openDeciding(new Decider(decideOptionsOf(loadConfig({ env: {}, overrides: { decide: { good: [] } } }))))
    const watched = () => ({
      role: 'watch' as const,
      watch: { rules: [run], maxCauses: 100, maxRecent: 10, decider: decider(), trial: null }
    })
    const world = await World.make()
    await world.log.write([5, 6, 6, 5].map(predicted))
    expect((await world.drain(new Awaits(), watched())).alerts().open).toEqual([])
    // What a predictor that was killed writes again may meet a watch that was killed, too.
    await world.log.write([5, 6].map(predicted))
    expect((await world.drain(new Awaits(), watched())).alerts().open).toEqual([])
    await world.log.write([6, 7].map(predicted))
    expect((await world.drain(new Awaits(), watched())).alerts().open).toMatchObject([{ id: 'run-1', observation: 'part-7' }])
  })

  test('a trial keeps every sink silent, over restarts and whatever is configured then, until it is left', async () => {
    const criteria = { leastDays: 0, leastParts: 15, mostFalseAlarms: 100, leastPrecision: 0, leastRecall: 0 }
    const told: string[] = []
    const sink: Sink = {
      name: 'kept',
      deliver: async ({ alert }) => void told.push(`${alert.id} ${alert.kind}`),
      close: async () => {}
    }
    const world = await World.make(watching(i => i >= 5))
    const { watch } = watching(i => i >= 5).options
    const telling = { ...untold, sinks: [sink] }
    const trying = (trial: typeof criteria | null) => world.drain(new Awaits(), { watch: { ...watch, trial }, telling })
    await world.log.write(parts(0, 10))
    await trying(criteria)
    await world.log.write(parts(10, 12))
    // Easier ones, or none, change nothing.
    for (const later of [{ ...criteria, leastParts: 0 }, null]) {
      const during = await trying(later)
      expect(during.alerts().trial).toMatchObject({ criteria, parts: 12, open: ['12 of at least 15 parts'] })
      expect(during.alerts().open).toMatchObject([{ id: 'run-1', trial: true }])
      expect(await during.leaveTrial('Ada')).toEqual({ left: false, open: ['12 of at least 15 parts'] })
    }
    await world.log.write(parts(12, 16))
    const shown = await trying(null)
    expect(await shown.leaveTrial('Ada')).toEqual({ left: true, open: [] })
    await trying(null)
    expect(told).toEqual([])
    await world.log.write(parts(16, 17))
    const after = await trying(null)
    expect(after.alerts().trial!.left).toMatchObject({ by: 'Ada' })
    expect(after.alerts().open).toMatchObject([{ id: 'run-2', trial: false }])
    expect(await after.leaveTrial('Ada')).toMatchObject({ left: false })
    const steps = (await world.events('alerts', 'alert')).map(({ id, kind, trial }) => `${id.split('-')[0]} ${kind} ${trial}`)
    expect(steps).toEqual([
      'trial raised true',
      'run raised true',
      // Asked for, and then left.
      'trial cleared true',
      'run cleared true',
      'run raised false'
    ])
    // What is told from here on is what was raised after it.
    await expect.poll(async () => (await trying(null)) && told, { interval: 1 }).toEqual(['run-2 raised'])
  })

  test('who does not watch says so', async () => {
    const world = await World.make(watching(() => true))
    const joiner = await world.drain(new Awaits(), { role: 'join' })
    expect(() => joiner.alerts()).toThrow(/--role watch or all/)
    await expect(joiner.acknowledge('run-1', null)).rejects.toThrow(/--role watch or all/)
  })
})
