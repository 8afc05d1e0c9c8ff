import { describe, expect, test } from 'vitest'
import { RawTable } from '../../src/encode/raw-table.ts'
import { type EncodedRecord, Encodings, type Reads } from '../../src/learner/encodings.ts'
import { DOMAIN } from '../../src/learner/inputs.ts'
import { plainKernel } from '../../src/numeric/plain-kernel.ts'
import { Random } from '../../src/numeric/random.ts'
import type { Sparse } from '../../src/numeric/sparse.ts'
import { featuresOf } from '../encode/features.ts'
import { bits } from '../judge/stream.ts'
import { small } from './stream.ts'

const open = (options = small) => new Encodings(options, plainKernel())

function raw(encodings: Encodings, domain: number, a: number): readonly number[] {
  const inputs = featuresOf({ [DOMAIN]: `line ${domain}`, a })
  encodings.columns.declare(inputs)
  return encodings.columns.observe(inputs)
}

const vector = (x: Sparse) => Array.from({ length: x.n }, (_, i) => [x.index[i]!, x.value[i]!])

function seen(encodings: Encodings, domain: number, record: readonly number[]): { pooled: number[][]; own: number[][] } {
  const filled = encodings.record()
  encodings.fill(filled, record, domain, 'both')
  return { pooled: vector(filled.pooled), own: vector(filled.own) }
}

/** Line 0 lies near 0, line 1 near 1,000; `shares` of every four examples are of line 0. */
function learned(encodings: Encodings, n: number, shares = 2): ReturnType<Encodings['learn']> {
  const random = new Random(1)
  return Array.from({ length: n }, (_, i) => i).flatMap(i => {
    const domain = i % 4 < shares ? 0 : 1
    return encodings.learn(raw(encodings, domain, domain * 1000 + (i % 7)), domain, random)
  })
}

const z = (encodings: Encodings, of: number[][]) => of.find(([row]) => row === encodings.columns.at(1).row)?.[1] ?? 0

describe('encoders of their own', () => {
  test('see a value beside the usual ones of its domain, where all together see which domain it is of', () => {
    const encodings = open()
    learned(encodings, 200)
    const high = seen(encodings, 1, raw(encodings, 1, 1003))
    expect(Math.abs(z(encodings, high.own))).toBeLessThan(0.2)
    expect(z(encodings, high.pooled)).toBeGreaterThan(0.9)
    expect(z(encodings, seen(encodings, 0, raw(encodings, 0, 1003)).own)).toBe(4)
  })

  test('leave out the domain itself, which they have no use for', () => {
    const encodings = open()
    learned(encodings, 40)
    const { pooled, own } = seen(encodings, 1, raw(encodings, 1, 3))
    const [row] = encodings.columns.at(0).rows.slice(1)
    expect(pooled).toContainEqual([row, 1])
    for (const domainRow of encodings.columns.at(0).rows) expect(own.map(([at]) => at)).not.toContain(domainRow)
  })

  test('move their knots by their own number of examples, and tell whose', () => {
    const encodings = open()
    const moved = learned(encodings, 200, 3).map(({ encoding, learned: after }) => [encoding, after])
    const told = (of: 'pooled' | number) => moved.filter(([encoding]) => encoding === of).map(([, after]) => after)
    expect(told('pooled')).toEqual(small.knots.refitAt)
    expect(told(0)).toEqual(small.knots.refitAt)
    expect(told(1)).toEqual(small.knots.refitAt) // 50 of its own
  })

  test('never pass on to the pooled one what they learn: it is the same where none stands beside it', () => {
    // Fewer examples than the reservoir holds draw no chance, which encoders share.
    const [together, alone] = [open(), open({ ...small, domain: [] })]
    const random = new Random(1)
    for (let i = 0; i < small.knots.reservoir; i++) {
      for (const encodings of [together, alone]) encodings.learn(raw(encodings, i % 2, i), i % 2, random)
    }
    const pooled = (encodings: Encodings) => bits((encodings.save(new RawTable()) as { pooled: Float64Array }).pooled)
    expect(pooled(together)).toBe(pooled(alone))
    const before = together.pooled.learned
    const own = seen(together, 0, raw(together, 0, 3)).own
    expect(own).not.toEqual(seen(alone, 0, raw(alone, 0, 3)).own)
    expect(together.pooled.learned).toBe(before)
  })

  test('are not learned from by other domains', () => {
    const encodings = open()
    learned(encodings, 40)
    const before = seen(encodings, 0, raw(encodings, 0, 3)).own
    for (let i = 0; i < 100; i++) encodings.learn(raw(encodings, 1, 5000 + i), 1, new Random(i))
    expect(seen(encodings, 0, raw(encodings, 0, 3)).own).toEqual(before)
  })
})

