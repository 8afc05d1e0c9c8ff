/** How a command is stopped from outside: the first SIGINT or SIGTERM in order, the second at once. */
import { exitCodes } from './output.ts'

const signals = ['SIGINT', 'SIGTERM'] as const

export function stopOnSignals(): AbortController {
  const stop = new AbortController()
  for (const name of signals) {
    process.on(name, () => {
      if (stop.signal.aborted) process.exit(exitCodes.interrupted)
      stop.abort()
    })
  }
  return stop
}

/**
 * As long as there is nothing to drain a signal ends the process. That is what the system does of itself, but not for process 1
 * of a container. Returns what takes it back.
 */
export function endOnSignals(): () => void {
  const end = (): void => process.exit(exitCodes.interrupted)
  for (const name of signals) process.on(name, end)
  return () => {
    for (const name of signals) process.off(name, end)
  }
}
