/** A bank that lets several starts contend keeps the laws of a bank while they do and afterwards, and keeps the one that the data chose. */
import { describe, expect, test } from 'vitest'
import { DomainBank } from '../../src/bank/domain-bank.ts'
import { own, Plain } from '../../src/bank/linear.ts'
import type { MixtureBank } from '../../src/bank/mixture-bank.ts'
import { KEPT_SQUARES, siblingsOf } from '../../src/bank/sibling.ts'
import { CONTEST, type Start, StartingBank } from '../../src/bank/starting-bank.ts'
import { inheritanceOf } from '../../src/learner/starts.ts'
import type { Kernel } from '../../src/numeric/kernel.ts'
import { openKernel } from '../../src/numeric/open-kernel.ts'
import { Random } from '../../src/numeric/random.ts'
import { bits } from '../judge/stream.ts'
import { bankLaws } from './bank.laws.ts'
import {
  ADMITTED,
  fill,
  kernels,
  type MixtureStand,
  ROWS,
  residualStand,
  type Settings,
  type Stand,
  slip,
  soloStand,
  taskStand
} from './stand.ts'

const CLASSES = 3
const starts: readonly Start[] = [
  { kind: 'random', at: 0 },
  { kind: 'random', at: 1 },
  { kind: 'random', at: 2 },
  { kind: 'warm', at: 0 }
]

/** A stand whose bank chooses among starts of the bank that `open` gives. */
function starting(
  open: (seed: number, changed: Partial<Settings>) => MixtureStand,
  seed: number,
  kernel: () => Kernel
): Stand & { bank: StartingBank } {
  const shared = kernel()
  const make = ({ at }: Start): MixtureBank => open(seed + 101 * at, { kernel: () => shared }).bank
  const bank = new StartingBank('mixture', starts, make)
  return {
    ...open(seed, { kernel: () => shared }),
    bank,
    carry: (encoding, moves) => bank.carry(encoding, moves),
    keepFollowing() {
      const saved = bank.save() as unknown as { candidates: { bank: ResidualBank | null }[] }
      for (const { bank: state } of saved.candidates) {
        if (state?.head.shared !== undefined) for (const { shared: part } of [state.gate.weights, state.head]) part!.block.W.fill(0)
      }
      bank.load(saved as never)
    },
    save: () => bank.save(),
    load: saved => bank.load(saved)
  }
}
interface ResidualBank {
  readonly gate: { readonly weights: { readonly shared?: { block: { W: Float32Array } } } }
  readonly head: { readonly shared?: { block: { W: Float32Array } } }
}

/** A bank of every domain, each chosen among starts; a late one may start from a sibling, or contends with them. */
function soloStarting(kind: 'sibling' | 'evidence', seed: number, kernel: () => Kernel): Stand {
  const shared = kernel()
  const make =
    (domain: number) =>
    ({ at }: Start): MixtureBank =>
      taskStand(seed + 1009 * domain + 101 * at, { kernel: () => shared }, (of, first) => new Plain(of, { rows: ROWS }, own, domain, first))
        .bank
  const bank = new DomainBank(
    'solo',
    domain => (kind === 'sibling' ? make(domain)(starts[0]!) : new StartingBank('solo', starts, make(domain))),
    inheritanceOf(kind)
  )
  for (const domain of ADMITTED) bank.admit(domain)
  return {
    ...soloStand(seed, { kernel: () => shared }),
    bank,
    carry: bank.carry.bind(bank),
    save: bank.save.bind(bank),
    load: bank.load.bind(bank)
  }
}

for (const name of ['simd', 'plain'] as const) {
  const kernel = kernels(name)
  bankLaws(`a bank of every domain among starts and siblings, ${name} kernel,`, seed => soloStarting('evidence', seed, kernel))
  bankLaws(`a bank of every domain that starts from siblings, ${name} kernel,`, seed => soloStarting('sibling', seed, kernel))
  bankLaws(`a task's bank among four starts, ${name} kernel,`, seed => starting(taskStand, seed, kernel))
  bankLaws(`a residual among four starts, ${name} kernel,`, seed => starting(residualStand, seed, kernel))
}

/** Labels that the first input tells, and replays between. */
function lesson(stand: Stand, n: number, seed = 3, y: (x: number) => number = x => (x > 0 ? 1 : 0)): void {
  const random = new Random(seed)
  const at = slip(stand.kernel)
  for (let i = 0; i < n; i++) {
    const x = random.normal()
    fill(at, [[1, x], [2, random.normal()]]) // biome-ignore format: one record
    for (const fresh of [true, false]) stand.bank.learn(at, y(x), 1, fresh)
  }
}

