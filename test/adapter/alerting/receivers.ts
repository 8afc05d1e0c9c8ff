/** Receivers of alerts as a sink meets them: what has come is told, and they can be gone, silent or unwilling. */
import { once } from 'node:events'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { createServer as createHttp, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import { type AddressInfo, connect, createServer as createTcp, type Socket } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { connectAsync } from 'mqtt'
import { commandOf, freePort, Program } from './program.ts'

export interface Receiver {
  readonly port: number
  up(): Promise<void>
  down(): Promise<void>
}

export interface Got {
  readonly path: string
  readonly headers: IncomingMessage['headers']
  readonly body: string
}

/** An HTTP server that keeps what it is sent. */
export class HttpReceiver implements Receiver {
  readonly got: Got[] = []
  /** How it answers: null is a status of success. */
  answer: ((response: ServerResponse) => void) | null = null
  port = 0
  #server: Server | null = null

  async up(): Promise<void> {
    if (this.#server !== null) return
    this.#server = createHttp((request, response) => {
      let body = ''
      request.setEncoding('utf8')
      request.on('data', text => (body += text))
      request.on('end', () => {
        this.got.push({ path: request.url!, headers: request.headers, body })
        if (this.answer === null) response.end('ok')
        else this.answer(response)
      })
    }).listen(this.port, '127.0.0.1')
    await once(this.#server, 'listening')
    this.port = (this.#server.address() as AddressInfo).port
  }

  async down(): Promise<void> {
    const server = this.#server
    this.#server = null
    if (server === null) return
    server.closeAllConnections()
    server.close()
    await once(server, 'close')
  }
}

/** Takes connections and never says anything. */
export async function openSilence(): Promise<{ readonly port: number; close(): Promise<void> }> {
  const sockets = new Set<Socket>()
  const server = createTcp(socket => sockets.add(socket)).listen(0, '127.0.0.1')
  await once(server, 'listening')
  return {
    port: (server.address() as AddressInfo).port,
    async close() {
      for (const socket of sockets) socket.destroy()
      server.close()
      await once(server, 'close')
    }
  }
}

export const alertmanagerCommand = commandOf(
  'alertmanager',
  ['alertmanager', 'prometheus-alertmanager'],
  '--version',
  'prometheus-alertmanager'
)
export const mosquittoCommand = commandOf('mosquitto', ['mosquitto'], '-h', 'mosquitto')

export interface ManagerAlert {
  readonly labels: Readonly<Record<string, string>>
  readonly annotations: Readonly<Record<string, string>>
  readonly status: { readonly state: string }
}

/** A real Alertmanager. What it holds goes with it. */
export class Alertmanager implements Receiver {
  port = 0
  #program: Program | null = null
  readonly #folder = mkdtempSync(join(tmpdir(), 'andon-alertmanager-'))

  async up(): Promise<void> {
    if (this.#program === null) {
      this.port = await freePort()
      const file = join(this.#folder, 'alertmanager.yml')
      writeFileSync(file, 'route: { receiver: nobody, group_wait: 0s }\nreceivers: [{ name: nobody }]\n')
      const words = [
        `--config.file=${file}`,
        `--storage.path=${join(this.#folder, 'data')}`,
        `--web.listen-address=127.0.0.1:${this.port}`,
        '--cluster.listen-address='
      ]
      this.#program = new Program(alertmanagerCommand!, words, () => fetch(`http://127.0.0.1:${this.port}/-/ready`))
    }
    await this.#program.up()
  }

  async down(): Promise<void> {
    await this.#program?.down()
  }

  /** Alerts that have not ended. */
  async active(): Promise<readonly ManagerAlert[]> {
    return (await (await fetch(`http://127.0.0.1:${this.port}/api/v2/alerts`)).json()) as ManagerAlert[]
  }

  async close(): Promise<void> {
    await this.down()
    rmSync(this.#folder, { recursive: true, force: true })
  }
}

/** A real mosquitto; `lines` are added to its configuration. */
export class Mosquitto implements Receiver {
  port = 0
  #program: Program | null = null
  readonly folder = mkdtempSync(join(tmpdir(), 'andon-mosquitto-'))
  readonly #lines: string[]

  constructor(lines: readonly string[] = ['allow_anonymous true']) {
    this.#lines = [...lines]
  }

  /** Adds to its configuration, before it is up. */
  add(lines: readonly string[]): void {
    this.#lines.push(...lines)
  }

  async up(): Promise<void> {
    if (this.#program === null) {
      this.port = await freePort()
      const file = join(this.folder, 'mosquitto.conf')
      // As root it would change to a user that may not read its files.
      writeFileSync(file, ['user root', `listener ${this.port} 127.0.0.1`, ...this.#lines, ''].join('\n'))
      this.#program = new Program(mosquittoCommand!, ['-c', file], () => reached(this.port))
    }
    await this.#program.up()
  }

  async down(): Promise<void> {
    await this.#program?.down()
  }

  /** Everything that is retained, or comes until `enough` says so. */
  async hear(topic: string, enough: (heard: ReadonlyMap<string, string>) => boolean): Promise<ReadonlyMap<string, string>> {
    const client = await connectAsync(`mqtt://127.0.0.1:${this.port}`, { reconnectPeriod: 0 })
    const heard = new Map<string, string>()
    try {
      await new Promise<void>((resolve, reject) => {
        const late = setTimeout(() => reject(new Error(`heard only ${JSON.stringify([...heard])}`)), 10_000)
        client.on('message', (from, payload) => {
          heard.set(from, payload.toString())
          if (!enough(heard)) return
          clearTimeout(late)
          resolve()
        })
        client.subscribeAsync(topic, { qos: 1 }).catch(reject)
      })
    } finally {
      await client.endAsync(true)
    }
    return heard
  }

  async close(): Promise<void> {
    await this.down()
    rmSync(this.folder, { recursive: true, force: true })
  }
}

async function reached(port: number): Promise<void> {
  const socket = connect(port, '127.0.0.1')
  try {
    await once(socket, 'connect')
  } finally {
    socket.destroy()
  }
}
