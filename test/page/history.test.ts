/** History, tiles, last parts: what whoever watches is told, folded from events. */
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import type { Example, Prediction, Signal } from '../../src/events/event.ts'
import { joined, SHOWN } from '../../src/page/past.ts'
import { type HistoryReport, ranges, SLOTS } from '../../src/pipeline/board.ts'
import { History } from '../../src/pipeline/history.ts'
import { KnownParts } from '../../src/pipeline/known-parts.ts'
import { lastPartOf, Tiles } from '../../src/pipeline/tiles.ts'

const prediction = (id: string, chosen: string, task = 'surface', p = 0.9): Prediction => ({
  observation: id,
  line: 'a',
  station: null,
  time: 0,
  learned: 1,
  fold: 1,
  tasks: [{ task, classes: ['ok', 'scratch'], probabilities: chosen === 'ok' ? [p, 1 - p] : [1 - p, p], chosen, set: [], banks: [] }]
})

const example = (at: number, truth: string, chosen: string | null, line = 'a', delay = 0): Example => ({
  observation: { id: `${at}`, line, station: null, product: null, time: at - delay, features: {} },
  labels: { surface: truth },
  labelTime: at,
  source: null,
  prediction: chosen === null ? null : { ...prediction(`${at}`, chosen), line }
})

const counts = (history: History, name: string, line: string | null = null) => {
  const { series, starts } = history.report('hour', line)
  const of = series.find(each => each.class === name)
  return of === undefined ? null : { starts, support: of.support, hits: of.hits, said: of.said }
}

test('a bucket counts what was labelled, found and said within it, for all lines and for each', () => {
  const history = new History()
  history.takeExample(example(1000, 'scratch', 'scratch'), 1000)
  history.takeExample(example(2000, 'scratch', 'ok'), 2000)
  history.takeExample(example(7000, 'ok', 'scratch', 'b'), 7000)
  expect(counts(history, 'scratch')).toEqual({ starts: [0, 5000], support: [2, 0], hits: [1, 0], said: [1, 1] })
  expect(counts(history, 'scratch', 'a')).toEqual({ starts: [0, 5000], support: [2, 0], hits: [1, 0], said: [1, 0] })
  expect(history.report('hour').lines).toEqual(['a', 'b'])
})

test('an example that came without a prediction is learned, and judges nothing', () => {
  const history = new History()
  history.takeExample(example(1000, 'scratch', null, 'a', 400), 1000)
  const report = history.report('hour')
  expect(report).toMatchObject({ series: [], learned: [1], delayMean: [400], delayMost: [400] })
})

test('whatever order events come in, the counts are the same', () => {
  const at = fc.array(fc.integer({ min: 0, max: 3_000_000 }), { minLength: 1, maxLength: 60 })
  fc.assert(
    fc.property(at, fc.nat(), (times, turn) => {
      const forward = new History()
      const turned = new History()
      const events = times.map(time =>
        example(time, time % 3 === 0 ? 'scratch' : 'ok', time % 2 === 0 ? 'scratch' : 'ok', time % 5 === 0 ? 'b' : 'a')
      )
      const cut = turn % events.length
      for (const event of events) forward.takeExample(event, event.labelTime)
      for (const event of [...events.slice(cut), ...events.slice(0, cut)]) turned.takeExample(event, event.labelTime)
      for (const range of Object.keys(ranges) as (keyof typeof ranges)[]) {
        const sorted = (history: History) => ({
          ...history.report(range),
          series: [...history.report(range).series].sort((a, b) => (a.class < b.class ? -1 : 1)),
          lines: []
        })
        expect(sorted(turned)).toEqual(sorted(forward))
      }
    })
  )
})

