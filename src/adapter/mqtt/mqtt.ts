/**
 * A stack light by MQTT: for every line its colour, retained, so that a light that is switched on later shows it, too.
 *
 *     PREFIX/status            online | offline     retained; the broker says offline where Andon is gone
 *     PREFIX/lines/LINE/light  green | amber | red  retained: red while something critical is open, amber while a warning is
 *     PREFIX/lines/LINE/seen   yes | no             retained: whether all that is open was acknowledged
 *     PREFIX/lines/LINE/alerts JSON                 each step of an alert, with its delivery id
 *
 * LINE is percent-encoded where it holds what a topic must not. An alert that is about every line is on every line's light.
 */
import type { IClientOptions, MqttClient } from 'mqtt'
import type { AlertState } from '../../alert/alert-state.ts'
import { ALL_LINES } from '../../events/event.ts'
import { Fault } from '../../fault/fault.ts'
import type { Sink } from '../../pipeline/sink.ts'

export interface MqttOptions {
  readonly name: string
  /** mqtt://, mqtts://, ws:// or wss://. */
  readonly url: string
  readonly prefix: string
  readonly clientId: string
  readonly username: string | null
  readonly password: (() => string) | null
  readonly tls: { readonly ca: string | null; readonly cert: string | null; readonly key: (() => string) | null }
  readonly timeoutMs: number
}

/** How often the lights are shown again: a broker that lost what it kept has them back by then. */
const AGAIN_MS = 30_000
/** Both sides take a connection for dead after one and a half times as long. */
const KEEPALIVE_S = 20

export type Light = 'green' | 'amber' | 'red'

/**
 * The light of a line.
 *
 * @example
 * ```ts
 * import { lightOf } from '../src/adapter/mqtt/mqtt.ts'
 * lightOf('press', [{ line: 'press', severity: 'warning' }, { line: 'lathe', severity: 'critical' }]) // => 'amber'
 * lightOf('press', [{ line: '*', severity: 'critical' }]) // => 'red'
 * lightOf('press', [{ line: 'press', severity: 'information' }]) // => 'green'
 * ```
 */
export function lightOf(line: string, open: readonly Pick<AlertState, 'line' | 'severity'>[]): Light {
  const own = open.filter(alert => alert.line === line || alert.line === ALL_LINES)
  if (own.some(({ severity }) => severity === 'critical')) return 'red'
  return own.some(({ severity }) => severity === 'warning') ? 'amber' : 'green'
}

export function openMqtt(options: MqttOptions): Sink {
  const { name, prefix, timeoutMs } = options
  let line: Line | null = null
  let opening: Promise<Line> | null = null
  const shown = new Map<string, string>()

  /** The connection, made where there is none. Nothing is queued for one that is lost: whoever sends tries again. */
  const connected = async (): Promise<Line> => {
    if (line?.client.connected === true) return line
    opening ??= connect(options).finally(() => {
      opening = null
    })
    line = await opening
    shown.clear()
    return line
  }

  const send = async (topic: string, payload: string, retain: boolean, signal: AbortSignal): Promise<void> => {
    signal.throwIfAborted()
    try {
      const { client, lost } = await within(connected(), timeoutMs, signal)
      await within(Promise.race([client.publishAsync(topic, payload, { qos: 1, retain }), lost]), timeoutMs, signal)
    } catch (error) {
      // What was sent on it may still be under way: it is not to be sent again by a connection that comes back.
      const broken = line
      line = null
      await broken?.client.endAsync(true).catch(() => undefined)
      signal.throwIfAborted()
      throw new Fault('UNAVAILABLE', `expected ${name} to be taken by its broker, got ${wordsOf(error)}`, error)
    }
  }

  return {
    name,
    deliver: ({ id, alert }, signal) =>
      send(`${prefix}/lines/${encoded(alert.line)}/alerts`, JSON.stringify({ version: 1, delivery: id, ...alert }), false, signal),
    refresh: {
      everyMs: AGAIN_MS,
      async show({ open, lines }, signal) {
        await within(connected(), timeoutMs, signal).catch(error => {
          signal.throwIfAborted()
          throw new Fault('UNAVAILABLE', `expected the broker of ${name} to answer, got ${wordsOf(error)}`, error)
        })
        const all = new Set([...lines, ...open.map(({ line }) => line)].filter(line => line !== ALL_LINES))
        for (const line of all) {
          const own = open.filter(alert => alert.line === line || alert.line === ALL_LINES)
          const seen = own.every(({ state }) => state === 'acknowledged') ? 'yes' : 'no'
          for (const [what, value] of [
            ['light', lightOf(line, open)],
            ['seen', seen]
          ] as const) {
            const topic = `${prefix}/lines/${encoded(line)}/${what}`
            if (shown.get(topic) === value) continue
            await send(topic, value, true, signal)
            shown.set(topic, value)
          }
        }
      }
    },
    async close() {
      const last = line
      line = null
      if (last === null) return
      const { client, lost } = last
      // Whoever goes by himself sends no will: the broker is told what it would have said.
      const told = client.publishAsync(`${prefix}/status`, 'offline', { qos: 1, retain: true })
      await within(Promise.race([told, lost]), 1000, null).catch(() => undefined)
      await client.endAsync(true).catch(() => undefined)
    }
  }
}

