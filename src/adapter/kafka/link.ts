/**
 * One client that outlives its brokers: whatever passes by itself is tried again until it succeeds or the link is closed,
 * and is told once when it takes long. What does not pass is thrown as a fault.
 */
import { Fault } from '../../fault/fault.ts'
import { type Connection, openCluster } from './connection.ts'
import { problemOf } from './problem.ts'
import type { Broker, Cluster, GROUP_COORDINATOR, TRANSACTION_COORDINATOR } from './protocol.ts'

export type Tell = (level: 'info' | 'warn', message: string) => void

export interface LinkOptions extends Connection {
  readonly outage?: Outage
}

/** Tells once that the cluster does not answer, and once that it does again, for all links of a log. */
export class Outage {
  readonly #tell: Tell
  /** What each link that waits has said last. */
  readonly #links = new Map<object, string>()

  constructor(tell: Tell) {
    this.#tell = tell
  }

  /** What is waited for, in words; null while nothing is. */
  get said(): string | null {
    const [said] = this.#links.values()
    return said ?? null
  }

  began(link: object, said: string): void {
    if (this.#links.size === 0) this.#tell('warn', `${said}; nothing is lost, trying again`)
    this.#links.set(link, said)
  }

  ended(link: object): void {
    if (this.#links.delete(link) && this.#links.size === 0) this.#tell('info', 'the cluster answers again')
  }
}

/** Between two tries: soon, since most troubles are an election or a marker on its way; then seldom enough for a cluster that is down. */
const FIRST_WAIT_MS = 10
const LAST_WAIT_MS = 1000
const CLOSE_MS = 2000
/** Troubles shorter than this are nobody's concern. */
const TOLD_AFTER_MS = 2000

export class Link {
  readonly #options: LinkOptions
  readonly #cluster: Cluster
  readonly #topics: readonly string[]
  readonly #closed = new AbortController()
  readonly #coordinators = new Map<string, number>()
  #connecting: Promise<void> | null = null

  /** `topics` are those that will be read or written. */
  constructor(options: LinkOptions, topics: readonly string[]) {
    this.#options = options
    this.#cluster = openCluster(options)
    this.#topics = topics
  }

  /** The name that the cluster knows us by, for messages. */
  get user(): string | null {
    const { sasl } = this.#options
    return sasl === undefined ? null : sasl.mechanism === 'oauthbearer' ? 'of the token' : sasl.username
  }

  /**
   * What `act` gives, however long it takes. `act` must be worth repeating: it may have happened though its answer was
   * lost. Throws a Fault for what does not pass, `LOG_CLOSED` when closed meanwhile, and `UNAVAILABLE` after `patienceMs`.
   */
  async use<T>(what: string, act: (link: Link) => Promise<T>, patienceMs = Number.POSITIVE_INFINITY): Promise<T> {
    const began = performance.now()
    for (let tries = 0; ; tries++) {
      try {
        this.#expectOpen()
        await this.#connect()
        const value = await act(this)
        this.#expectOpen()
        this.#options.outage?.ended(this)
        return value
      } catch (error) {
        // What was under way may have connected anew after close.
        if (this.#closed.signal.aborted) await this.#disconnect()
        this.#expectOpen()
        const { passing, said, fault } = problemOf(error, { what, user: this.user })
        const waited = performance.now() - began
        if (!passing || waited > patienceMs) throw fault()
        if (waited > TOLD_AFTER_MS) this.#options.outage?.began(this, said)
        await this.#mend(error, tries)
      }
    }
  }

  /** The broker that leads a partition. */
  leaderOf(topic: string, partition: number): Promise<Broker> {
    return this.#cluster.findBroker({ nodeId: this.nodeOf(topic, partition) })
  }

  /** The number of the node that leads a partition. */
  nodeOf(topic: string, partition: number): string {
    const [node] = Object.keys(this.#cluster.findLeaderForPartitions(topic, [partition]))
    return node ?? '-1'
  }

  /** The same where it is known by now, else null. */
  leaderKnown(topic: string, partition: number): string | null {
    try {
      const node = this.nodeOf(topic, partition)
      return node === '-1' ? null : node
    } catch {
      return null
    }
  }

  node(nodeId: string): Promise<Broker> {
    return this.#cluster.findBroker({ nodeId })
  }

  anyBroker(): Promise<Broker> {
    return this.#cluster.findControllerBroker()
  }

  /** The broker that keeps a group's positions, or the transactions of an id. */
  async coordinatorOf(id: string, type: typeof GROUP_COORDINATOR | typeof TRANSACTION_COORDINATOR): Promise<Broker> {
    const key = `${type} ${id}`
    let nodeId = this.#coordinators.get(key)
    if (nodeId === undefined) {
      const asked = await this.anyBroker()
      nodeId = (await asked.findGroupCoordinator({ groupId: id, coordinatorType: type })).coordinator.nodeId
      this.#coordinators.set(key, nodeId)
    }
    return this.#cluster.findBroker({ nodeId })
  }

  /** Pending calls throw `LOG_CLOSED`. Idempotent. */
  async close(): Promise<void> {
    this.#closed.abort()
    this.#options.outage?.ended(this)
    // It waits for answers under way; a broker that gives none must not hold us up.
    const late = new AbortController()
    await Promise.race([this.#disconnect(), pause(CLOSE_MS, late.signal)])
    late.abort()
  }

  async #disconnect(): Promise<void> {
    await this.#cluster.disconnect().catch(() => undefined)
  }

  #connect(): Promise<void> {
    if (this.#cluster.isConnected() && this.#connecting === null) return Promise.resolve()
    this.#connecting ??= (async () => {
      await this.#cluster.connect()
      await this.#cluster.addMultipleTargetTopics(this.#topics)
      await this.#cluster.refreshMetadataIfNecessary()
    })().finally(() => {
      this.#connecting = null
    })
    return this.#connecting
  }

  /** Looks up anew who leads and who coordinates, after a pause that grows. */
  async #mend(error: unknown, tries: number): Promise<void> {
    this.#coordinators.clear()
    const { name, host, port } = error as { name?: string; host?: string; port?: number }
    // Not from under one that is connecting to it: the client would look for it where there is none.
    if (this.#connecting === null && name === 'KafkaJSConnectionClosedError' && host !== undefined && port !== undefined)
      this.#cluster.removeBroker({ host, port })
    await pause(Math.min(LAST_WAIT_MS, FIRST_WAIT_MS * 2 ** tries), this.#closed.signal)
    if (!this.#closed.signal.aborted && this.#cluster.isConnected()) await this.#cluster.refreshMetadata().catch(() => undefined)
  }

  #expectOpen(): void {
    if (this.#closed.signal.aborted) throw new Fault('LOG_CLOSED', 'expected an open log, it was closed')
  }
}

/** Resolves after a time, or as soon as the signal aborts. */
export function pause(ms: number, signal: AbortSignal): Promise<void> {
  return new Promise(resolve => {
    const done = (): void => {
      clearTimeout(timer)
      signal.removeEventListener('abort', done)
      resolve()
    }
    const timer = setTimeout(done, ms)
    signal.addEventListener('abort', done)
    if (signal.aborted) done()
  })
}
