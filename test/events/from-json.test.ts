import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { fromJson } from '../../src/events/from-json.ts'
import { parseTime } from '../../src/events/time.ts'
import { samples } from './samples.ts'

const problemsOf = (name: 'observation' | 'label' | 'example', value: unknown): readonly string[] => {
  const read = fromJson(name, value)
  return 'problems' in read ? read.problems : []
}

describe('JSON becomes an event', () => {
  test.each(['observation', 'label', 'example'] as const)('a whole %s is read as it is', name => {
    expect(fromJson(name, JSON.parse(JSON.stringify(samples[name])))).toEqual({ event: samples[name] })
  })

  test('what may be null may be left out', () => {
    expect(fromJson('observation', { id: 'p', line: 'l', time: 5, features: {} })).toEqual({
      event: { id: 'p', line: 'l', station: null, product: null, time: 5, features: {} }
    })
    const observation = { id: 'p', line: 'l', time: '1970-01-01T00:00:01Z', features: { a: 'x' } }
    expect(fromJson('example', { observation, labels: { fault: 'none' } })).toEqual({
      event: {
        observation: { ...observation, station: null, product: null, time: 1000 },
        labels: { fault: 'none' },
        labelTime: 1000,
        source: null,
        prediction: null
      }
    })
  })

  test('every problem is told at once, with its path', () => {
    expect(problemsOf('observation', { id: 7, line: 'l', time: 'yesterday', features: { a: [1], b: true }, colour: 'red' })).toEqual([
      'expected the keys id, line, station, product, time, features, got "colour"',
      'id: expected text, got 7',
      'time: expected milliseconds since 1970 or ISO 8601 with a zone (2026-03-14T09:26:53Z), got "yesterday"',
      'features.a: expected a finite number, text or null, got an array of 1',
      'features.b: expected a finite number, text or null, got true'
    ])
  })

  test('what is missing is told, within a prediction too', () => {
    expect(problemsOf('label', {})).toEqual([
      'observation: expected text, got nothing',
      'line: expected text, got nothing',
      'time: expected milliseconds since 1970 or ISO 8601 with a zone (2026-03-14T09:26:53Z), got nothing',
      'labels: expected an object, got nothing'
    ])
    const example = structuredClone(samples.example) as unknown as { prediction: { tasks: { banks: { opinion: unknown }[] }[] } }
    example.prediction.tasks[0]!.banks[0]!.opinion = [0.5, 'half']
    expect(problemsOf('example', example)).toEqual(['prediction.tasks[0].banks[0].opinion[1]: expected a finite number, got "half"'])
  })

  test('numbers too large for a double and reserved keys are refused, an inherited key does not count', () => {
    expect(problemsOf('observation', JSON.parse('{"id":"p","line":"l","time":5,"features":{"a":1e999}}'))).toHaveLength(1)
    expect(problemsOf('observation', JSON.parse('{"id":"p","line":"l","time":5,"features":{"__proto__":1}}'))).toEqual([
      'features: expected any key but this reserved one, got "__proto__"'
    ])
    expect(problemsOf('label', JSON.parse('{"__proto__":{"line":"l"},"observation":"p","time":5,"labels":{}}'))).toHaveLength(2)
    expect(problemsOf('observation', Object.create(samples.observation))).toHaveLength(4)
  })

  test('no JSON value throws, and none is read with anything missing', () => {
    fc.assert(
      fc.property(fc.jsonValue(), value => {
        for (const name of ['observation', 'label', 'example'] as const) expect(problemsOf(name, value).length).toBeGreaterThan(0)
      }),
      { numRuns: 500 }
    )
  })
})

describe('a time as text', () => {
  test('is read as the calendar has it, from year 1 to 9999 and in every zone', () => {
    const moment = fc.date({ min: new Date('0001-01-01T00:00:00Z'), max: new Date('9999-12-31T23:59:59.999Z'), noInvalidDate: true })
    fc.assert(
      fc.property(moment, date => parseTime(date.toISOString()) === date.getTime()),
      { numRuns: 1000 }
    )
    fc.assert(
      fc.property(moment, fc.integer({ min: -14 * 60, max: 14 * 60 }), (date, zone) => {
        const minutes = Math.abs(zone)
        const suffix = `${zone < 0 ? '-' : '+'}${String(Math.floor(minutes / 60)).padStart(2, '0')}:${String(minutes % 60).padStart(2, '0')}`
        const text = date.toISOString().replace('Z', suffix)
        return parseTime(text) === Date.parse(text)
      }),
      { numRuns: 500 }
    )
  })

  const refused = [
    '2026-03-14',
    '2026-03-14T09:26:53',
    '2026-02-29T00:00:00Z',
    '1900-02-29T00:00:00Z',
    '2026-13-01T00:00:00Z',
    '2026-00-01T00:00:00Z',
    '2026-04-31T00:00:00Z',
    '2026-03-14T24:00:00Z',
    '2026-03-14T09:60:00Z',
    '2026-03-14T09:26:60Z',
    '2026-03-14T09:26:53+24:00',
    '2026-03-14T09:26:53Z ',
    'March 14, 2026',
    ''
  ]
  test.each(refused)('%j is no moment', text => expect(parseTime(text)).toBeNull())

  test('short forms and long fractions', () => {
    expect(parseTime('2000-02-29 00:00Z')).toBe(951_782_400_000)
    expect(parseTime('1970-01-01T00:00:00.1Z')).toBe(100)
    expect(parseTime('1970-01-01T00:00:00,123999999Z')).toBe(123)
    expect(parseTime('1970-01-01T05:30:00+0530')).toBe(0)
  })
})
