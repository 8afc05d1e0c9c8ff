/** A bank with all that it stands on: the weights of a mixture lie in a block that it shares with others. */
import type { Bank } from '../../src/bank/bank.ts'
import { MixtureBank, type Temperament } from '../../src/bank/mixture-bank.ts'
import { RowBlock } from '../../src/numeric/row-block.ts'
import type { Saved } from '../../src/numeric/saved.ts'
import { Sparse } from '../../src/numeric/sparse.ts'

export interface Stand {
  readonly bank: Bank
  /** The bank and what it stands on. */
  save(): Saved
  load(saved: Saved): void
}

/** Opens a bank that knows no class, for inputs in rows 0 (the bias, always on) to `ROWS` − 1. */
export type Open = (seed: number) => Stand

export const ROWS = 24

export const temperament: Temperament = {
  experts: 4,
  rate: 0.05,
  decay: 0,
  forgetting: 0.9995,
  gate: { loadFloor: 0.01, zLoss: 0, entropy: 0, l2: 0 }
}

export function mixtureStand(
  seed: number,
  changed: Partial<Temperament> = {}
): Stand & { readonly bank: MixtureBank; readonly block: RowBlock } {
  const block = new RowBlock()
  const bank = new MixtureBank('mixture', block, { ...temperament, ...changed }, seed, 4)
  block.extend(ROWS)
  return {
    bank,
    block,
    save: () => ({ bank: bank.save(), block: block.save() }),
    load(saved) {
      const from = saved as { bank: Saved; block: Saved }
      bank.load(from.bank)
      block.load(from.block)
    }
  }
}

/** The sparse vector with these entries, the bias first. */
export function sparse(entries: Iterable<readonly [row: number, value: number]>, x = new Sparse()): Sparse {
  x.clear()
  x.push(0, 1)
  for (const [row, value] of entries) x.push(row, value)
  return x
}
