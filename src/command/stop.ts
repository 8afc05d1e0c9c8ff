/** How a command is stopped from outside: the first SIGINT or SIGTERM in order, the second at once. */
import { exitCodes } from './output.ts'

export function stopOnSignals(): AbortController {
  const stop = new AbortController()
  for (const name of ['SIGINT', 'SIGTERM'] as const) {
    process.on(name, () => {
      if (stop.signal.aborted) process.exit(exitCodes.interrupted)
      stop.abort()
    })
  }
  return stop
}
