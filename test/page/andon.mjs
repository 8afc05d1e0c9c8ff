/** The built command as a process of its own, for whoever looks at its page. */
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import { createInterface } from 'node:readline'

const command = join(import.meta.dirname, '../../dist/command/andon.js')

/** Starts `andon run` and resolves when it is ready. `port` 0 takes a free one. */
export async function startAndon({ data, words = [], port = 0, env = {} }) {
  const child = spawn(process.execPath, [command, 'run', ...words], {
    env: { ...process.env, ANDON_DATA_DIRECTORY: data, ANDON_HTTP__PORT: String(port), ...env },
    stdio: ['ignore', 'ignore', 'pipe']
  })
  const ended = once(child, 'exit')
  const said = []
  let url = null
  const started = new Promise((resolve, reject) => {
    createInterface({ input: child.stderr }).on('line', line => {
      said.push(line)
      url = /listening on (http[^"]+)/.exec(line)?.[1] ?? url
      if (line.includes('"msg":"ready')) resolve()
    })
    ended.then(() => reject(new Error(`expected a start, it ended:\n${said.join('\n')}`)))
  })
  await started
  return {
    url,
    said,
    pid: child.pid,
    async stop(signal = 'SIGTERM') {
      if (child.exitCode === null) child.kill(signal)
      await ended
    }
  }
}
