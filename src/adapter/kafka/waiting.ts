/** Waiting that an abort ends, and that leaves nothing on a signal which outlives it. */

/** The value of a promise, or null when the signal aborts before; the promise goes on, and its failure is then nobody's. */
export async function orAborted<T>(signal: AbortSignal, promise: Promise<T>): Promise<T | null> {
  promise.catch(() => undefined)
  let leave = (): void => undefined
  const ended = new Promise<null>(resolve => {
    const end = (): void => resolve(null)
    if (signal.aborted) end()
    signal.addEventListener('abort', end)
    leave = () => signal.removeEventListener('abort', end)
  })
  try {
    return await Promise.race([ended, promise])
  } finally {
    leave()
  }
}

/** Resolves when the first of the signals aborts. For signals that end with what waits for them. */
export function aborted(...signals: AbortSignal[]): Promise<void> {
  const any = AbortSignal.any(signals)
  return new Promise(resolve => {
    if (any.aborted) resolve()
    else any.addEventListener('abort', () => resolve(), { once: true })
  })
}

/** The value of a promise; `late` is called where it takes longer than `ms`. */
export async function orTold<T>(promise: Promise<T>, ms: number, late: () => void): Promise<T> {
  const timer = setTimeout(late, ms)
  try {
    return await promise
  } finally {
    clearTimeout(timer)
  }
}
