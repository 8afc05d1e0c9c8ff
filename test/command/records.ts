/** What stands in a topic of the log of a data directory, decoded. */
import { join } from 'node:path'
import { openAvroCodec } from '../../src/adapter/avro/codec.ts'
import { openLmdbLog } from '../../src/adapter/lmdb/log.ts'
import type { Events, Topic } from '../../src/events/event.ts'
import { range } from '../../src/pipeline/range.ts'

const names = {
  observations: 'observation',
  labels: 'label',
  examples: 'example',
  predictions: 'prediction',
  rejects: 'rejection'
} as const

export async function recordsIn<T extends Topic & keyof typeof names>(data: string, topic: T): Promise<Events[(typeof names)[T]][]> {
  const codec = openAvroCodec()
  const log = await openLmdbLog({ directory: join(data, 'log'), maxBytes: 0, readOnly: true })
  try {
    const found: Events[(typeof names)[T]][] = []
    for await (const { value } of range(log, topic, [], await log.ends([topic]), new AbortController().signal)) {
      const decoded = codec.decode(value)
      if ('code' in decoded || decoded.name !== names[topic]) throw new Error(`expected a ${names[topic]}, came ${JSON.stringify(decoded)}`)
      found.push(decoded.event as Events[(typeof names)[T]])
    }
    return found
  } finally {
    await log.close()
  }
}
