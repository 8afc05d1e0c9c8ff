/**
 * DescribeTransactions, which kafkajs does not have: how the newest transaction under an id has ended. The fields:
 * https://kafka.apache.org/protocol#The_Messages_DescribeTransactions, why: KIP-664. Brokers have it since 3.0; who may
 * transact under an id may ask.
 */
import Decoder from 'kafkajs/src/protocol/decoder.js'
import Encoder from 'kafkajs/src/protocol/encoder.js'
import { createErrorFromCode, failure } from 'kafkajs/src/protocol/error.js'
import type { Link } from './link.ts'
import { type Broker, TRANSACTION_COORDINATOR } from './protocol.ts'

const DESCRIBE_TRANSACTIONS = 65
const VERSION = 0
const ID_NOT_FOUND = 105

/** `unknown` where there was none, or it is forgotten: who has begun anew under the id and not transacted yet has made it so. */
export type Outcome = 'committed' | 'aborted' | 'unknown'

/** One that is open counts as aborted: that is what the cluster makes of it when somebody begins anew. */
const outcomes: Readonly<Record<string, Outcome>> = {
  PrepareCommit: 'committed',
  CompleteCommit: 'committed',
  Ongoing: 'aborted',
  PrepareAbort: 'aborted',
  PrepareEpochFence: 'aborted',
  CompleteAbort: 'aborted'
}

export async function outcomeOf(link: Link, transactionalId: string): Promise<Outcome> {
  const { state } = await link.use(`ask how the last transaction of ${transactionalId} has ended`, async () =>
    describe(await link.coordinatorOf(transactionalId, TRANSACTION_COORDINATOR), transactionalId)
  )
  return (state === null ? undefined : outcomes[state]) ?? 'unknown'
}

/** Its state, null of an id that is not known. */
function describe(broker: Broker, transactionalId: string): Promise<{ readonly state: string | null }> {
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

async function decode(bytes: Buffer): Promise<{ readonly state: string | null }> {
  const decoder = new Decoder(bytes)
  decoder.readTaggedFields()
  decoder.readInt32() // how long it was throttled
  const states = decoder.readUVarIntArray(() => {
    const code = decoder.readInt16()
    decoder.readUVarIntString() // its id
    const state = decoder.readUVarIntString()
    decoder.readInt32() // its timeout
    decoder.readInt64() // when it began
    decoder.readInt64() // its producer
    decoder.readInt16() // and the epoch of that
    decoder.readUVarIntArray(() => {
      decoder.readUVarIntString()
      decoder.readUVarIntArray(() => decoder.readInt32())
      decoder.readTaggedFields()
    })
    decoder.readTaggedFields()
    return { code, state }
  })
  const [first] = states ?? []
  if (first === undefined || first.code === ID_NOT_FOUND) return { state: null }
  if (failure(first.code)) throw createErrorFromCode(first.code)
  return first
}
