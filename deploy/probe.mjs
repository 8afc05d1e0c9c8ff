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
import { loadConfig } from '../dist/config/load.js'

const addresses = { live: '/healthz', warm: '/status', ready: '/readyz' }
/** Below the timeout that whoever runs it has set, so that its reason is still told. */
const PATIENCE_MS = 5000

async function ask() {
  const { values, positionals } = parseArgs({ options: { config: { type: 'string' } }, allowPositionals: true })
  const address = addresses[positionals[0]]
  if (address === undefined) throw new Error(`expected one of ${Object.keys(addresses).join(', ')}, got ${positionals[0] ?? 'nothing'}`)
  const { http } = loadConfig({ path: values.config, env: process.env })
  // Who listens everywhere listens here.
  const host = { '0.0.0.0': '127.0.0.1', '::': '[::1]' }[http.host] ?? http.host
  const answer = await fetch(`http://${host}:${http.port}${address}`, {
    signal: AbortSignal.timeout(PATIENCE_MS),
    headers: http.token === null ? {} : { authorization: `Bearer ${http.token.reveal()}` }
  })
  const said = await answer.text()
  if (!answer.ok) throw new Error(`${address} answers ${answer.status}: ${said}`)
}

ask().catch(error => {
  console.error(`${error.message}${error.cause?.message ? `: ${error.cause.message}` : ''}`)
  process.exitCode = 1
})
