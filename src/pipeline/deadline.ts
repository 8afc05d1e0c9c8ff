/** Work that ends in time after it was told to, whatever it waits for. */

/** What is under way when a drain is over may take so much longer before it is left. */
export const CUT_MS = 2000

/**
 * What `work` gives; null where it is still under way `ms` after `stop` aborted. It then goes on by itself, and what becomes of
 * it is nobody's concern: who calls closes what it works on.
 */
export async function inTime<T>(work: Promise<T>, stop: AbortSignal, ms: number): Promise<T | null> {
  let timer: NodeJS.Timeout | undefined
  let begin = (): void => undefined
  const late = new Promise<null>(resolve => {
    begin = () => {
      timer = setTimeout(resolve, ms, null)
    }
  })
  stop.addEventListener('abort', begin)
  if (stop.aborted) begin()
  try {
    return await Promise.race([work, late])
  } finally {
    clearTimeout(timer)
    stop.removeEventListener('abort', begin)
  }
}
