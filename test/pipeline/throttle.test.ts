import { describe, expect, test } from 'vitest'
import { openAvroCodec } from '../../src/adapter/avro/codec.ts'
import type { Control } from '../../src/events/event.ts'
import { Learner } from '../../src/learner/learner.ts'
import { recipeOf } from '../../src/learner/presets.ts'
import { Step } from '../../src/pipeline/step.ts'
import { type Load, Throttle } from '../../src/pipeline/throttle.ts'
import { small } from '../learner/stream.ts'

const codec = openAvroCodec({ maxBytes: 1 << 20 })
const options = { ...small, effort: { least: 2, most: 24, scale: 12_000 } }

/** A line whose pile of examples is set by hand; every control that is written is taken, as the log would give it back. */
function line(load: Load) {
  const learner = new Learner(options)
  let waiting = 0
  const told: string[] = []
  const throttle = new Throttle({ ...load, learner, shard: 'shard-0', lag: () => waiting, tell: message => told.push(message) })
  return {
    learner,
    told,
    /** The controls decided at `now` with `lag` examples waiting. */
    settle(now: number, lag: number): Control[] {
      waiting = lag
      const step = new Step(codec, () => undefined)
      throttle.settle(step, now)
      return step.outputs.map(({ topic, key, value }) => {
        expect([topic, key]).toEqual(['examples', 'shard-0'])
        const read = codec.decode(value)
        if ('code' in read || read.name !== 'control') throw new Error('expected a control')
        learner.take(read.event)
        return read.event
      })
    }
  }
}

describe('practice under load', () => {
  test('the cap is halved while examples pile up, down to the least, and doubled until it is lifted once they are gone', () => {
    const { settle, learner } = line({ behind: 100, least: 2 })
    const caps: number[] = []
    let now = 0
    for (let i = 0; i < 6; i++, now += 1000) caps.push(...settle(now, 100).map(control => control.value))
    expect(caps).toEqual([12, 6, 3, 2])
    expect(learner.stepCap).toBe(2)
    const back: number[] = []
    for (let i = 0; i < 6; i++, now += 5000) back.push(...settle(now, 9).map(control => control.value))
    expect(back.slice(0, 3)).toEqual([4, 8, 16])
    expect(back).toHaveLength(4)
    expect(learner.stepCap).toBeGreaterThan(recipeOf(options).effort.most)
  })

  test('nothing is decided between too many and few, nor before the last decision was felt', () => {
    const { settle } = line({ behind: 100, least: 1 })
    expect(settle(0, 99)).toEqual([])
    expect(settle(1, 100)).toHaveLength(1)
    expect(settle(500, 1000)).toEqual([])
    expect(settle(3000, 50)).toEqual([])
    expect(settle(4000, 5)).toEqual([])
    expect(settle(6000, 5)).toHaveLength(1)
  })

  test('no pile is high enough where it is switched off', () => {
    expect(line({ behind: 0, least: 1 }).settle(0, 1_000_000)).toEqual([])
  })

  test('every decision has a name of its own and is told in words', () => {
    const { settle, told } = line({ behind: 10, least: 1 })
    const ids = [0, 1000, 2000].flatMap(now => settle(now, 10)).map(({ id }) => id)
    expect(new Set(ids).size).toBe(3)
    expect(told[0]).toMatch(/at most 12 learning steps/)
  })

  test('a cap that people have decided on stands, and does not keep the load from being eased', () => {
    const { settle, learner } = line({ behind: 100, least: 2 })
    const person: Control = { id: 'night-shift', time: 0, kind: 'effort', task: null, value: 5, drift: null }
    learner.take(person)
    for (let now = 0; now < 60_000; now += 5000) expect(settle(now, 0)).toEqual([])
    expect(learner.stepCap).toBe(5)
    expect(settle(60_000, 100).map(({ value }) => value)).toEqual([2])
    learner.take({ ...person, id: 'morning-shift', value: 12 })
    expect(learner.stepCap).toBe(2)
    const back = [1, 2, 3, 4, 5].flatMap(i => settle(60_000 + i * 5000, 0)).map(({ value }) => value)
    expect(back.slice(0, 3)).toEqual([4, 8, 16])
    expect(learner.stepCap).toBe(12)
  })
})
