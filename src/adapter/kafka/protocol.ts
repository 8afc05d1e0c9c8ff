/**
 * The part of kafkajs that this adapter stands on: requests and answers of Kafka's protocol, one call each, below its
 * producer and consumer. Sequence numbers, transactions, retries and what is read when are ours, since each of them
 * decides what survives a crash.
 */

/** An offset as the wire has it: 64 bits, in decimal. */
export type Long = string

/** A record to be written. */
export interface Message {
  readonly key: string | null
  readonly value: Buffer | null
}

/** A record as it was read. */
export interface Received {
  readonly key: Buffer | null
  readonly value: Buffer | null
  readonly offset: Long
  readonly timestamp: Long
  readonly isControlRecord: boolean
  readonly batchContext: { readonly producerId: Long; readonly inTransaction: boolean }
}

export interface FetchedPartition {
  readonly partition: number
  readonly highWatermark: Long
  readonly lastStableOffset: Long
  readonly abortedTransactions: readonly { readonly producerId: Long; readonly firstOffset: Long }[]
  readonly messages: readonly Received[]
}

export interface Producer {
  readonly producerId: Long
  readonly producerEpoch: number
}

/** What a member is told when all have joined: the leader, who all of them are. */
export interface Joined {
  readonly generationId: number
  readonly leaderId: string
  readonly memberId: string
  readonly members: readonly { readonly memberId: string; readonly memberMetadata: Buffer }[]
}

export interface TransactionOf extends Producer {
  readonly transactionalId: string
}

interface PerTopic<P> {
  readonly topic: string
  readonly partitions: readonly P[]
}

/** The positions of a group: of which partitions they are asked, and what they are; −1 where none is committed. */
export interface GroupPositions {
  readonly asked: readonly PerTopic<{ readonly partition: number }>[]
  readonly found: readonly PerTopic<{ readonly partition: number; readonly offset: Long }>[]
}

/** One broker of the cluster. Every call is one request; a code other than success is thrown. */
export interface Broker {
  produce(request: {
    readonly topicData: readonly PerTopic<{
      readonly partition: number
      readonly firstSequence: number
      readonly messages: readonly Message[]
    }>[]
    readonly transactionalId?: string | undefined
    readonly producerId: Long
    readonly producerEpoch: number
    readonly acks: -1
    readonly timeout: number
  }): Promise<{
    readonly topics: readonly {
      readonly topicName: string
      readonly partitions: readonly { readonly partition: number; readonly baseOffset: Long }[]
    }[]
  }>
  fetch(request: {
    readonly isolationLevel: 0 | 1
    readonly maxWaitTime: number
    readonly minBytes: number
    readonly maxBytes: number
    readonly topics: readonly PerTopic<{ readonly partition: number; readonly fetchOffset: Long; readonly maxBytes: number }>[]
  }): Promise<{ readonly responses: readonly { readonly topicName: string; readonly partitions: readonly FetchedPartition[] }[] }>
  listOffsets(request: {
    readonly isolationLevel: 0 | 1
    readonly topics: readonly PerTopic<{ readonly partition: number; readonly timestamp: number | Long }>[]
  }): Promise<{ readonly responses: readonly PerTopic<{ readonly partition: number; readonly offset: Long }>[] }>
  offsetFetch(request: { readonly groupId: string; readonly topics: GroupPositions['asked'] }): Promise<{
    readonly responses: GroupPositions['found']
  }>
  /** The requests that it understands, by number. */
  readonly versions?: Readonly<Record<number, unknown>> | null
  /** For requests that kafkajs does not have. */
  readonly connectionPool: {
    send<T>(exchange: {
      readonly request: { readonly apiKey: number; readonly apiVersion: number; readonly apiName: string; encode(): Promise<unknown> }
      readonly response: { decode(bytes: Buffer): Promise<T>; parse(answer: T): Promise<T> }
    }): Promise<T>
  }
  /** Answered when every member of the group has joined, or had the time to. */
  joinGroup(request: {
    readonly groupId: string
    readonly sessionTimeout: number
    readonly rebalanceTimeout: number
    readonly memberId: string
    readonly groupProtocols: readonly { readonly name: string; readonly metadata: Buffer }[]
  }): Promise<Joined>
  /** Answered when the leader has said who gets what. */
  syncGroup(request: {
    readonly groupId: string
    readonly generationId: number
    readonly memberId: string
    readonly groupAssignment: readonly { readonly memberId: string; readonly memberAssignment: Buffer }[]
  }): Promise<{ readonly memberAssignment: Buffer }>
  heartbeat(request: { readonly groupId: string; readonly groupGenerationId: number; readonly memberId: string }): Promise<unknown>
  leaveGroup(request: { readonly groupId: string; readonly memberId: string }): Promise<unknown>
  offsetCommit(request: {
    readonly groupId: string
    readonly groupGenerationId: number
    readonly memberId: string
    readonly topics: readonly PerTopic<{ readonly partition: number; readonly offset: Long }>[]
  }): Promise<unknown>
  initProducerId(request: { readonly transactionalId?: string | undefined; readonly transactionTimeout: number }): Promise<Producer>
  addPartitionsToTxn(request: TransactionOf & { readonly topics: readonly PerTopic<number>[] }): Promise<unknown>
  addOffsetsToTxn(request: TransactionOf & { readonly groupId: string }): Promise<unknown>
  txnOffsetCommit(
    request: TransactionOf & {
      readonly groupId: string
      readonly topics: readonly PerTopic<{ readonly partition: number; readonly offset: Long }>[]
    }
  ): Promise<unknown>
  endTxn(request: TransactionOf & { readonly transactionResult: boolean }): Promise<unknown>
  deleteRecords(request: { readonly topics: readonly PerTopic<{ readonly partition: number; readonly offset: Long }>[] }): Promise<unknown>
  findGroupCoordinator(of: {
    readonly groupId: string
    readonly coordinatorType: 0 | 1
  }): Promise<{ readonly coordinator: { readonly nodeId: number } }>
  createTopics(request: {
    readonly topics: readonly {
      readonly topic: string
      readonly numPartitions: number
      readonly replicationFactor: number
      readonly configEntries: readonly { readonly name: string; readonly value: string }[]
    }[]
    readonly timeout: number
  }): Promise<unknown>
  metadata(topics: readonly string[]): Promise<{
    readonly topicMetadata: readonly { readonly topic: string; readonly partitionMetadata: readonly { readonly partitionId: number }[] }[]
  }>
}

/** The brokers and who leads what. */
export interface Cluster {
  connect(): Promise<void>
  disconnect(): Promise<void>
  isConnected(): boolean
  refreshMetadata(): Promise<void>
  refreshMetadataIfNecessary(): Promise<void>
  removeBroker(address: { readonly host: string; readonly port: number }): void
  addMultipleTargetTopics(topics: readonly string[]): Promise<void>
  findBroker(node: { readonly nodeId: string | number }): Promise<Broker>
  findControllerBroker(): Promise<Broker>
  /** Partitions by the number of the node that leads them. */
  findLeaderForPartitions(topic: string, partitions: readonly number[]): Readonly<Record<string, readonly number[]>>
}

/** What `listOffsets` takes in place of a time. */
export const EARLIEST = -2
export const LATEST = -1
/** Only what no transaction can take back. */
export const READ_UNCOMMITTED = 0
export const READ_COMMITTED = 1
export const GROUP_COORDINATOR = 0
export const TRANSACTION_COORDINATOR = 1