test('memory is bounded: of a long run the newest buckets stay, of many classes the first', () => {
  const history = new History()
  const width = ranges.hour
  for (let i = 0; i < 3 * SLOTS; i++) history.takeExample(example(i * width, 'ok', 'ok'), i * width)
  const { starts } = history.report('hour')
  expect(starts).toHaveLength(SLOTS)
  expect(starts[0]).toBe(2 * SLOTS * width)
  expect(history.report('month').starts.length).toBe(Math.ceil((3 * SLOTS * width) / ranges.month))
  // A late one that has been left behind is not counted in a bucket of another time.
  history.takeExample(example(0, 'ok', 'ok'), 0)
  expect(history.report('hour').learned.reduce((a, b) => a + b)).toBe(SLOTS)
  for (let i = 0; i < 2000; i++) history.takeExample(example(3 * SLOTS * width, `class-${i}`, 'ok'), 3 * SLOTS * width)
  expect(history.report('hour').series).toHaveLength(256)
  expect(history.report('hour', 'a').series).toHaveLength(384)
  // Each brings a label of a class, and calls of one that is known.
  expect(history.report('hour').untold).toBe(2001 - 256)
  expect(history.report('hour', 'a').untold).toBe(2001 - 384)
})

test('classes on many lines leave room for a new one over all of them', () => {
  const history = new History()
  for (let line = 0; line < 60; line++)
    for (let name = 0; name < 20; name++) history.takeExample(example(1000, `class-${name}`, 'class-0', `line-${line}`), 1000)
  expect(history.report('hour', 'line-1').untold).toBeGreaterThan(0)
  history.takeExample(example(2000, 'crack', 'class-0', 'line-59'), 2000)
  expect(counts(history, 'crack')).toMatchObject({ support: [1] })
  expect(history.report('hour').untold).toBe(0)
})

test('only what came since is told when that is asked', () => {
  const history = new History()
  for (let i = 0; i < 10; i++) history.takeExample(example(i * 5000, 'ok', 'ok'), i * 5000)
  expect(history.report('hour', null, 40_000).starts).toEqual([40_000, 45_000])
})

test('marks are those of the line and of all lines, without what says nothing', () => {
  const history = new History()
  const signal = (kind: Signal['kind'], domain: string | null): Signal => ({
    id: `${kind}-${domain}`,
    time: 1,
    kind,
    domain,
    task: null,
    class: null,
    bank: null,
    expert: null,
    value: null,
    learned: 1,
    message: kind
  })
  for (const each of [
    signal('class-appeared', 'a'),
    signal('class-appeared', 'b'),
    signal('bank-restarted', null),
    signal('knots-refitted', 'a')
  ])
    history.takeSignal(each)
  expect(history.report('hour', 'a').marks.map(({ id }) => id)).toEqual(['class-appeared-a', 'bank-restarted-null'])
  expect(history.report('hour').marks).toHaveLength(3)
})

const isGood = (_task: string, name: string) => name === 'ok'

test('a tile counts the defects of the last 500 parts, and shows the last', () => {
  const tiles = new Tiles()
  for (let i = 0; i < 700; i++) tiles.take('a', 'mill', lastPartOf(prediction(`p${i}`, i < 300 ? 'scratch' : 'ok'), isGood)!)
  expect(tiles.all()).toMatchObject([
    { line: 'a', station: 'mill', parts: 700, recent: 500, flagged: 100, last: { observation: 'p699', flagged: false } }
  ])
  expect(tiles.changed()).toHaveLength(1)
  expect(tiles.changed()).toEqual([])
})

test('of several tasks the likeliest defect is shown, else the first task', () => {
  const two = (a: string, b: string): Prediction => ({
    ...prediction('p', a),
    tasks: [...prediction('p', a, 'one', 0.6).tasks, ...prediction('p', b, 'two', 0.8).tasks]
  })
  expect(lastPartOf(two('scratch', 'scratch'), isGood)).toMatchObject({ task: 'two', flagged: true })
  expect(lastPartOf(two('scratch', 'ok'), isGood)).toMatchObject({ task: 'one', flagged: true })
  expect(lastPartOf(two('ok', 'ok'), isGood)).toMatchObject({ task: 'one', flagged: false })
})

