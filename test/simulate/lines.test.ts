import { describe, expect, test } from 'vitest'
import type { Label, Observation } from '../../src/events/event.ts'
import { modes } from '../../src/simulate/ai4i.ts'
import { SimulatedLines, type TimedEvent } from '../../src/simulate/lines.ts'
import type { SimulationOptions } from '../../src/simulate/options.ts'

const take = (given: Partial<SimulationOptions>, count: number): TimedEvent[] => {
  const lines = new SimulatedLines(given)
  return Array.from({ length: count }, () => lines.next().value)
}
const observations = (events: readonly TimedEvent[]): Observation[] =>
  events.flatMap(({ event }) => (event.name === 'observation' ? [event.event] : []))
const labels = (events: readonly TimedEvent[]): Label[] => events.flatMap(({ event }) => (event.name === 'label' ? [event.event] : []))

const troubled: Partial<SimulationOptions> = {
  seed: 5,
  labelJitter: 1,
  labelShare: 0.9,
  duplicateShare: 0.1,
  contradictShare: 0.1,
  lateShare: 0.05,
  lateMs: 60_000,
  tasks: ['failure', 'mode', ...modes]
}

describe('simulated lines', () => {
  test('the same options give the same events, another seed gives others', () => {
    expect(take(troubled, 2000)).toEqual(take(troubled, 2000))
    expect(take({ ...troubled, seed: 6 }, 50)).not.toEqual(take(troubled, 50))
  })

  test('events come in the order of time, a label after its part, each at its own time', () => {
    const seen = new Map<string, number>()
    let now = 0
    for (const { at, event } of take({ ...troubled, labelDelayParts: 0, startMs: 1_700_000_000_000, intervalMs: 333.3 }, 5000)) {
      expect(at).toBeGreaterThanOrEqual(now)
      expect(Number.isInteger(at)).toBe(true)
      expect(event.event.time).toBe(at)
      now = at
      if (event.name === 'observation') seen.set(event.event.id, at)
      else expect(seen.get(event.event.observation)).toBeLessThanOrEqual(at)
    }
  })

  test('ids are unique, lines take turns and keep their interval', () => {
    const parts = observations(take({ lines: 4, intervalMs: 1000, startMs: 7 }, 900))
    expect(new Set(parts.map(part => part.id)).size).toBe(parts.length)
    expect(parts.slice(0, 5).map(part => [part.line, part.time])).toEqual([
      ['line-1', 7],
      ['line-2', 257],
      ['line-3', 507],
      ['line-4', 757],
      ['line-1', 1007]
    ])
  })

  test('what is asked of labels changes no part', () => {
    const plain = observations(take({ seed: 5 }, 3000))
    const other = observations(take(troubled, 3000))
    const count = Math.min(plain.length, other.length)
    expect(count).toBeGreaterThan(1000)
    expect(other.slice(0, count)).toEqual(plain.slice(0, count))
  })

  test('one more line changes no part of the others', () => {
    const features = (lines: number) => observations(take({ lines }, 900)).flatMap(part => (part.line === 'line-1' ? [part.features] : []))
    expect(features(5)).toEqual(features(2).slice(0, features(5).length))
    expect(features(5).length).toBeGreaterThan(50)
  })

  test('delays stay within their jitter, and late ones come by that much later', () => {
    const events = take({ labelDelayParts: 10, labelDelayMs: 500, labelJitter: 0.2, lateShare: 0.3, lateMs: 100_000 }, 6000)
    const seen = new Map(observations(events).map(part => [part.id, part.time]))
    const delays = labels(events).map(label => label.time - seen.get(label.observation)!)
    const [late, plain] = [delays.filter(delay => delay > 50_000), delays.filter(delay => delay <= 50_000)]
    for (const delay of plain) expect(Math.abs(delay - 10_500)).toBeLessThanOrEqual(2101)
    for (const delay of late) expect(Math.abs(delay - 110_500)).toBeLessThanOrEqual(2101)
    expect(Math.max(...plain) - Math.min(...plain)).toBeGreaterThan(4000)
    expect(late.length).toBeGreaterThan(500)
  })

  test('shares of unlabelled, repeated, contradicted and late labels are as asked', () => {
    const lines = new SimulatedLines(troubled)
    while (lines.truth().parts < 20_000) lines.next()
    const { parts, unlabelled, duplicates, contradictions, late } = lines.truth()
    const labelled = parts - unlabelled
    expect(labelled / parts).toBeCloseTo(0.9, 1)
    // Four standard errors of a share at 18,000.
    expect(Math.abs(labelled / parts - 0.9)).toBeLessThan(0.009)
    expect(Math.abs(duplicates / labelled - 0.1)).toBeLessThan(0.009)
    expect(Math.abs(contradictions / labelled - 0.1)).toBeLessThan(0.009)
    expect(Math.abs(late / labelled - 0.05)).toBeLessThan(0.007)
  })

  test('the last label of a part is the truth, and the counts of the truth are those of the events', () => {
    const lines = new SimulatedLines({ ...troubled, labelShare: 1, lateShare: 0 })
    const last = new Map<string, Label>()
    const counted = { labels: 0, changed: 0 }
    while (lines.truth().parts < 5000) {
      const { event } = lines.next().value
      if (event.name !== 'label') continue
      const before = last.get(event.event.observation)
      if (before !== undefined && before.labels.failure !== event.event.labels.failure) counted.changed++
      last.set(event.event.observation, event.event)
      counted.labels++
    }
    const truth = lines.truth()
    expect(truth.labels).toBe(counted.labels)
    expect(counted.labels + truth.pending).toBe(5000 + truth.duplicates + truth.contradictions)
    expect(truth.contradictions - counted.changed).toBeGreaterThanOrEqual(0)
    expect(truth.contradictions - counted.changed).toBeLessThan(20) // those still to come
    const clean = new SimulatedLines({ ...troubled, labelShare: 1, lateShare: 0, duplicateShare: 0, contradictShare: 0 })
    let compared = 0
    while (clean.truth().parts < 4500) {
      const { event } = clean.next().value
      if (event.name !== 'label') continue
      compared++
      expect(last.get(event.event.observation)!.labels).toEqual(event.event.labels)
    }
    expect(compared).toBeGreaterThan(4000)
  })

  test('the tasks of one label agree with each other', () => {
    for (const { labels: found } of labels(take({ ...troubled, contradictShare: 0 }, 20_000))) {
      const failed = modes.filter(mode => found[mode] === '1')
      expect(found.mode).toBe(failed[0] ?? 'none')
      expect(found.failure).toBe(failed.length > 0 ? 'failure' : 'ok')
    }
  })

  test('memory holds the labels still to come, no more', () => {
    const lines = new SimulatedLines({ labelDelayParts: 20, labelJitter: 0.5 })
    for (let i = 0; i < 100_000; i++) {
      lines.next()
      if (i % 1000 === 0) expect(lines.truth().pending).toBeLessThanOrEqual(3 * 31)
    }
  })

  test('all problems of the options are told at once', () => {
    const wrong = {
      lines: 0,
      labelShare: 2,
      tasks: [],
      colour: 'red',
      rarity: { mode: 'hdf', factor: -1 },
      drift: { kind: 'sudden', atPart: 0, overParts: 0, moves: [{ line: 'line-9', what: 'torque_nm', by: Number.NaN }] }
    } as unknown as Partial<SimulationOptions>
    let message = ''
    try {
      new SimulatedLines(wrong)
    } catch (error) {
      message = String(error)
    }
    for (const path of [
      'lines',
      'labelShare',
      'tasks',
      'colour',
      'rarity.factor',
      'drift.overParts',
      'drift.moves.0.line',
      'drift.moves.0.by'
    ]) {
      expect(message).toContain(path)
    }
  })
})
