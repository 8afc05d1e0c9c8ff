/**
 * Asks the Andon of this container or pod how it is, by the configuration that it runs with: `node deploy/probe.mjs WHAT`.
 * Ends with 0 for yes and 1 for no, with the reason on standard error.
 *
 *   live   the process answers: otherwise restart it
 *   warm   it has a state, though it may stand by: a learner is worth taking over to
 *   ready  it takes events and keeps up
 *
 * `--config FILE` as for `andon run`.
 */
import { parseArgs } from 'node:util'
import { askHere } from '../dist/command/ask.js'
import { loadConfig } from '../dist/config/load.js'

const addresses = { live: '/healthz', warm: '/status', ready: '/readyz' }
/** Below the timeout that whoever runs it has set, so that its reason is still told. */
const PATIENCE_MS = 5000

async function ask() {
  const { values, positionals } = parseArgs({ options: { config: { type: 'string' } }, allowPositionals: true })
  const address = addresses[positionals[0]]
  if (address === undefined) throw new Error(`expected one of ${Object.keys(addresses).join(', ')}, got ${positionals[0] ?? 'nothing'}`)
  const { http } = loadConfig({ path: values.config, env: process.env })
  const { status, text } = await askHere(http, address, PATIENCE_MS)
  if (status !== 200) throw new Error(`${address} answers ${status}: ${text}`)
}

ask().catch(error => {
  console.error(`${error.message}${error.cause?.message ? `: ${error.cause.message}` : ''}`)
  process.exitCode = 1
})
