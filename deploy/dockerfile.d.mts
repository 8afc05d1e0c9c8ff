export interface Step {
  readonly word: string
  readonly rest: string
}

export interface Stage {
  readonly name: string | null
  readonly from: string
  readonly steps: readonly Step[]
}

export function parseDockerfile(text: string): { readonly args: Readonly<Record<string, string>>; readonly stages: readonly Stage[] }
export function copyOf(rest: string): { readonly from: string | null; readonly sources: readonly string[]; readonly target: string }
export function pairsOf(text: string): Readonly<Record<string, string>>
export function execOf(rest: string): readonly string[]
export function lastOf(stage: Stage, word: string): string | null
export function allowedBy(text: string): readonly string[]