describe('a domain without an encoder', () => {
  test('is seen as all are', () => {
    const encodings = open()
    learned(encodings, 40)
    for (const domain of [-1, 2, 99]) {
      const { pooled, own } = seen(encodings, domain, raw(encodings, 1, 3))
      expect(own).toEqual(pooled)
    }
  })

  test('starts from what all know when it has its first example', () => {
    const encodings = open()
    learned(encodings, 200)
    const record = raw(encodings, 2, 3)
    const { pooled } = seen(encodings, 2, record)
    encodings.learn(record, 2, new Random(1))
    const hats = (of: number[][]) =>
      of.filter(([row]) => row! > encodings.columns.at(1).row + 1 && !encodings.columns.at(0).rows.includes(row!))
    const { own } = seen(encodings, 2, record)
    expect(hats(own)).toEqual(hats(pooled))
    expect(hats(own).length).toBeGreaterThan(0)
  })

  test('has the pooled vector for its own where records name no domain', () => {
    const encodings = open({ ...small, domain: [] })
    const record = encodings.record()
    expect(record.own).toBe(record.pooled)
    learned(encodings, 40)
    encodings.fill(record, raw(encodings, 0, 3), 0, 'own')
    expect(record.own.n).toBeGreaterThan(1)
    expect((encodings.save(new RawTable()) as { own: unknown[] }).own).toEqual([])
  })
})

test('a record is filled with what is asked for, and the rest is left alone', () => {
  const encodings = open()
  learned(encodings, 40)
  const stamps = ({ pooled, own }: EncodedRecord) => [pooled.stamp, own.stamp]
  const filled = (reads: Reads) => {
    const record = encodings.record()
    encodings.fill(record, raw(encodings, 1, 3), 1, reads)
    expect([record.domain, record.raw.length]).toEqual([1, 2])
    return stamps(record)
  }
  expect((['none', 'pooled', 'own', 'both'] as const).map(filled)).toEqual([[0, 0], [1, 0], [0, 1], [1, 1]]) // biome-ignore format: one line
})

test('saved and loaded all encoders go on bit for bit, over the records that they share', () => {
  const whole = open()
  learned(whole, 60)
  const save = (encodings: Encodings) => {
    const raws = new RawTable()
    const saved = encodings.save(raws)
    return { saved, columns: encodings.columns.save(), raws: raws.save(encodings.columns.width) }
  }
  const { saved, columns, raws } = save(whole)
  const again = open()
  again.columns.load(columns)
  again.load(saved, RawTable.load(raws, again.columns.width))
  expect(bits(save(again))).toBe(bits(save(whole)))
  const [one, other] = [new Random(2), new Random(2)]
  for (let i = 0; i < 60; i++) {
    const domain = i % 3 // a domain more than was saved
    expect(again.learn(raw(again, domain, i * 3), domain, other)).toEqual(whole.learn(raw(whole, domain, i * 3), domain, one))
    expect(seen(again, domain, raw(again, domain, i))).toEqual(seen(whole, domain, raw(whole, domain, i)))
  }
  expect(bits(save(again))).toBe(bits(save(whole)))
})

test('what neighbours are measured by is standardised as their domain sees it', () => {
  const encodings = open()
  learned(encodings, 200)
  const point = new Float32Array(2)
  const of = (domain: number, a: number) => {
    encodings.standardise({ raw: raw(encodings, Math.max(domain, 0), a), domain }, point)
    return point[1]!
  }
  expect(of(1, 1003)).toBeCloseTo(0, 0)
  expect(of(0, 1003)).toBe(4)
  expect(of(-1, 1003)).toBeGreaterThan(0.9)
})