test('the last parts are known with what was served and labelled, and what is typical is their middle', () => {
  const parts = new KnownParts()
  for (let i = 0; i < 9000; i++)
    parts.takeObservation({
      id: `p${i}`,
      line: 'a',
      station: null,
      product: null,
      time: i,
      features: { heat: i % 3, tool: i % 4 === 0 ? 'x' : 'y', gone: null }
    })
  expect(parts.get('p0')).toBeNull()
  parts.takePrediction(prediction('p8999', 'scratch'))
  parts.takeExample({
    ...example(1, 'ok', null),
    observation: { id: 'p8999', line: 'a', station: null, product: null, time: 1, features: {} }
  })
  expect(parts.get('p8999')).toMatchObject({ prediction: { observation: 'p8999' }, labels: { surface: 'ok' } })
  expect(parts.typical('a')).toEqual({ of: 200, features: { heat: 1, tool: 'y', gone: null } })
  parts.takePrediction(prediction('p8990', 'ok'))
  expect(parts.newest('a', 3).map(part => part.observation)).toEqual(['p8999', 'p8990'])
})

test('a prediction that is read before its part waits for it, the newest of them', () => {
  const parts = new KnownParts()
  const about = { line: 'a', station: null, product: null, time: 0, features: {} }
  for (let i = 0; i < 3000; i++) parts.takePrediction(prediction(`p${i}`, 'scratch'))
  expect(parts.get('p2999')).toBeNull()
  for (const id of ['p2999', 'p1000', 'p999']) parts.takeObservation({ ...about, id })
  parts.takePrediction(prediction('p2999', 'ok'))
  expect(['p2999', 'p1000', 'p999'].map(id => parts.get(id)?.prediction?.tasks[0]?.chosen)).toEqual(['scratch', 'scratch', undefined])
})

test('of wide parts fewer are remembered, and the last one always', () => {
  const parts = new KnownParts()
  const about = { line: 'a', station: null, product: null, time: 0 }
  const wide = (width: number) => Object.fromEntries(Array.from({ length: width }, (_, i) => [`sensor-${i}`, i]))
  const features = wide(1000)
  for (let i = 0; i < 1000; i++) parts.takeObservation({ ...about, id: `p${i}`, features })
  expect(parts.get('p499')).toBeNull()
  expect(parts.get('p500')).not.toBeNull()
  parts.takeObservation({ ...about, id: 'widest', features: wide(600_000) })
  expect(parts.get('p999')).toBeNull()
  expect(parts.get('widest')).not.toBeNull()
})

describe('a page that stays open', () => {
  const report = (starts: readonly number[]): HistoryReport => {
    const each = starts.map(() => 1)
    return {
      range: 'hour',
      widthMs: 5000,
      line: null,
      lines: [],
      starts,
      series: [{ task: 't', class: 'c', support: each, hits: each, said: each }],
      parts: each,
      flagged: each,
      learned: each,
      delayMean: each,
      delayMost: each,
      marks: [],
      untold: 0
    }
  }

  test('shows as much as the server keeps, however long it is open', () => {
    expect(SHOWN).toBe(SLOTS)
    let shown = report([0])
    for (let i = 1; i < 2000; i++) shown = joined(shown, report([(i - 1) * 5000, i * 5000]))
    expect(shown.starts).toEqual(Array.from({ length: SLOTS }, (_, i) => (2000 - SLOTS + i) * 5000))
    for (const column of [shown.parts, shown.learned, shown.delayMost, shown.series[0]!.support]) expect(column).toHaveLength(SLOTS)
  })

  test('shows what came after a long gap alone', () => {
    expect(joined(report([0, 5000]), report([100_000_000])).starts).toEqual([100_000_000])
  })
})
