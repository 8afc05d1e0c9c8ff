/** How the banks of a task are made from what their options say: whose weights they sum, what their gates read, and which gates tasks share. */
import type { Bank } from '../bank/bank.ts'
import { Chained, others } from '../bank/chained.ts'
import { DomainBank } from '../bank/domain-bank.ts'
import { Gate } from '../bank/gate.ts'
import { type Initial, type Linear, Plain, Residual, type View } from '../bank/linear.ts'
import { type Mixed, MixtureBank } from '../bank/mixture-bank.ts'
import { NeighbourBank } from '../bank/neighbour-bank.ts'
import type { Kernel } from '../numeric/kernel.ts'
import { hashNormal } from '../numeric/random.ts'
import type { Chain } from './chain.ts'
import { RESTART_SEED } from './divergence.ts'
import type { Domains } from './domains.ts'
import type { Encodings, Reads } from './encodings.ts'
import type { SharedGates } from './gates.ts'
import type { BankOptions, LearnerOptions } from './options.ts'
import type { Signals } from './signals.ts'
import { inheritanceOf, startingAt, startOf } from './starts.ts'
import type { Watcher } from './watcher.ts'

/** What every bank of a learner stands on. */
export interface Ground {
  readonly kernel: Kernel
  readonly encodings: Encodings
  readonly options: LearnerOptions
  readonly gates: SharedGates
  /** Whether the state may grow by one more domain's own weights. */
  readonly hasRoom: () => boolean
  /** Null where tasks do not hear one another. */
  readonly chain: Chain | null
  readonly signals: Signals
  readonly domains: Pick<Domains, 'at'>
  readonly watcher: Watcher | null
}

/** Spread of the gate's first weights over √D for D active inputs; the bias's is undivided. It breaks the symmetry of the experts. */
const GATE_SPREAD = 0.3
/** The same of the experts' first class: small, so that at the start the bank has no opinion. */
const EXPERT_SPREAD = 0.09
const BIAS_ROW = 0

export function readsOf({ scope }: BankOptions): Reads {
  switch (scope) {
    case 'task':
    case 'chain':
      return 'pooled'
    case 'residual':
    case 'solo':
      return 'own'
    case 'memory':
      return 'none'
  }
}

/**
 * `inputs` is D, the number of inputs active when the bank was made; `restarts` how often it was made anew, which where each
 * domain has a bank of its own is told of each.
 */
export function makeBank(ground: Ground, options: BankOptions, seed: number, inputs: number, restarts = 0): Bank {
  const { kernel, encodings } = ground
  const { columns } = encodings
  const { name } = options
  const views = viewsOf(ground, options)
  const start = startOf(options, ground.options.start)
  const mixed = (key: string, first: number, linear: (initial: Initial, view: View) => Linear, anew = restarts): Mixed =>
    startingAt(start, name, first, (drawn, warm) =>
      mixture(ground, options, { key, seed: drawn, inputs, restarts: anew, warm }, views, linear)
    )
  switch (options.scope) {
    case 'memory':
      return new NeighbourBank(name, kernel, metric(encodings), ground.options.neighbours)
    case 'solo':
      return new DomainBank(
        name,
        (domain, anew) =>
          mixed(
            `${name} ${domain}`,
            seed + domain * DOMAIN_SEED,
            (initial, view) => new Plain(kernel, columns, view, domain, initial),
            anew
          ),
        inheritanceOf(start)
      )
    case 'residual':
      return mixed(name, seed, (initial, view) => new Residual(kernel, columns, view, initial))
    case 'task':
      return mixed(name, seed, (initial, view) => new Plain(kernel, columns, view, 'pooled', initial))
    case 'chain':
      return mixed(name, seed, (initial, view) => {
        return new Chained(new Plain(kernel, columns, view, 'pooled', initial), new Plain(kernel, ground.chain!, others, null, () => 0))
      })
  }
}

/** What experts read of a record, and what their gate does. */
interface Views {
  readonly head: View
  readonly gate: View
}

function viewsOf({ encodings }: Ground, options: BankOptions): Views {
  const reads = readsOf(options) === 'own' ? 'own' : 'pooled'
  return { head: encodings.gateView(reads, 'all'), gate: encodings.gateView(reads, options.gate) }
}

/** Seeds of a domain's banks differ by this. */
const DOMAIN_SEED = 104_729

/** How a mixture begins. */
interface Beginning {
  /** Name of its gate among those that tasks share. */
  readonly key: string
  readonly seed: number
  readonly inputs: number
  readonly restarts: number
  readonly warm: boolean
}

/** Made anew it leaves the gate it shared, which may be what broke it; the gate stays as it is for the others. */
function mixture(
  { kernel, gates, options: { experts, forgetting, gate, sparse } }: Ground,
  { name, rate, decay, joint, experts: K = experts }: BankOptions,
  { key, seed, inputs, restarts, warm }: Beginning,
  views: Views,
  linear: (initial: Initial, view: View) => Linear
): MixtureBank {
  const pace = { rate, decay, forgetting }
  const own = seed + restarts * RESTART_SEED
  const makeGate = (drawn: number): Gate => new Gate(kernel, linear(spread(GATE_SPREAD, drawn, inputs, K), views.gate), K, pace, gate)
  const shared = joint ? gates.of(key, () => makeGate(seed)) : null
  const alone = shared === null || restarts > 0
  const head = linear(spread(EXPERT_SPREAD, own + 1, inputs, K), views.head)
  return new MixtureBank(name, kernel, alone ? makeGate(own) : shared, head, { ...pace, sparse, warm }, alone)
}

function spread(sigma: number, seed: number, inputs: number, columns: number): Initial {
  const divided = sigma / Math.sqrt(inputs)
  return (row, column) => (column < columns ? (row === BIAS_ROW ? sigma : divided) * hashNormal(seed, row, column) : 0)
}

function metric(encodings: Encodings) {
  const { columns } = encodings
  return {
    get width() {
      return columns.width
    },
    get kinds() {
      return columns.kinds
    },
    standardise: encodings.standardise.bind(encodings)
  }
}
