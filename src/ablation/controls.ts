/** Which controls a committee's banks allow, by name. Each is a row of docs/ablation.md. */
import type { BankOptions, LearnerOptions } from '../learner/options.ts'
import { Pool } from '../pool/pool.ts'
import { Control } from './control.ts'
import { GateOverBanks, type Mixer, OneBank, OwnAgainstOthers, PooledMixer, UniformMixer } from './mixer.ts'

/** Fresh controls of a task. */
export function controlsOf(banks: readonly BankOptions[], { pool, guardShare, domain }: LearnerOptions): Map<string, Control> {
  const M = banks.length
  const all = banks.map((_, m) => m)
  const of = (scope: BankOptions['scope']): number[] => all.filter(m => banks[m]!.scope === scope)
  const pooled = (some: readonly number[], parts = { pool: true, guard: true }): Mixer =>
    new PooledMixer({ banks: some, parts, pool, share: guardShare })
  const mixers: [name: string, mixer: Mixer][] = [
    ['pool without guard', pooled(all, { pool: true, guard: false })],
    ['guard without pool', pooled(all, { pool: false, guard: true })],
    ['uniform, geometric', new UniformMixer(new Pool(M, pool))],
    ['uniform, arithmetic', new UniformMixer(null)],
    ['gate over banks', new GateOverBanks(M)]
  ]
  const [solo = -1] = of('solo')
  if (solo >= 0) mixers.push(['own against others', new OwnAgainstOthers(solo)])
  // Without domains what is shared is all but the memory, which stands below.
  if (domain.length > 0)
    for (const [name, some] of [['shared only', of('task')] as const, ['solo only', of('solo')] as const])
      if (some.length > 0 && some.length < M) mixers.push([name, pooled(some)])
  if (M > 1) for (const [m, { name }] of banks.entries()) mixers.push([`without ${name}`, pooled(all.filter(other => other !== m))])
  for (const [m, { name }] of banks.entries()) mixers.push([`${name} alone`, new OneBank(m)])
  return new Map(mixers.map(([name, mixer]) => [name, new Control(mixer, domain.length > 0)]))
}
