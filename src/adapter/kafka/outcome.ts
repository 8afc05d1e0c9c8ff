/**
 * DescribeTransactions, which kafkajs does not have: how the newest transaction under an id has ended. The fields:
 * https://kafka.apache.org/protocol#The_Messages_DescribeTransactions, why: KIP-664. Brokers have it since 3.0, of older ones
 * nothing is known; who may transact under an id may ask.
 */
import Decoder from 'kafkajs/src/protocol/decoder.js'
import Encoder from 'kafkajs/src/protocol/encoder.js'
import { createErrorFromCode, failure } from 'kafkajs/src/protocol/error.js'
import type { Link } from './link.ts'
import { type Broker, TRANSACTION_COORDINATOR } from './protocol.ts'
import type { Place } from './scan.ts'

const DESCRIBE_TRANSACTIONS = 65
const VERSION = 0
const ID_NOT_FOUND = 105

/** How the last transaction under an id has ended, or is about to. */
export interface Ended {
  /** `unknown` where there was none, or it is forgotten: who has begun anew under the id and not transacted yet has made it so. */
  readonly outcome: 'committed' | 'aborted' | 'unknown'
  /** Where it has written, as far as that is still known: not of one that has ended everywhere, by what the cluster believes. */
  readonly places: readonly Place[]
  /** When it began, milliseconds since 1970; −1 where that is not known. */
  readonly startedAt: number
}

export const UNKNOWN: Ended = { outcome: 'unknown', places: [], startedAt: -1 }

/** One that is open counts as aborted: that is what the cluster makes of it when somebody begins anew. */
const outcomes: Readonly<Record<string, Ended['outcome']>> = {
  PrepareCommit: 'committed',
  CompleteCommit: 'committed',
  Ongoing: 'aborted',
  PrepareAbort: 'aborted',
  PrepareEpochFence: 'aborted',
  CompleteAbort: 'aborted'
}

export async function lastOf(link: Link, transactionalId: string): Promise<Ended> {
  return link.use(`ask how the last transaction of ${transactionalId} has ended`, async () => {
    const broker = await link.coordinatorOf(transactionalId, TRANSACTION_COORDINATOR)
    return broker.versions?.[DESCRIBE_TRANSACTIONS] === undefined ? UNKNOWN : describe(broker, transactionalId)
  })
}

function describe(broker: Broker, transactionalId: string): Promise<Ended> {
  return broker.connectionPool.send({
    request: {
      apiKey: DESCRIBE_TRANSACTIONS,
      apiVersion: VERSION,
      apiName: 'DescribeTransactions',
      // A byte ends the header, and one the request: fields that later versions may add.
      encode: async () =>
        new Encoder()
          .writeUVarInt(0)
          .writeUVarIntArray([new Encoder().writeUVarIntString(transactionalId)])
          .writeUVarInt(0)
    },
    response: { decode, parse: async answer => answer }
  })
}

async function decode(bytes: Buffer): Promise<Ended> {
  const decoder = new Decoder(bytes)
  decoder.readTaggedFields()
  decoder.readInt32() // how long it was throttled
  const described = decoder.readUVarIntArray(() => {
    const code = decoder.readInt16()
    decoder.readUVarIntString() // its id
    const outcome = outcomes[decoder.readUVarIntString() ?? ''] ?? 'unknown'
    decoder.readInt32() // its timeout
    const startedAt = Number(decoder.readInt64().toString())
    decoder.readInt64() // its producer
    decoder.readInt16() // and the epoch of that
    const topics = decoder.readUVarIntArray(() => {
      const topic = decoder.readUVarIntString() ?? ''
      const partitions = decoder.readUVarIntArray(() => decoder.readInt32()) ?? []
      decoder.readTaggedFields()
      return partitions.map(partition => ({ topic, partition }))
    })
    decoder.readTaggedFields()
    return { code, ended: { outcome, places: (topics ?? []).flat(), startedAt } }
  })
  const [first] = described ?? []
  if (first === undefined || first.code === ID_NOT_FOUND) return UNKNOWN
  if (failure(first.code)) throw createErrorFromCode(first.code)
  return first.ended
}
