/** Banks of every kind, each with all that it stands on: a kernel, linear maps, a gate that it may share, and rows that an encoder gave. */
import type { Bank, Encoding, Input } from '../../src/bank/bank.ts'
import { DomainBank } from '../../src/bank/domain-bank.ts'
import { Gate, type GateOptions } from '../../src/bank/gate.ts'
import { type Initial, type Linear, own, Plain, pooled, Residual } from '../../src/bank/linear.ts'
import { MixtureBank } from '../../src/bank/mixture-bank.ts'
import { type Metric, NeighbourBank } from '../../src/bank/neighbour-bank.ts'
import { type Start, StartingBank } from '../../src/bank/starting-bank.ts'
import type { Carry } from '../../src/numeric/carry.ts'
import type { Kernel } from '../../src/numeric/kernel.ts'
import { openKernel } from '../../src/numeric/open-kernel.ts'
import { hashNormal } from '../../src/numeric/random.ts'
import type { Saved } from '../../src/numeric/saved.ts'
import { Sparse } from '../../src/numeric/sparse.ts'

/** Inputs stand in rows 0 (the bias, always on) to `ROWS` − 1; in a raw record, a column a row. */
export const ROWS = 24
/** The domain of whoever names none. It and the next have weights of their own, where a bank has such; no other has. */
export const HOME = 0
export const ADMITTED = [HOME, 1] as const
export const STRANGER = 2

export type Entries = readonly (readonly [row: number, value: number])[]
export type View = 'pooled' | 'own' | 'raw'

export interface Stand {
  readonly bank: Bank
  readonly kernel: Kernel
  /** Which part of a record the bank reads. */
  readonly reads: View
  /** Whether it reads what other tasks say too. */
  readonly hears?: boolean
  /** The encodings whose knots its weights stand for. */
  readonly follows: readonly Encoding[]
  /** Whether its first weights are drawn. */
  readonly seeded: boolean
  /** What makes its opinion dearer. */
  readonly costs: 'classes' | 'records'
  /** Whether it speaks in domains that were not admitted. */
  readonly everywhere: boolean
  /** Knots move for the bank and for what it stands on. */
  carry(encoding: Encoding, moves: readonly Carry[]): void
  /** Empties the part that by design stands still when knots move: see `residualStand`. */
  keepFollowing(): void
  /** The bank and what it stands on. */
  save(): Saved
  load(saved: Saved): void
}

/** Opens a bank that knows no class. */
export type Open = (seed: number) => Stand

/** A new kernel now and then: memory that a dropped bank held comes back only with its kernel. */
export function kernels(name: Kernel['name']): () => Kernel {
  const state: { kernel: Kernel; uses: number } = { kernel: openKernel(name), uses: 0 }
  return () => {
    if (state.uses++ % 200 === 199) state.kernel = openKernel(name)
    return state.kernel
  }
}

/** A record with room for its vectors, which can be refilled. */
export interface Slip extends Input {
  serial: number
  domain: number
  raw: readonly number[]
}

export function slip(kernel: Kernel): Slip {
  return {
    serial: -1,
    domain: HOME,
    pooled: new Sparse(kernel),
    own: new Sparse(kernel),
    others: new Sparse(kernel),
    raw: []
  }
}

/** Fills every view of a record with the same entries; the raw record has them as columns unless it is told others. */
export function fill<S extends Slip>(into: S, entries: Entries, domain: number = HOME, columns: Entries = entries): S {
  into.domain = domain
  for (const x of [into.pooled, into.own]) fillSparse(x, entries)
  into.raw = raw(columns)
  return into
}

export function fillSparse(x: Sparse, entries: Entries): void {
  x.clear()
  x.push(0, 1)
  for (const [row, value] of entries) x.push(row, value)
}

/** Columns of a raw record: one a row, and one for the value of a spline. */
export const SPLINE_COLUMN = ROWS

