import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { Random } from '../../src/numeric/random.ts'
import { Machine, type Mode, modes, type Part, type Rarity } from '../../src/simulate/ai4i.ts'
import { type Drift, type Reading, strength } from '../../src/simulate/drift.ts'

const steady: Drift = { kind: 'none', atPart: 0, overParts: 1, moves: [] }

const make = (lines: number, each: number, rarity: Rarity | null = null, drift = steady, seed = 1): Part[] => {
  const parts: Part[] = []
  for (let i = 0; i < lines; i++) {
    const machine = new Machine('line-1', new Random(seed * 10_000 + i), drift, rarity)
    for (let n = 0; n < each; n++) parts.push(machine.next())
  }
  return parts
}
/** A mode's share: of heat failures among lines just begun, of the others among lines that have run. */
const rate = (mode: Mode): number => share(mode === 'hdf' ? begun : parts, mode)
const share = (parts: readonly Part[], mode: Mode): number => parts.filter(part => part.modes.includes(mode)).length / parts.length
const moments = (values: readonly number[]) => {
  const mean = values.reduce((sum, value) => sum + value, 0) / values.length
  return { mean, deviation: Math.sqrt(values.reduce((sum, value) => sum + (value - mean) ** 2, 0) / values.length) }
}
const parts = make(100, 2000)
/** Many lines just begun: temperatures drawn apart, where long walks would tell little of their σ and of heat failures. */
const begun = make(40_000, 5)

describe('the AI4I 2020 machine', () => {
  test('has the published means, deviations and shares', () => {
    const air = moments(begun.map(part => part.readings.air_temperature_k))
    const difference = moments(begun.map(part => part.readings.process_temperature_k - part.readings.air_temperature_k))
    const torque = moments(parts.map(part => part.readings.torque_nm))
    // 40,000 temperatures: four standard errors are .02 σ.
    expect(Math.abs(air.mean - 300)).toBeLessThan(0.04)
    expect(Math.abs(air.deviation - 2)).toBeLessThan(0.04)
    expect(Math.abs(difference.mean - 10)).toBeLessThan(0.02)
    expect(Math.abs(difference.deviation - 1)).toBeLessThan(0.02)
    expect(Math.abs(torque.mean - 40)).toBeLessThan(0.1)
    expect(Math.abs(torque.deviation - 10)).toBeLessThan(0.1)
    expect(parts.every(part => part.readings.torque_nm >= 0)).toBe(true)
    for (const [type, expected] of [
      ['L', 0.6],
      ['M', 0.3],
      ['H', 0.1]
    ] as const) {
      expect(Math.abs(parts.filter(part => part.type === type).length / parts.length - expected)).toBeLessThan(0.005)
    }
    // The published counts of 10,000, random failures at their stated chance.
    for (const [mode, published] of [
      ['twf', 0.0051],
      ['hdf', 0.0115],
      ['pwf', 0.0095],
      ['osf', 0.0098],
      ['rnf', 0.001]
    ] as const) {
      expect(rate(mode) / published, mode).toBeGreaterThan(0.75)
      expect(rate(mode) / published, mode).toBeLessThan(1.3)
    }
  })

  test('fails exactly where the rules say, as far as rounded readings tell', () => {
    const told = { hdf: 0, pwf: 0, osf: 0 }
    const wrong: Part[] = []
    for (const part of [...parts, ...begun]) {
      const { air_temperature_k: air, process_temperature_k: process, rotational_speed_rpm: speed, torque_nm: torque } = part.readings
      const wear = part.readings.tool_wear_min
      const power = (torque * speed * Math.PI) / 30
      const strain = wear * torque - { L: 11_000, M: 12_000, H: 13_000 }[part.type]
      const heat = process - air - 8.6
      const agrees = (mode: 'hdf' | 'pwf' | 'osf', clear: boolean, fails: boolean): boolean => {
        if (clear && fails) told[mode]++
        return !clear || part.modes.includes(mode) === fails
      }
      // Rounding moves a difference by .1 K, a speed by .5 rpm, power by 17 W, strain by 12 Nm·min.
      const right =
        agrees('hdf', Math.abs(heat) > 0.101 && Math.abs(speed - 1380) > 0.5, heat < 0 && speed < 1380) &&
        agrees('pwf', Math.abs(power - 3500) > 20 && Math.abs(power - 9000) > 20, power < 3500 || power > 9000) &&
        agrees('osf', Math.abs(strain) > 13, strain > 0) &&
        (wear >= 200 || !part.modes.includes('twf'))
      if (!right) wrong.push(part)
    }
    expect(wrong).toEqual([])
    expect(Math.min(...Object.values(told))).toBeGreaterThan(500)
  })

  test('wears its tool by 2, 3 and 5 minutes for L, M and H and replaces it between 200 and 240', () => {
    const machine = new Machine('line-1', new Random(3), steady, null)
    const run = Array.from({ length: 5000 }, () => machine.next())
    let replaced = 0
    for (const [i, part] of run.slice(1).entries()) {
      const before = run[i]!
      const wear = before.readings.tool_wear_min
      if (part.readings.tool_wear_min === 0) {
        replaced++
        expect(wear).toBeGreaterThanOrEqual(200)
        expect(wear).toBeLessThan(245)
      } else {
        expect(part.readings.tool_wear_min - wear).toBe({ L: 2, M: 3, H: 5 }[before.type])
        expect(before.modes).not.toContain('twf')
      }
    }
    expect(replaced).toBeGreaterThan(50)
  })

  test.each<[Mode, number, number, number]>([
    ['hdf', 0, 0, 0],
    ['pwf', 0, 0, 0],
    ['hdf', 0.3, 0.2, 0.4],
    ['pwf', 5, 4, 5.5],
    ['osf', 3, 1.5, 3.2],
    ['rnf', 10, 8, 12],
    ['twf', 0.5, 0.35, 0.65]
  ])('a rarity of %s times %d changes its rate by about that and leaves others as they are', (mode, factor, low, high) => {
    const [lines, each] = mode === 'hdf' ? [20_000, 5] : [100, 1000]
    const rare = make(lines, each, { mode, factor })
    const same = make(lines, each)
    const ratio = share(rare, mode) / share(same, mode)
    expect(ratio).toBeGreaterThanOrEqual(low)
    expect(ratio).toBeLessThanOrEqual(high)
    const other = mode === 'pwf' ? 'rnf' : 'pwf'
    // Four standard errors of a ratio of two counts of at least 100.
    expect(Math.abs(share(rare, other) / share(same, other) - 1)).toBeLessThan(0.57)
  })
})

