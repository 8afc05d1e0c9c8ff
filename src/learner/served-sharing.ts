/**
 * What sharing gained or cost each domain as it was served: what was reported then, against the opinion its own bank gave
 * then. Where labels come late this is the honest account: the one kept by the pool weighs the same opinions as it would
 * when the label comes, and knows the labels of all that was served between. It includes what the class bias makes of p, so
 * the guard's bound holds for the other one alone.
 */
import type { Saved } from '../numeric/saved.ts'
import { Transfer, type TransferReport } from '../pool/transfer.ts'
import type { Committee } from './committee.ts'

export class ServedSharing {
  readonly #accounts: (Transfer | undefined)[] = []

  /** A label of class `y` came of what was served: `reported` (C), and what the banks said, `Q` (M, C), where they `spoke`. */
  add({ solo, names, C }: Committee, domain: number, reported: ArrayLike<number>, Q: Float32Array, spoke: Uint8Array, y: number): void {
    if (solo === null) return
    const m = names.indexOf(solo.name)
    if (spoke[m] !== 1) return
    let account = this.#accounts[domain]
    if (account === undefined) {
      account = new Transfer()
      this.#accounts[domain] = account
    }
    account.add(reported, Q.subarray(m * C, (m + 1) * C), y)
  }

  /** By domain; those never compared are not there. */
  report(domains: readonly string[]): Readonly<Record<string, TransferReport>> {
    return Object.fromEntries(
      this.#accounts.flatMap((account, place) => (account === undefined ? [] : [[domains[place] ?? '', account.report()]]))
    )
  }

  save(): Saved {
    return Array.from(this.#accounts, account => account?.save() ?? null)
  }

  load(saved: Saved): void {
    for (const [place, account] of (saved as Saved[]).entries()) {
      if (account === null) continue
      const loaded = new Transfer()
      loaded.load(account)
      this.#accounts[place] = loaded
    }
  }
}
