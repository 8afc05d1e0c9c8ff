export interface Running {
  readonly url: string
  readonly said: readonly string[]
  readonly pid: number | undefined
  stop(signal?: NodeJS.Signals): Promise<void>
}

export function startAndon(options: {
  readonly data: string
  readonly words?: readonly string[]
  readonly port?: number
  readonly env?: Readonly<Record<string, string>>
}): Promise<Running>
