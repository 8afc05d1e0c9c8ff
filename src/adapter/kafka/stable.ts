/**
 * OffsetFetch of version 7, which kafkajs does not have: a group's positions, refused with UNSTABLE_OFFSET_COMMIT as long as a
 * transaction that moves one of them has not ended. The fields: https://kafka.apache.org/protocol#The_Messages_OffsetFetch,
 * why: KIP-447. Brokers have it since 2.5.
 */
import Decoder from 'kafkajs/src/protocol/decoder.js'
import Encoder from 'kafkajs/src/protocol/encoder.js'
import { createErrorFromCode, failure } from 'kafkajs/src/protocol/error.js'
import type { Broker, GroupPositions } from './protocol.ts'

const OFFSET_FETCH = 9
const VERSION = 7

/** Throws the first error of the answer, as kafkajs's own requests do. */
export function fetchStable(broker: Broker, groupId: string, topics: GroupPositions['asked']): Promise<GroupPositions['found']> {
  return broker.connectionPool.send({
    request: { apiKey: OFFSET_FETCH, apiVersion: VERSION, apiName: 'OffsetFetch', encode: async () => encode(groupId, topics) },
    response: { decode, parse: async answer => answer }
  })
}

/** What closes each structure of a request: fields that later versions may add. */
const closed = (encoder: Encoder): Encoder => encoder.writeUVarInt(0)

function encode(groupId: string, topics: GroupPositions['asked']): Encoder {
  const asked = topics.map(({ topic, partitions }) => {
    const numbers = partitions.map(({ partition }) => new Encoder().writeInt32(partition))
    return closed(new Encoder().writeUVarIntString(topic).writeUVarIntArray(numbers))
  })
  // The first byte ends the header.
  return closed(closed(new Encoder()).writeUVarIntString(groupId).writeUVarIntArray(asked).writeBoolean(true))
}

async function decode(bytes: Buffer): Promise<GroupPositions['found']> {
  const decoder = new Decoder(bytes)
  const codes: number[] = []
  decoder.readTaggedFields()
  decoder.readInt32() // how long it was throttled
  const found = decoder.readUVarIntArray(() => {
    const topic = decoder.readUVarIntString()!
    const partitions = decoder.readUVarIntArray(() => {
      const partition = decoder.readInt32()
      const offset = decoder.readInt64().toString()
      decoder.readInt32() // the leader's epoch
      decoder.readUVarIntString() // what was written beside it
      codes.push(decoder.readInt16())
      decoder.readTaggedFields()
      return { partition, offset }
    })
    decoder.readTaggedFields()
    return { topic, partitions: partitions ?? [] }
  })
  codes.push(decoder.readInt16())
  for (const code of codes) if (failure(code)) throw createErrorFromCode(code)
  return found ?? []
}