describe('drift', () => {
  const at = (kind: Drift['kind'], part: number) => strength({ kind, atPart: 100, overParts: 50, moves: [] }, part)

  test('is none before it begins and then follows its kind', () => {
    for (const kind of ['none', 'sudden', 'gradual', 'recurring'] as const) expect(at(kind, 99)).toBe(0)
    expect([100, 1000].map(part => at('none', part))).toEqual([0, 0])
    expect([100, 1000].map(part => at('sudden', part))).toEqual([1, 1])
    expect([100, 125, 150, 1000].map(part => at('gradual', part))).toEqual([0, 0.5, 1, 1])
    expect([100, 149, 150, 199, 200, 250].map(part => at('recurring', part))).toEqual([1, 1, 0, 0, 1, 0])
  })

  test('a biased sensor changes what is seen and no failure', () => {
    const drift: Drift = { kind: 'sudden', atPart: 500, overParts: 1, moves: [{ line: null, what: 'torque_nm', by: 5 }] }
    const biased = make(1, 1000, null, drift)
    const plain = make(1, 1000)
    expect(biased.slice(0, 500)).toEqual(plain.slice(0, 500))
    for (let i = 500; i < 1000; i++) {
      expect(biased[i]!.modes).toEqual(plain[i]!.modes)
      expect(biased[i]!.readings.torque_nm - plain[i]!.readings.torque_nm).toBeCloseTo(5, 6)
      expect(biased[i]!.readings.rotational_speed_rpm).toBe(plain[i]!.readings.rotational_speed_rpm)
    }
  })

  test('a moved limit changes failures and nothing that is seen, on its own line only', () => {
    const drift = (line: string): Drift => ({ kind: 'sudden', atPart: 0, overParts: 1, moves: [{ line, what: 'powerHighW', by: -1500 }] })
    const moved = make(10, 1000, null, drift('line-1'))
    const plain = make(10, 1000)
    expect(moved.map(part => part.readings)).toEqual(plain.map(part => part.readings))
    expect(share(moved, 'pwf')).toBeGreaterThan(5 * share(plain, 'pwf'))
    expect(make(10, 1000, null, drift('line-2'))).toEqual(plain)
  })
})

const file = join(process.env.ANDON_DATA ?? join(import.meta.dirname, '../../../shared/data'), 'ai4i.csv')
const present = existsSync(file)
if (!present) console.log(`skipped: no ${file} to compare the simulated process with; set ANDON_DATA to the folder that holds it`)

describe.skipIf(!present)('against the published file', () => {
  const rows = present
    ? readFileSync(file, 'utf8')
        .trim()
        .split('\n')
        .map(line => line.split(','))
    : []
  const header = rows.shift() ?? []
  const column = (name: string): number[] => rows.map(row => Number(row[header.indexOf(name)]))

  // Tolerances in units of the file's deviation. Its two temperatures are one walk each, which happen to run against each
  // other (ρ −.7): its process temperature spreads by 1.48 K, where two independent walks spread by √(2² + 1²) = 2.24 K.
  test.each<[Reading, number, number]>([
    ['air_temperature_k', 0.02, 0.02],
    ['process_temperature_k', 0.03, 0.55],
    ['rotational_speed_rpm', 0.02, 0.03],
    ['torque_nm', 0.02, 0.02],
    ['tool_wear_min', 0.06, 0.05]
  ])('%s agrees in mean and deviation', (name, ofMean, ofDeviation) => {
    const theirs = moments(column(name))
    const ours = moments((name.endsWith('_k') ? begun : parts).map(part => part.readings[name]))
    expect(Math.abs(ours.mean - theirs.mean) / theirs.deviation).toBeLessThan(ofMean)
    expect(Math.abs(ours.deviation / theirs.deviation - 1)).toBeLessThan(ofDeviation)
  })

  test('speed follows torque as in the file, bin by bin', () => {
    const speeds = column('rotational_speed_rpm')
    const theirs = column('torque_nm').map((torque, i) => [torque, speeds[i]!] as const)
    const ours = parts.map(part => [part.readings.torque_nm, part.readings.rotational_speed_rpm] as const)
    for (let low = 16; low < 64; low += 4) {
      const bin = (pairs: readonly (readonly [number, number])[]) =>
        moments(pairs.flatMap(([torque, speed]) => (torque >= low && torque < low + 4 ? [speed] : [])))
      expect(Math.abs(bin(theirs).mean - bin(ours).mean), `${low} Nm`).toBeLessThan(15)
    }
  })

  test('each mode fails within four standard errors of as often as in the file, random ones included', () => {
    for (const mode of modes) {
      const theirs = column(mode).filter(value => value === 1).length
      const ours = rate(mode) * rows.length
      expect(Math.abs(ours - theirs), mode).toBeLessThan(4 * Math.sqrt(theirs))
    }
  })
})
