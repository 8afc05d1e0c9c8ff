import type { AlertConfig } from '../../src/config/alert-options.ts'

export const rules: Readonly<Record<string, object>>

export interface Kept {
  readonly alerts: readonly object[]
  readonly decisions: readonly object[]
  readonly predictions: readonly object[]
}

export function alertProblems(dist: string, config: { readonly alert: AlertConfig }, kept: Kept): Promise<Record<string, readonly string[]>>
