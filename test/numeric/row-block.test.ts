import fc from 'fast-check'
import { expect, test } from 'vitest'
import { RowBlock, type Span } from '../../src/numeric/row-block.ts'
import { bits } from '../judge/stream.ts'

const initial = (bank: number) => (row: number, column: number) => bank * 1000 + row * 10 + column / 100

/** A block beside a map of what every weight must be. */
class Twin {
  readonly block = new RowBlock()
  readonly spans: Span[] = []
  readonly written = new Map<string, number>()

  at(bank: number, row: number, column: number): number {
    return row * this.block.stride + this.spans[bank]!.from + column
  }

  write(bank: number, row: number, column: number, value: number): void {
    this.block.W[this.at(bank, row, column)] = value
    this.block.S[this.at(bank, row, column)] = value + 1
    this.written.set(`${bank} ${row} ${column}`, value)
  }

  check(): void {
    this.spans.forEach((span, bank) => {
      for (let row = 0; row < this.block.rows; row++) {
        for (let column = 0; column < span.width; column++) {
          const value = this.written.get(`${bank} ${row} ${column}`)
          expect(this.block.W[this.at(bank, row, column)]).toBe(Math.fround(value ?? initial(bank)(row, column)))
          expect(this.block.S[this.at(bank, row, column)]).toBe(value === undefined ? 0 : Math.fround(value + 1))
        }
      }
    })
    const columns = this.spans.flatMap(span => Array.from({ length: span.width }, (_, j) => span.from + j))
    expect([...columns].sort((a, b) => a - b)).toEqual(Array.from({ length: this.block.stride }, (_, j) => j))
  }
}

type Step = { readonly kind: 'reserve' | 'widen' | 'extend' | 'write'; readonly a: number; readonly b: number; readonly c: number }
const steps: fc.Arbitrary<Step[]> = fc.array(
  fc.record({
    kind: fc.constantFrom('reserve' as const, 'widen' as const, 'extend' as const, 'write' as const),
    a: fc.nat(20),
    b: fc.nat(100),
    c: fc.nat(1000)
  }),
  { maxLength: 30 }
)

function run(all: readonly Step[]): Twin {
  const twin = new Twin()
  for (const { kind, a, b, c } of all) {
    const bank = twin.spans.length === 0 ? -1 : a % twin.spans.length
    if (kind === 'reserve' && twin.spans.length < 4) twin.spans.push(twin.block.reserve(1 + a, initial(twin.spans.length)))
    else if (kind === 'extend') twin.block.extend(b)
    else if (bank >= 0 && kind === 'widen') twin.block.widen(twin.spans[bank]!, 1 + (b % 40))
    else if (bank >= 0 && kind === 'write' && twin.block.rows > 0) twin.write(bank, b % twin.block.rows, c % twin.spans[bank]!.width, c)
  }
  return twin
}

test('every weight keeps its value, and every new one is initial, in whatever order spans widen and rows appear', () => {
  fc.assert(fc.property(steps, all => run(all).check()))
})

test('spans are whole vectors wide, and neither shrink', () => {
  const block = new RowBlock()
  const span = block.reserve(5, () => 0)
  expect(span.width).toBe(8)
  block.widen(span, 3)
  block.extend(10)
  block.extend(2)
  expect([span.width, block.rows, block.bytes]).toEqual([8, 10, 10 * 8 * 8])
})

test('a saved block comes back bit for bit into spans reserved in the same order, and grows alike afterwards', () => {
  fc.assert(
    fc.property(steps, all => {
      const twin = run(all)
      const again = new Twin()
      for (let bank = 0; bank < twin.spans.length; bank++) again.spans.push(again.block.reserve(1, initial(bank)))
      again.block.load(twin.block.save())
      for (const { block, spans } of [twin, again]) {
        if (spans[0]) block.widen(spans[0], spans[0].width + 1)
        block.extend(block.rows + 70)
      }
      expect(bits(again.block.save())).toBe(bits(twin.block.save()))
    })
  )
})

test('what was saved does not move with the block', () => {
  const twin = run([
    { kind: 'reserve', a: 3, b: 0, c: 0 },
    { kind: 'extend', a: 0, b: 4, c: 0 }
  ])
  const saved = twin.block.save()
  const before = bits(saved)
  twin.write(0, 1, 1, 77)
  expect(bits(saved)).toBe(before)
})
