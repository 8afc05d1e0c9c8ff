/** Parts of kafkajs 2.2.4 that its own types do not name. The version is pinned, as these are no public interface. */

declare module 'kafkajs/src/cluster/index.js' {
  const Cluster: new (options: object) => import('./protocol.ts').Cluster
  export default Cluster
}

declare module 'kafkajs/src/network/socketFactory.js' {
  const socketFactory: () => unknown
  export default socketFactory
}

declare module 'kafkajs/src/network/requestQueue/index.js' {
  /** Requests on one connection that may not be sent yet. */
  interface RequestQueue {
    readonly pending: readonly unknown[]
    readonly throttledUntil: number
    throttleCheckTimeoutId: NodeJS.Timeout | null
    checkPendingRequests(): void
    scheduleCheckPendingRequests(): void
  }
  const RequestQueue: { readonly prototype: RequestQueue }
  export default RequestQueue
}

declare module 'kafkajs/src/network/connectionPool.js' {
  interface Connection {
    isConnected(): boolean
    connect(): Promise<unknown>
  }
  /** The two connections to a broker: one for fetches, which may wait, one for the rest. */
  interface ConnectionPool {
    readonly pool: readonly Connection[]
    /** Ours: connections that are being opened. */
    opening?: Map<number, Promise<unknown>>
    getConnection(index?: number): Promise<Connection>
  }
  const ConnectionPool: { readonly prototype: ConnectionPool }
  export default ConnectionPool
}

declare module 'kafkajs/src/protocol/encoder.js' {
  class Encoder {
    writeInt32(value: number): Encoder
    writeBoolean(value: boolean): Encoder
    writeUVarInt(value: number): Encoder
    writeUVarIntString(value: string): Encoder
    writeUVarIntArray(values: readonly Encoder[]): Encoder
  }
  export default Encoder
}

declare module 'kafkajs/src/protocol/decoder.js' {
  class Decoder {
    constructor(bytes: Buffer)
    readInt16(): number
    readInt32(): number
    readInt64(): { toString(): string }
    readUVarIntString(): string | null
    readUVarIntArray<T>(read: () => T): T[] | null
    readTaggedFields(): unknown
  }
  export default Decoder
}

declare module 'kafkajs/src/protocol/error.js' {
  export function failure(code: number): boolean
  export function createErrorFromCode(code: number): Error
}

declare module 'kafkajs/src/consumer/assignerProtocol.js' {
  /** What a member tells of itself. */
  export const MemberMetadata: {
    encode(metadata: { version: number; topics: readonly string[]; userData: Buffer }): Buffer
    decode(bytes: Buffer): { readonly userData: Buffer | null }
  }
  /** What a member is given; of no bytes there is none. */
  export const MemberAssignment: {
    encode(assignment: { version: number; assignment: Readonly<Record<string, readonly number[]>>; userData: Buffer }): Buffer
    decode(bytes: Buffer): { readonly userData: Buffer | null } | null
  }
}