export function raw(entries: Entries): readonly number[] {
  const columns = new Array<number>(ROWS + 1).fill(Number.NaN)
  for (const [column, value] of entries) columns[column] = value
  return columns
}

export interface Settings {
  readonly kernel: () => Kernel
  readonly experts: number
  readonly rate: number
  readonly decay: number
  readonly forgetting: number
  readonly sparse: number
  readonly gate: GateOptions
  /** Plants a fault in the linear map of the experts. */
  readonly head: (right: Linear) => Linear
}

export const settings: Settings = {
  kernel: kernels('simd'),
  experts: 4,
  rate: 0.05,
  decay: 0,
  forgetting: 0.9995,
  sparse: 0,
  gate: { loadFloor: 0.01, zLoss: 0, entropy: 0, l2: 0 },
  head: right => right
}

/** First weights as a learner draws them, for about four active inputs. */
const initial =
  (seed: number, spread: number, K: number): Initial =>
  (row, column) =>
    column < K ? (row === 0 ? spread : spread / 2) * hashNormal(seed, row, column) : 0

type MakeLinear = (kernel: Kernel, first: Initial) => Linear

function mixture(kernel: Kernel, seed: number, it: Settings, linear: MakeLinear, shared?: Gate): MixtureBank {
  const { experts: K, rate, decay, forgetting, sparse, gate: options, head } = it
  const pace = { rate, decay, forgetting }
  const gate = shared ?? new Gate(kernel, linear(kernel, initial(seed, 0.3, K)), K, pace, options)
  return new MixtureBank(
    'mixture',
    kernel,
    gate,
    head(linear(kernel, initial(seed + 1, 0.09, K))),
    { ...pace, sparse },
    shared === undefined
  )
}

const rows = { rows: ROWS }
const taskMap: MakeLinear = (kernel, first) => new Plain(kernel, rows, pooled, 'pooled', first)
const ownMap =
  (domain: number): MakeLinear =>
  (kernel, first) =>
    new Plain(kernel, rows, own, domain, first)
const residualMap: MakeLinear = (kernel, first) => new Residual(kernel, rows, own, first)
/** The shared part of a residual alone. */
export const sharedMap: MakeLinear = (kernel, first) => new Plain(kernel, rows, own, null, first)

const alone = (bank: Bank) => ({
  bank,
  carry: (encoding: Encoding, moves: readonly Carry[]) => bank.carry(encoding, moves),
  keepFollowing() {},
  save: () => bank.save(),
  load: (saved: Saved) => bank.load(saved)
})

export type MixtureStand = Stand & { readonly bank: MixtureBank }

/** A task's mixture: one block of weights on the encoding of all domains. */
export function taskStand(seed: number, changed: Partial<Settings> = {}, map: MakeLinear = taskMap): MixtureStand {
  const it = { ...settings, ...changed }
  const kernel = it.kernel()
  const bank = mixture(kernel, seed, it, map)
  const reads = map === taskMap ? 'pooled' : 'own'
  return {
    ...alone(bank),
    bank,
    kernel,
    reads,
    follows: map === taskMap ? ['pooled'] : [],
    seeded: true,
    costs: 'classes',
    everywhere: true
  }
}

/**
 * A residual, A + B_d. A lives in the space of quantile indices: by design (DESIGN.md, section 3) it does not move when
 * knots do, so that what a bank promises of moving knots is promised of B_d. `keepFollowing` sets A to 0.
 */
export function residualStand(seed: number, changed: Partial<Settings> = {}): MixtureStand {
  const it = { ...settings, ...changed }
  const kernel = it.kernel()
  const bank = mixture(kernel, seed, it, residualMap)
  for (const domain of ADMITTED) bank.admit(domain)
  return {
    ...alone(bank),
    bank,
    kernel,
    reads: 'own',
    follows: ADMITTED,
    seeded: true,
    costs: 'classes',
    everywhere: true,
    keepFollowing() {
      const saved = bank.save() as unknown as { gate: { weights: ResidualSaved }; head: ResidualSaved }
      for (const { shared } of [saved.gate.weights, saved.head]) shared.block.W.fill(0)
      bank.load(saved as unknown as Saved)
    }
  }
}

