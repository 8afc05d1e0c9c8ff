/** Where River's detectors fire ours do, at the same value: `river.json` is made by `from-river.py`. */
import { readFileSync } from 'node:fs'
import { expect, test } from 'vitest'
import { Adwin } from '../../src/drift/adwin.ts'
import { Ddm } from '../../src/drift/ddm.ts'
import type { Detector } from '../../src/drift/detector.ts'
import { chanceOf, steps } from '../../src/drift/kolmogorov-smirnov.ts'
import { Kswin } from '../../src/drift/kswin.ts'
import { PageHinkley } from '../../src/drift/page-hinkley.ts'

interface Row {
  readonly stream: string
  readonly options: Readonly<Record<string, number>>
  readonly fires: readonly number[]
}
interface River {
  readonly streams: Readonly<Record<string, { readonly seed: number; readonly bernoulli?: number[][]; readonly uniform?: number[][] }>>
  readonly adwin: readonly (Row & { readonly width: number; readonly mean: number; readonly variance: number })[]
  readonly pageHinkley: readonly Row[]
  readonly ddm: readonly (Row & { readonly warns: number })[]
  readonly kswin: readonly (Row & { readonly alpha: number })[]
  readonly ks: readonly { readonly seed: number; readonly n: number; readonly statistic: number; readonly p: number }[]
}
const river = JSON.parse(readFileSync(new URL('river.json', import.meta.url), 'utf8')) as River

function* uniforms(seed: number): Generator<number, never> {
  let x = BigInt(seed)
  for (;;) {
    x = (x * 1103515245n + 12345n) % 2147483648n
    yield Number(x) / 2147483648
  }
}

function valuesOf(name: string): number[] {
  const { seed, bernoulli, uniform } = river.streams[name]!
  const u = uniforms(seed)
  const next = (): number => u.next().value
  if (bernoulli !== undefined) return bernoulli.flatMap(([n, p]) => Array.from({ length: n! }, () => (next() < p! ? 1 : 0)))
  return uniform!.flatMap(([n, low, high]) => Array.from({ length: n! }, () => low! + (high! - low!) * next()))
}

function firesOf(detector: Detector, values: readonly number[]): number[] {
  return values.flatMap((value, i) => (detector.update(value) ? [i] : []))
}

test.each(river.adwin)('ADWIN fires on $stream where River’s does, $options', ({ stream, options, fires, width, mean }) => {
  const { max_buckets: buckets = 5, ...rest } = options
  const adwin = new Adwin({ buckets, ...rest })
  expect(firesOf(adwin, valuesOf(stream))).toEqual(fires)
  expect(adwin.width).toBe(width)
  expect(adwin.mean).toBeCloseTo(mean, 9)
})

test.each(river.pageHinkley)('Page-Hinkley fires on $stream where River’s does, $options', ({ stream, options, fires }) => {
  const { delta: tolerance = 0.005, alpha: forgetting = 0.9999, threshold = 50 } = options
  expect(firesOf(new PageHinkley({ tolerance, forgetting, threshold }), valuesOf(stream))).toEqual(fires)
})

test.each(river.ddm)('DDM fires and warns on $stream where River’s does, $options', ({ stream, options, fires, warns }) => {
  const { drift_threshold: drift = 3, warning_threshold: warning = 2 } = options
  const ddm = new Ddm({ drift, warning })
  const [at, warned]: [number[], number[]] = [[], []]
  valuesOf(stream).forEach((value, i) => {
    if (ddm.update(value)) at.push(i)
    if (ddm.warns) warned.push(i)
  })
  expect(at).toEqual(fires)
  expect(warned).toHaveLength(warns)
})

test.each(river.ks)('the distance of two samples and its chance are scipy’s: $n of seed $seed', ({ seed, n, statistic, p }) => {
  const u = uniforms(seed)
  const next = (): number => u.next().value
  const a = Array.from({ length: n }, next).sort((x, y) => x - y)
  const b = Array.from({ length: n }, () => next() * (1 + (seed - 10) / 4)).sort((x, y) => x - y)
  expect(steps(a, b) / n).toBeCloseTo(statistic, 12)
  expect(chanceOf(steps(a, b), n) / p).toBeCloseTo(1, 9)
})

test.each(river.kswin)(
  'KSWIN, whose draws are its own, finds the changes of $stream that River’s does, within 30 values',
  ({ stream, alpha, fires }) => {
    const ours = firesOf(new Kswin({ alpha }), valuesOf(stream))
    for (const [name, changes] of [
      ['River', fires],
      ['ours', ours]
    ] as const)
      for (const at of changes.filter(at => at % 500 < 60)) {
        const near = (name === 'River' ? ours : fires).some(other => Math.abs(other - at) <= 30)
        expect(near, `${name} fires at ${at}`).toBe(true)
      }
  }
)
