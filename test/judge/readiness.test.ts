import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { ReadinessBook, type ReadinessReport } from '../../src/judge/readiness.ts'

const domains = ['line-1', 'line-2']
const classes = ['ok', 'Dirtiness']

/** What is told of Dirtiness on the second line after these labels. */
function toldAfter(hits: readonly boolean[], wanted = 0.8): ReadinessReport {
  const book = new ReadinessBook()
  for (const hit of hits) book.observe(1, 1, hit)
  return book.report(domains, classes, wanted).at(-1)!
}

/** `n` labels of which the part `p` is recognised, evenly. */
const labels = (n: number, p: number) => Array.from({ length: n }, (_, i) => Math.floor((i + 1) * p) > Math.floor(i * p))

describe('a class on a line', () => {
  test('is ready when the lower end of its interval is at what is wanted', () => {
    expect(toldAfter(labels(15, 1))).toMatchObject({ state: 'not yet', missing: 1 })
    expect(toldAfter(labels(16, 1))).toMatchObject({ state: 'ready', missing: 0, labels: 16, recall: 1 })
    expect(toldAfter(labels(200, 0.9)).state).toBe('ready')
    expect(toldAfter(labels(200, 0.9), 0.95).state).not.toBe('ready')
  })

  test('is unfit when all of its interval is below, and that of late too', () => {
    expect(toldAfter(labels(60, 0.4))).toMatchObject({ state: 'unfit', missing: 0 })
    // It was bad and has become good: that is not over yet.
    const risen = toldAfter([...labels(60, 0.3), ...labels(40, 0.95)])
    expect(risen.state).toBe('not yet')
    expect(risen.recent).toBeGreaterThan(0.8)
    expect(risen.missing).toBeGreaterThan(0)
  })

  test('is not yet known without labels, at the least number there can be', () => {
    const book = new ReadinessBook()
    book.observe(0, 0, true)
    const [ok, dirt] = book.report(domains, classes, 0.8)
    expect(ok).toMatchObject({ domain: 'line-1', class: 'ok', labels: 1, missing: 15 })
    expect(dirt).toMatchObject({ domain: 'line-1', class: 'Dirtiness', labels: 0, recall: null, interval: null, missing: 16 })
    expect(book.report(domains, classes, 0.8)).toHaveLength(2)
  })

  test('forgets what it was: a class that is recognised no more is ready no more', () => {
    expect(toldAfter([...labels(300, 1), ...labels(100, 0.2)]).state).not.toBe('ready')
    expect(toldAfter([...labels(300, 1), ...labels(400, 0.2)]).state).toBe('unfit')
  })

  test('tells how many labels are missing, and after as many like the last ones it is settled', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 80 }), fc.double({ min: 0, max: 1, noNaN: true }), (n, p) => {
        const now = labels(n, p)
        const told = toldAfter(now)
        if (told.state !== 'not yet' || told.missing === null) return
        // Labels to come cannot be parts of one: a few more settle what a forecast to a sixteenth leaves.
        const more = Math.ceil(told.missing * 1.25) + 12
        const states = Array.from({ length: more }, (_, i) => toldAfter([...now, ...labels(i + 1, told.recent!)]).state)
        expect(states.some(state => state !== 'not yet')).toBe(true)
      }),
      { numRuns: 60 }
    )
  })

  test('of which the recall is just what is wanted is not settled for long, and that is said', () => {
    expect(toldAfter(labels(100, 0.82)).missing ?? 1001).toBeGreaterThan(200)
  })
})

test('saved and loaded it tells the same and goes on so', () => {
  const book = new ReadinessBook()
  for (let i = 0; i < 50; i++) book.observe(i % 2 === 0 ? 0 : 3, i % 3, i % 5 > 0)
  const loaded = new ReadinessBook()
  loaded.load(book.save())
  for (const each of [book, loaded]) each.observe(3, 1, true)
  const names = ['a', 'b', 'c', 'd']
  expect(loaded.report(names, names, 0.8)).toEqual(book.report(names, names, 0.8))
  expect(loaded.save()).toEqual(book.save())
})