export interface PlainSaved {
  readonly width: number
  readonly block: { readonly rows: number; readonly widths: number[]; readonly W: Float32Array; readonly S: Float32Array }
}
export interface ResidualSaved {
  readonly shared: PlainSaved
  readonly own: [number, PlainSaved][]
}

/** A task's mixture that is chosen among three starts. */
export function startingStand(seed: number, changed: Partial<Settings> = {}): Stand {
  const it = { ...settings, ...changed }
  const kernel = it.kernel()
  const starts: Start[] = [0, 1, 2].map(at => ({ kind: 'random', at }))
  const bank = new StartingBank('starting', starts, ({ at }) => mixture(kernel, seed + 500 * at, it, taskMap))
  return { ...alone(bank), bank, kernel, reads: 'pooled', follows: ['pooled'], seeded: true, costs: 'classes', everywhere: true }
}

export type SoloStand = Stand & { readonly bank: DomainBank }

/** A bank of each domain's own. */
export function soloStand(seed: number, changed: Partial<Settings> = {}): SoloStand {
  const it = { ...settings, ...changed }
  const kernel = it.kernel()
  const bank = new DomainBank('solo', domain => mixture(kernel, seed + 1000 * domain, it, ownMap(domain)))
  for (const domain of ADMITTED) bank.admit(domain)
  return { ...alone(bank), bank, kernel, reads: 'own', follows: ADMITTED, seeded: true, costs: 'classes', everywhere: false }
}

export type JointStand = MixtureStand & { readonly other: MixtureBank; readonly gate: Gate }

/** The mixture of one of two tasks that share a gate, which neither saves or moves. The other task learns nothing unless told. */
export function jointStand(seed: number, changed: Partial<Settings> = {}): JointStand {
  const it = { ...settings, ...changed }
  const kernel = it.kernel()
  const { experts: K, rate, decay, forgetting } = it
  const gate = new Gate(kernel, taskMap(kernel, initial(seed, 0.3, K)), K, { rate, decay, forgetting }, it.gate)
  const [bank, other] = [mixture(kernel, seed, it, taskMap, gate), mixture(kernel, seed + 7, it, taskMap, gate)]
  return {
    bank,
    other,
    gate,
    kernel,
    reads: 'pooled',
    follows: ['pooled'],
    seeded: true,
    costs: 'classes',
    everywhere: true,
    carry(encoding, moves) {
      gate.carry(encoding, moves)
      bank.carry(encoding, moves)
      other.carry(encoding, moves)
    },
    keepFollowing() {},
    save: () => ({ gate: gate.save(), bank: bank.save(), other: other.save() }),
    load(saved) {
      const from = saved as Record<'gate' | 'bank' | 'other', Saved>
      gate.load(from.gate)
      bank.load(from.bank)
      other.load(from.other)
    }
  }
}

/** Raw columns as they are: all numbers but one category. */
export const metric: Metric = {
  width: ROWS + 1,
  kinds: new Int32Array(ROWS + 1).fill(1, 7, 8),
  standardise({ raw: columns }, point) {
    for (let d = 0; d < columns.length; d++) point[d] = columns[d]!
  }
}

export type MemoryStand = Stand & { readonly bank: NeighbourBank }

/** The nearest of the last examples. It has no knots, no seed and no domains. */
export function memoryStand(
  _seed: number,
  changed: Partial<Settings> & { readonly capacity?: number; readonly metric?: Metric } = {}
): MemoryStand {
  const kernel = (changed.kernel ?? settings.kernel)()
  const bank = new NeighbourBank('memory', kernel, changed.metric ?? metric, { capacity: changed.capacity ?? 400, neighbours: 5 })
  return { ...alone(bank), bank, kernel, reads: 'raw', follows: [], seeded: false, costs: 'records', everywhere: true }
}