function opened(seed = 1): Stand & { bank: StartingBank } {
  const stand = starting(taskStand, seed, () => openKernel('plain'))
  for (let c = 0; c < CLASSES; c++) stand.bank.addClass()
  return stand
}

describe('among several starts', () => {
  test('the evidence is what each said of a fresh label before it learned it, and the best leads', () => {
    const stand = opened()
    const alone = starts.map(({ at }) => taskStand(1 + 101 * at, { kernel: () => openKernel('plain') }))
    const sums = alone.map(({ bank }) => {
      for (let c = 0; c < CLASSES; c++) bank.addClass()
      return 0
    })
    const random = new Random(9)
    for (let i = 0; i < 40; i++) {
      const x = random.normal()
      for (const [j, each] of alone.entries()) {
        const at = fill(slip(each.kernel), [[1, x]])
        const q = new Float32Array(CLASSES)
        each.bank.opinion(at, q)
        sums[j]! += Math.log(q[x > 0 ? 1 : 0]!)
        for (const fresh of [true, false]) each.bank.learn(at, x > 0 ? 1 : 0, 1, fresh)
      }
      const at = fill(slip(stand.kernel), [[1, x]])
      for (const fresh of [true, false]) stand.bank.learn(at, x > 0 ? 1 : 0, 1, fresh)
      const { candidates, chosen, examples, settled } = stand.bank.report()
      expect([examples, settled]).toEqual([i + 1, false])
      candidates.forEach(({ evidence }, j) => {
        expect(evidence).toBeCloseTo(sums[j]! / (i + 1), 9)
      })
      expect(chosen).toEqual(starts[sums.indexOf(Math.max(...sums))])
    }
  })

  test('a tie goes to the one that comes first', () => {
    const kernel = openKernel('plain')
    const bank = new StartingBank('alike', starts, () => taskStand(5, { kernel: () => kernel }).bank)
    for (let c = 0; c < CLASSES; c++) bank.addClass()
    const at = fill(slip(kernel), [[1, 1]])
    for (let i = 0; i < 5; i++) bank.learn(at, 1, 1, true)
    expect(bank.report().chosen).toEqual(starts[0])
  })

  test('replays are practised by all and judge none', () => {
    const stand = opened()
    const at = fill(slip(stand.kernel), [[1, 1]])
    for (let i = 0; i < 2 * CONTEST; i++) stand.bank.learn(at, 1, 1, false)
    const { candidates, examples, settled } = stand.bank.report()
    expect([examples, settled]).toEqual([0, false])
    expect(candidates.map(({ evidence }) => evidence)).toEqual(starts.map(() => null))
    const [q, even] = [new Float32Array(CLASSES), 1 / CLASSES]
    stand.bank.opinion(at, q)
    expect(q[1]).toBeGreaterThan(even)
  })

  test('after its contest it keeps the leader, gives back the memory of the rest, and does what the leader alone would have done', () => {
    const stand = opened()
    const alone = starts.map(({ at }) => taskStand(1 + 101 * at, { kernel: () => openKernel('plain') }))
    for (const { bank } of alone) for (let c = 0; c < CLASSES; c++) bank.addClass()
    lesson(stand, CONTEST - 1)
    const before = stand.bank.bytes
    for (const each of alone) lesson(each, CONTEST + 50)
    const again = opened()
    lesson(again, CONTEST + 50)
    const { chosen, settled, candidates } = again.bank.report()
    expect(settled).toBe(true)
    expect(candidates.every(({ evidence }) => evidence !== null)).toBe(true)
    expect(again.bank.bytes).toBe(before / starts.length)
    expect(bits(again.bank.mixture.save())).toBe(bits(alone[starts.findIndex(start => start.at === chosen.at)]!.bank.save()))
  })

  test('what the dropped held is given back to the kernel when they are, the rest when the bank is', () => {
    const plain = openKernel('plain')
    const lent = new Set<Float32Array | Int32Array>()
    const bytes = (): number => [...lent].reduce((sum, array) => sum + array.byteLength, 0)
    const kernel: Kernel = {
      ...plain,
      floats: n => remember(plain.floats(n)),
      ints: n => remember(plain.ints(n)),
      release: array => expect(lent.delete(array)).toBe(true)
    }
    const remember = <A extends Float32Array | Int32Array>(array: A): A => {
      lent.add(array)
      return array
    }
    const at = fill(slip(kernel), [[1, 1], [2, -1]]) // biome-ignore format: one record
    /** Bytes that a bank of these starts holds, after its contest and then released. */
    const held = (contenders: readonly Start[]): readonly [number, number] => {
      const before = bytes()
      const bank = new StartingBank('mixture', contenders, start => taskStand(start.at, { kernel: () => kernel }).bank)
      for (let c = 0; c < CLASSES; c++) bank.addClass()
      for (let i = 0; i < CONTEST; i++) bank.learn(at, i % 2, 1, true)
      const after = bytes() - before
      bank.release()
      return [after, bytes() - before]
    }
    const alone = held(starts.slice(0, 1))
    expect(alone[0]).toBeGreaterThan(1000)
    expect(alone[1]).toBe(0)
    expect(held(starts)).toEqual(alone)
  })

  test('saved while they contend and loaded, the same one is kept', () => {
    const [stand, again] = [opened(), opened()]
    lesson(stand, CONTEST - 10)
    again.load(stand.save())
    for (const each of [stand, again]) lesson(each, 40, 7)
    expect(again.bank.report()).toEqual(stand.bank.report())
    expect(again.bank.report().settled).toBe(true)
    expect(bits(again.save())).toBe(bits(stand.save()))
  })

  test('a candidate whose numbers have run away never leads', () => {
    const stand = opened()
    const saved = stand.bank.save() as unknown as { candidates: { bank: { head: { block: { W: Float32Array } } } }[] }
    saved.candidates[0]!.bank.head.block.W.fill(Number.NaN)
    stand.bank.load(saved as never)
    lesson(stand, 20)
    expect(stand.bank.report().chosen).not.toEqual(starts[0])
    expect(stand.bank.sound()).toBe(true)
  })

  test('a sibling joins with what it knows, and leads where the labels are alike', () => {
    const stand = opened()
    const teacher = taskStand(77, { kernel: () => stand.kernel })
    for (let c = 0; c < CLASSES; c++) teacher.bank.addClass()
    lesson(teacher, 400, 5)
    stand.bank.add(4, teacher.bank)
    lesson(stand, 30, 6)
    expect(stand.bank.report().chosen).toEqual({ kind: 'sibling', at: 4 })
    expect(stand.bank.report().candidates).toHaveLength(starts.length + 1)
  })
})

