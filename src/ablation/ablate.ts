/**
 * The committee and its controls over the same rows, once a seed, and how sure their differences are. Invariant: all variants
 * of a task are judged on the same rows in the same order, each row before any of them learns it.
 */
import type { Book, Figures } from './book.ts'
import { type Difference, paired } from './paired.ts'
import { type AblationRow, COMMITTEE, Pass, type PassOptions } from './pass.ts'

export interface AblationOptions extends PassOptions {
  /** One pass each, with this seed in place of the learner's. */
  readonly seeds: readonly number[]
  /** Called after every row with the number done, over all seeds. */
  readonly progress?: (done: number) => void
}

export interface Variant {
  readonly name: string
  readonly perSeed: readonly Figures[]
  /** Over seeds; a figure is null where a seed has none. */
  readonly mean: Figures
  /** Against the committee; null for itself. */
  readonly kappaDifference: Difference | null
  readonly gMeanDifference: Difference | null
}

export interface TaskAblation {
  readonly classes: readonly string[]
  readonly rarest: { readonly class: string; readonly support: number } | null
  /** The committee first. */
  readonly variants: readonly Variant[]
}

export interface Ablation {
  readonly rows: number
  readonly tasks: Readonly<Record<string, TaskAblation>>
}

/** Goes over `rows` once a seed, so they must be there again. The same rows, options and seeds give the same figures. */
export async function ablate(
  rows: AsyncIterable<AblationRow> | Iterable<AblationRow>,
  { progress = () => {}, ...options }: AblationOptions
): Promise<Ablation> {
  const passes: ReadonlyMap<string, Book>[] = []
  let done = 0
  for (const seed of options.seeds) {
    const pass = new Pass({ ...options, learner: { ...options.learner, seed } })
    for await (const row of rows) {
      pass.take(row)
      progress(++done)
    }
    passes.push(pass.end())
  }
  const tasks: Record<string, TaskAblation> = {}
  for (const [name, book] of passes[0] ?? []) {
    tasks[name] = compared(
      book,
      passes.map(books => books.get(name)!)
    )
  }
  return { rows: done / Math.max(1, options.seeds.length), tasks }
}

function compared(first: Book, books: readonly Book[]): TaskAblation {
  const figuresOf = (variant: string): Figures[] => books.map(book => book.figures(variant))
  const committee = figuresOf(COMMITTEE)
  return {
    classes: first.classes,
    rarest: first.rarest(),
    variants: first.variants.map(name => {
      const perSeed = figuresOf(name)
      const against = (what: keyof Figures): Difference | null =>
        name === COMMITTEE
          ? null
          : paired(
              perSeed.map(each => each[what]),
              committee.map(each => each[what])
            )
      return { name, perSeed, mean: meanOf(perSeed), kappaDifference: against('kappa'), gMeanDifference: against('gMean') }
    })
  }
}

function meanOf(perSeed: readonly Figures[]): Figures {
  const mean = (what: keyof Figures): number | null => {
    let sum = 0
    for (const figures of perSeed) {
      const value = figures[what]
      if (value === null) return null
      sum += value
    }
    return sum / perSeed.length
  }
  return {
    kappa: mean('kappa'),
    gMean: mean('gMean'),
    macroF1: mean('macroF1'),
    rarestRecall: mean('rarestRecall'),
    logLoss: mean('logLoss')
  }
}
