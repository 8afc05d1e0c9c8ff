/** The promises of a whole pipeline, as data, so that they can be held over any log and against planted faults. */
import { expect } from 'vitest'
import { encodeSaved } from '../../src/adapter/file/saved.ts'
import type { Outgoing } from '../../src/pipeline/log.ts'
import type { Pipeline } from '../../src/pipeline/pipeline.ts'
import { Awaits, Crash, codec, input, type World, type WorldOptions } from './world.ts'

export type Make = (options?: Pick<WorldOptions, 'options'>) => Promise<World>

export interface PipelineLaw {
  readonly name: string
  readonly run: (make: Make) => Promise<void>
}

const { observation, label, example, control, raw } = input
const classOf = (i: number): string => (i % 4 === 0 ? 'scratch' : 'none')

/** Three rounds, each drained before the next: late, early, repeated, contradicting, partial and corrected labels, and bad records. */
const rounds: readonly (readonly Outgoing[])[] = [
  [
    label(3, { fault: 'none' }),
    ...[0, 1, 2, 3, 4, 5].map(i => observation(i)),
    observation(2),
    label(0, { fault: classOf(0) }),
    raw('observations', 0xc3, 1, 2, 3),
    example(50, { fault: 'none' })
  ],
  [
    ...[6, 7, 8, 9, 10].map(i => observation(i)),
    ...[1, 2, 4, 5].map(i => label(i, { fault: classOf(i) })),
    label(1, { fault: classOf(1), grade: 'A' }),
    observation(6, { features: { torque: 99 } }),
    raw('labels', 7),
    example(50, { fault: 'none' }),
    control(1)
  ],
  [
    label(4, { fault: 'none' }, { time: label0Time(4) + 500 }),
    ...[6, 7, 8, 9].map(i => label(i, { fault: classOf(i), grade: i % 2 ? 'A' : 'B' })),
    ...[11, 12].map(i => observation(i)),
    label(10, { fault: 'dent' }),
    label(5, { fault: 'dent' }, { time: label0Time(5) - 900 }),
    label(8, { fault: 'none' }, { line: 'line-9' }),
    label(99, { fault: 'none' }),
    example(51, { grade: 'C' })
  ]
]

/** What must have been learned in the end: (id, task) → class. */
const learnedInTheEnd = Object.fromEntries(
  [
    ...[0, 1, 2, 3, 5, 6, 7, 8, 9].map(i => [`part-${i} fault`, classOf(i)]),
    ['part-4 fault', 'none'],
    ['part-10 fault', 'dent'],
    ['part-1 grade', 'A'],
    ...[6, 7, 8, 9].map(i => [`part-${i} grade`, i % 2 ? 'A' : 'B']),
    ['part-50 fault', 'none'],
    ['part-51 grade', 'C']
  ].sort()
)
const corrections = ['part-4 fault']
/** Examples written twice by their sender. */
const sentTwice = ['part-50 fault']

function label0Time(i: number): number {
  const decoded = codec.decode(label(i, { fault: 'x' }).value)
  if ('code' in decoded || decoded.name !== 'label') throw new Error('expected a label')
  return decoded.event.time
}

/** Writes and drains every round; `drain` may crash a round, which is then run again over what was committed. */
async function play(world: World, drain = (_round: number): Promise<Pipeline> => world.drain()): Promise<Pipeline> {
  const fed = world.plant.feed?.(rounds) ?? rounds
  let pipeline: Pipeline | null = null
  for (const [i, round] of fed.entries()) {
    world.now += 60_000
    await world.log.write(round)
    try {
      pipeline = await drain(i)
    } catch (error) {
      if (!(error instanceof Crash)) throw error
      pipeline = await world.drain()
    }
  }
  return pipeline!
}

/** Everything that must hold of a world whose inputs have all been taken. */
async function expectSound(world: World, pipeline: Pipeline): Promise<void> {
  const examples = await world.events('examples', 'example')
  const held = new Map<string, string[]>()
  for (const { observation: seen, labels } of examples) {
    for (const task in labels) {
      const key = `${seen.id} ${task}`
      held.set(key, [...(held.get(key) ?? []), labels[task]!])
    }
  }
  expect(Object.fromEntries([...held].map(([key, all]) => [key, all.at(-1)]).sort())).toEqual(learnedInTheEnd)
  for (const [key, all] of held) expect([key, all.length]).toEqual([key, corrections.includes(key) || sentTwice.includes(key) ? 2 : 1])
  expect(examples.filter(({ prediction }) => prediction === null).map(each => each.observation.id)).toEqual([
    'part-50',
    'part-50',
    'part-51'
  ])

  const predicted = (await world.events('predictions', 'prediction')).map(prediction => prediction.observation).sort()
  expect(predicted).toEqual(Array.from({ length: 13 }, (_, i) => `part-${i}`).sort())

  const fold = await world.fold()
  expect(Buffer.compare(encodeSaved(pipeline.learner!.save()), fold.bytes)).toBe(0)
  expect(await world.events('signals', 'signal')).toEqual(fold.signals)
  expect(pipeline.learner!.learned).toBe(14)
  expect(world.wrongs).toEqual([])

  const again = await world.drain()
  expect(Buffer.compare(encodeSaved(again.learner!.save()), fold.bytes)).toBe(0)
  expect(again.status().waiting).toEqual({ observations: 13, labels: 1 })
}

/** Rejections by the place of the record, with the bytes that were rejected. */
async function rejected(world: World): Promise<string[]> {
  return (await world.events('rejects', 'rejection')).map(({ topic, code, value }) => `${topic} ${code} ${value.length}`).sort()
}