describe('siblings', () => {
  const taught = (y: (x: number) => number, n: number, kernel: Kernel): MixtureBank => {
    const stand = taskStand(1, { kernel: () => kernel })
    for (let c = 0; c < CLASSES; c++) stand.bank.addClass()
    lesson(stand, n, 2, y)
    return stand.bank
  }
  const kernel = openKernel('plain')
  const banks = new Map([
    [0, taught(x => (x > 0 ? 0 : 1), 300, kernel)],
    [1, taught(x => (x > 0 ? 1 : 0), 200, kernel)],
    [2, taught(() => 2, 0, kernel)]
  ])

  test('come in the order of how well they explain the first examples; one that has learned nothing is none', () => {
    const at = fill(slip(kernel), [[1, 1]])
    expect(siblingsOf(5, banks, (_, visit) => visit(at, 1)).map(({ domain }) => domain)).toEqual([1, 0])
    expect(siblingsOf(5, banks, (_, visit) => visit(at, 0)).map(({ domain }) => domain)).toEqual([0, 1])
    expect(siblingsOf(1, banks, (_, visit) => visit(at, 1)).map(({ domain }) => domain)).toEqual([0])
  })

  test('come in the order of the labels they have learned where no example is known', () => {
    expect(siblingsOf(5, banks).map(({ domain, evidence }) => [domain, evidence])).toEqual([[0, null], [1, null]]) // biome-ignore format: pairs
    expect(siblingsOf(5, banks, () => {}).map(({ domain }) => domain)).toEqual([0, 1])
    expect(siblingsOf(5, new Map())).toEqual([])
  })

  test('are copied with all they say, and with rates as of a younger bank', () => {
    const copy = taught(() => 0, 0, kernel)
    const source = banks.get(0)!
    copy.startFrom(source, KEPT_SQUARES)
    const at = fill(slip(kernel), [[1, 0.4], [2, -1]]) // biome-ignore format: one record
    const [own, theirs] = [copy, source].map(bank => {
      const q = new Float32Array(CLASSES)
      bank.opinion(at, q)
      return q
    })
    expect(own).toEqual(theirs)
    const moved = (bank: MixtureBank): number => {
      const q = new Float32Array(CLASSES)
      bank.opinion(at, q)
      const before = q[1]!
      bank.learn(at, 1, 1, true)
      bank.opinion(at, q)
      return q[1]! - before
    }
    expect(moved(copy)).toBeGreaterThan(2 * moved(source))
  })
})
