import { describe, expect, test } from 'vitest'
import { DriftWatch } from '../../src/learner/drift-watch.ts'
import { type Finding, LineWatch } from '../../src/learner/line-watch.ts'
import { Random } from '../../src/numeric/random.ts'

/** Of each class its share of the parts, and how often it is seen as what it is. */
interface World {
  readonly rates: readonly number[]
  readonly hits: readonly number[]
}
const steady: World = { rates: [0.7, 0.2, 0.1], hits: [0.95, 0.8, 0.8] }

/** `n` labels from `from` on; what is found is told with its place. */
function* walk(
  watch: LineWatch,
  random: Random,
  { rates, hits }: World,
  from: number,
  n: number
): Iterable<Finding & { readonly at: number }> {
  for (let i = from; i < from + n; i++) {
    let [u, y] = [random.next(), 0]
    while (y < rates.length - 1 && u >= rates[y]!) u -= rates[y++]!
    const hit = random.next() < hits[y]!
    watch.watch(y)
    const finding = watch.observe({ y, chosen: hit ? y : (y + 1) % rates.length, confidence: 0.9, time: i * 1000 }, 1)
    if (finding !== null) yield { ...finding, at: i }
  }
}

const detected = (findings: Iterable<Finding & { readonly at: number }>) => [...findings].filter(({ kind }) => kind === 'detected')

describe('a line is watched', () => {
  test.each([1, 2, 3])('without a change nothing is told in 20,000 labels, seed %i', seed => {
    expect(detected(walk(new LineWatch(), new Random(seed), steady, 0, 20_000))).toEqual([])
  })

  test.each([1, 2, 3])('the recall of a class falls: it is told once, of that class, with both figures, seed %i', seed => {
    const [watch, random] = [new LineWatch(), new Random(seed)]
    expect(detected(walk(watch, random, steady, 0, 3000))).toEqual([])
    const found = detected(walk(watch, random, { ...steady, hits: [0.95, 0.8, 0.2] }, 3000, 4000))
    expect(found).toHaveLength(1)
    const [{ found: change, at }] = found as [(typeof found)[0]]
    expect(change.class).toBe(2)
    expect(['recall', 'precision', 'error']).toContain(change.what)
    expect(at).toBeLessThan(3700)
    expect(change.since / 1000).toBeGreaterThan(2800)
    expect(change.before).toBeGreaterThan(0.6)
    expect(change.after).toBeLessThan(0.5)
  })

  test('the rate of a class rises: the rarest of those that moved is named', () => {
    const [watch, random] = [new LineWatch(), new Random(4)]
    expect(detected(walk(watch, random, steady, 0, 2000))).toEqual([])
    const hits = [0.9, 0.9, 0.9]
    const found = detected(walk(watch, random, { rates: [0.45, 0.15, 0.4], hits }, 2000, 1500))
    expect(found.map(({ found: { what, class: c } }) => [what, c])).toEqual([['rate', 2]])
  })

  test.each([
    [60, []],
    [400, [['recall', 2]]]
  ])('what changes as a young line learns is no drift: after %i labels', (young, expected) => {
    const [watch, random] = [new LineWatch(), new Random(8)]
    const all = [...walk(watch, random, { rates: [0.4, 0.3, 0.3], hits: [0.9, 0.9, 1] }, 0, young)]
    all.push(...walk(watch, random, { rates: [0.4, 0.3, 0.3], hits: [0.9, 0.9, 0.4] }, young, 600))
    expect(detected(all).map(({ found: { what, class: c } }) => [what, c])).toEqual(expected)
  })

  test('what gets better is no drift', () => {
    const [watch, random] = [new LineWatch(), new Random(5)]
    expect(detected(walk(watch, random, { ...steady, hits: [0.5, 0.3, 0.2] }, 0, 1500))).toEqual([])
    expect(detected(walk(watch, random, { ...steady, hits: [0.99, 0.95, 0.95] }, 1500, 1500))).toEqual([])
  })

  test('a drift whose figure is back has ended, once', () => {
    const [watch, random] = [new LineWatch(), new Random(7)]
    const all = [
      ...walk(watch, random, steady, 0, 2000),
      ...walk(watch, random, { ...steady, hits: [0.95, 0.1, 0.8] }, 2000, 600),
      ...walk(watch, random, steady, 2600, 3000)
    ]
    expect(all.filter(({ kind }) => kind !== 'sign').map(({ kind }) => kind)).toEqual(['detected', 'ended'])
    expect(all.at(-1)!.at).toBeGreaterThan(2600)
  })

  test('of two that are open at once each ends', () => {
    const [watch, random] = [new LineWatch(), new Random(9)]
    const worse = (...hits: number[]) => ({ rates: [0.4, 0.3, 0.3], hits })
    const all = [
      ...walk(watch, random, worse(0.9, 0.9, 0.9), 0, 2000),
      ...walk(watch, random, worse(0.9, 0.3, 0.9), 2000, 1500),
      ...walk(watch, random, worse(0.9, 0.3, 0.3), 3500, 1500),
      ...walk(watch, random, worse(0.9, 0.9, 0.9), 5000, 2500)
    ]
    const told = (kind: string) => all.filter(each => each.kind === kind).map(({ found: { what, class: c } }) => `${what} ${c}`)
    expect(told('detected').length).toBeGreaterThanOrEqual(2)
    expect(told('ended').sort()).toEqual(told('detected').sort())
  })

  test('saved and loaded in the middle of a change it goes on alike', () => {
    const [whole, first] = [new LineWatch(), new LineWatch()]
    const worse = { ...steady, hits: [0.95, 0.2, 0.8] }
    const a = new Random(7)
    const expected = [...walk(whole, a, steady, 0, 1500), ...walk(whole, a, worse, 1500, 900)]
    const b = new Random(7)
    const found = [...walk(first, b, steady, 0, 1500), ...walk(first, b, worse, 1500, 40)]
    const second = new LineWatch()
    second.load(first.save())
    expect(second.save()).toEqual(first.save())
    found.push(...walk(second, b, worse, 1540, 860))
    expect(found).toEqual(expected)
    expect(second.save()).toEqual(whole.save())
  })
})

test('however many lines and classes there are, what is kept has an end', () => {
  const watch = new DriftWatch('fault', 0)
  const classes = Array.from({ length: 100 }, (_, c) => `class ${c}`)
  for (let domain = 0; domain < 100; domain++)
    for (let c = 0; c < classes.length; c++)
      watch.observe({ y: c, chosen: c, confidence: 1, time: 0 }, { domain, name: `line ${domain}`, classes, tasks: 1, at: 0 })
  const { lines } = watch.save() as { lines: [number, { classes: unknown[] }][] }
  expect(lines).toHaveLength(64)
  expect(lines.reduce((sum, [, line]) => sum + line.classes.length, 0)).toBe(256)
  const late = new DriftWatch('17th', 16)
  late.observe({ y: 0, chosen: 0, confidence: 1, time: 0 }, { domain: 0, name: 'line 0', classes, tasks: 17, at: 0 })
  expect(late.save()).toMatchObject({ lines: [] })
})