/** A connection, and a promise that rejects when it is lost. */
interface Line {
  readonly client: MqttClient
  readonly lost: Promise<never>
}

async function connect({ url, prefix, clientId, username, password, tls, timeoutMs }: MqttOptions): Promise<Line> {
  const topic = `${prefix}/status`
  const options: IClientOptions = {
    clientId,
    clean: true,
    keepalive: KEEPALIVE_S,
    connectTimeout: timeoutMs,
    // Whoever sends connects again, so that nothing is sent behind its back.
    reconnectPeriod: 0,
    queueQoSZero: false,
    will: { topic, payload: Buffer.from('offline'), qos: 1, retain: true },
    ...(username === null ? {} : { username }),
    ...(password === null ? {} : { password: password() }),
    ...(tls.ca === null ? {} : { ca: tls.ca }),
    ...(tls.cert === null ? {} : { cert: tls.cert }),
    ...(tls.key === null ? {} : { key: tls.key() })
  }
  // It takes a while to load, and most have no use for it.
  const { connectAsync } = await import('mqtt')
  const client = await connectAsync(url, options, false)
  // A connection that breaks is seen by who sends next; unheard, the error would end the process.
  client.on('error', () => undefined)
  const lost = new Promise<never>((_resolve, reject) => client.once('close', () => reject(new Error('a connection that was lost'))))
  lost.catch(() => undefined)
  await Promise.race([client.publishAsync(topic, 'online', { qos: 1, retain: true }), lost])
  return { client, lost }
}

/** A line as one level of a topic. */
function encoded(line: string): string {
  return encodeURIComponent(line)
}

/** The value of `promise`, or an error when it takes longer than `ms` or `signal` aborts. The promise goes on. */
function within<T>(promise: Promise<T>, ms: number, signal: AbortSignal | null): Promise<T> {
  let end = (): void => undefined
  const cut = new Promise<never>((_resolve, reject) => {
    const late = setTimeout(() => reject(new Error(`no answer within ${ms} ms`)), ms)
    const abort = (): void => reject(signal?.reason)
    signal?.addEventListener('abort', abort)
    if (signal?.aborted === true) abort()
    end = () => {
      clearTimeout(late)
      signal?.removeEventListener('abort', abort)
    }
  })
  promise.catch(() => undefined)
  return Promise.race([promise, cut]).finally(end)
}

/** What went wrong, without the address, which may hold a password. */
function wordsOf(error: unknown): string {
  const { code, message } = error as NodeJS.ErrnoException
  return typeof code === 'string' ? code : message
}
