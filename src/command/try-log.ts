/** Opens the log of a configuration and says what it holds: the last check of `andon doctor`. */
import type { Config } from '../config/options.ts'
import { topics } from '../events/event.ts'
import { openStore } from '../wiring.ts'

export async function tryLog(config: Config): Promise<string> {
  const { log } = await openStore(config)
  try {
    const ends = await log.ends(Object.keys(topics))
    return `opens, ${ends.reduce((sum, { offset }) => sum + offset, 0)} records written so far`
  } finally {
    await log.close()
  }
}
