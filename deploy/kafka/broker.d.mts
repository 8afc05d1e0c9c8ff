/** Types of `broker.mjs`. */

export interface BrokerOptions {
  /** Settings, log and data. Used again, the broker has what it had acknowledged. */
  readonly directory: string
  /** 0 or absent takes a free port. */
  readonly port?: number
  readonly controllerPort?: number
  /** Kafka's version; absent: the newest known to work. */
  readonly version?: string
  /** Where the jars are kept between runs. */
  readonly cache?: string
  readonly heapMiB?: number
  /** It will live for a minute or so: less is spent on compiling it, and it is slower once warm. */
  readonly brief?: boolean
  /** A second listener beside the plain one, with the protocol's own properties. */
  readonly secure?: {
    readonly protocol: 'SSL' | 'SASL_SSL' | 'SASL_PLAINTEXT'
    readonly port?: number
    readonly properties: Readonly<Record<string, string>>
  }
  /** Users made when the directory is formatted. */
  readonly scram?: readonly { readonly mechanism: 'SCRAM-SHA-256' | 'SCRAM-SHA-512'; readonly name: string; readonly password: string }[]
  /** Override any property of the broker. */
  readonly properties?: Readonly<Record<string, string | number | boolean>>
}

export interface RunningBroker {
  readonly port: number
  /** `host:port` of the plain listener. */
  readonly address: string
  readonly secureAddress: string | null
  /** The file that the broker writes its own log to. */
  readonly log: string
  /** Null while it is not running. */
  readonly pid: number | null
  /** Starts it again on the same data and ports, after `kill` or `stop`. */
  start(): Promise<void>
  /** `kill -9`. */
  kill(): Promise<void>
  /** Ends it in order. Idempotent. */
  stop(): Promise<void>
  /** Resolves with the exit code or signal once it has ended. */
  ended(): Promise<number | string>
}

export function startBroker(options: BrokerOptions): Promise<RunningBroker>
export function freePort(): Promise<number>