export const pipelineLaws: readonly PipelineLaw[] = [
  {
    name: 'each (id, task) is learned once, each observation predicted once, the model is the fold of the committed examples',
    run: async make => {
      const world = await make()
      await expectSound(world, await play(world))
      expect(await rejected(world)).toEqual(
        ['labels label-contradicts-line', 'labels unknown-schema', 'observations observation-repeated', 'observations truncated'].map(
          start => expect.stringContaining(start)
        )
      )
    }
  },
  {
    name: 'one process or three, the same records come of it',
    run: async make => {
      const world = await make()
      const stop = new AbortController()
      const pipeline = world.start()
      const running = pipeline.run(stop.signal)
      const fed = world.plant.feed?.(rounds) ?? rounds
      for (const round of fed) {
        world.now += 60_000
        await world.log.write(round)
        await expect.poll(() => (pipeline.ready ? Object.values(pipeline.status().lag) : [1]), { interval: 1 }).toEqual([0, 0, 0, 0, 0, 0])
      }
      stop.abort()
      await running
      await expectSound(world, pipeline)
    }
  },
  {
    name: 'a crash at any await neither learns twice nor loses',
    run: async make => {
      for (const round of rounds.keys()) {
        for (let n = 0, crashed = true; crashed; n++) {
          crashed = false
          const world = await make()
          const pipeline = await play(world, async i => {
            if (i !== round) return world.drain()
            const awaits = new Awaits(n)
            try {
              return await world.drain(awaits)
            } finally {
              crashed = awaits.crashed
            }
          })
          await expectSound(world, pipeline)
          if (!crashed) expect(n).toBeGreaterThan(30)
        }
      }
    }
  },
  {
    name: 'a label poisoned in the future changes no prediction before it arrives',
    run: async make => {
      const predictions = async (last: Outgoing): Promise<Buffer[]> => {
        const world = await make()
        const chunks = [
          [0, 1, 2, 3].flatMap(i => [observation(i), label(i, { fault: classOf(i) })]),
          [4, 5].map(i => observation(i)),
          [last]
        ]
        for (const chunk of world.plant.feed?.(chunks) ?? chunks) {
          world.now += 60_000
          await world.log.write(chunk)
          await world.drain()
        }
        const before = (await world.records('predictions')).map(({ value }) => Buffer.from(value))
        await world.log.write([observation(6)])
        await world.drain()
        return [...before, Buffer.from((await world.records('predictions')).at(-1)!.value)]
      }
      const clean = await predictions(label(4, { fault: classOf(4) }))
      const poisoned = await predictions(label(4, { fault: 'poison' }))
      expect(clean).toHaveLength(7)
      expect(poisoned.slice(0, 6)).toEqual(clean.slice(0, 6))
      expect(poisoned[6]).not.toEqual(clean[6])
    }
  },
  {
    name: 'every record is accounted for by an outcome, and what is bad is in rejects whole',
    run: async make => {
      const world = await make()
      const bad = [
        raw('observations'),
        raw('observations', 0xc3),
        { ...label(1, { fault: 'x' }), topic: 'observations' },
        observation(20, { features: { torque: Number.NaN } }),
        observation(21, { time: world.now + 3_600_000 }),
        label(22, {}),
        { ...observation(23), value: Uint8Array.from([...observation(23).value, 0]) },
        raw('examples', 9, 9, 9)
      ]
      const all = [...rounds.flat(), ...bad, observation(0), example(51, { grade: 'C' })]
      await world.log.write(all)
      const pipeline = await world.drain()
      const outcomes: Record<string, number> = {}
      for (const { topic, count } of pipeline.status().events) outcomes[topic] = (outcomes[topic] ?? 0) + count
      for (const topic of ['observations', 'labels', 'examples', 'predictions'] as const)
        expect([topic, outcomes[topic]]).toEqual([topic, (await world.records(topic)).length])
      const rejects = await world.events('rejects', 'rejection')
      const values = rejects.map(({ value }) => Buffer.from(value).toString('hex'))
      for (const { value } of bad) expect(values).toContain(Buffer.from(value).toString('hex'))
      for (const { topic, partition, offset, value, length } of rejects) {
        const source = (await world.records(topic as 'labels')).find(each => each.partition === partition && each.offset === offset)
        expect([topic, Buffer.compare(source!.value, value), length]).toEqual([topic, 0, source!.value.length])
      }
      expect(outcomes.rejects).toBe(undefined)
    }
  },
  {
    name: 'what never joins leaves the room told: observations counted, labels rejected whole',
    run: async make => {
      const world = await make({ options: { room: { maxWaiting: 3, maxAgeMs: 86_400_000, predictionWaitMs: 1000, maxIds: 100 } } })
      await world.log.write([label(40, { fault: 'x' }), label(41, { fault: 'x' }), ...[1, 2, 3, 4].map(i => observation(i))])
      const pipeline = await world.drain()
      const count = (topic: string, outcome: string) =>
        pipeline.status().events.find(each => each.topic === topic && each.outcome === outcome)?.count
      expect(count('observations', 'overflowed')).toBe(1)
      expect(count('labels', 'rejected')).toBe(2)
      const rejects = await world.events('rejects', 'rejection')
      expect(rejects.map(({ code, value }) => [code, Buffer.from(value)])).toEqual(
        [40, 41].map(i => ['waiting-overflow', Buffer.from(label(i, { fault: 'x' }).value)])
      )
    }
  }
]
