/** A real broker for tests: one for each file, on free ports, gone with its data when the file has run. */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll } from 'vitest'
import { type BrokerOptions, type RunningBroker, startBroker } from '../../../deploy/kafka/broker.mjs'
import { fetchJars, missingForKafka } from '../../../deploy/kafka/jars.mjs'

/** Why there is no broker to be had here, or null. Where ANDON_REQUIRE names kafka there must be one. */
function missing(): string | null {
  const required = (process.env.ANDON_REQUIRE ?? '').split(',').includes('kafka')
  const lacking = missingForKafka()
  if (lacking !== null) return required ? null : lacking
  try {
    fetchJars(process.env.ANDON_KAFKA_VERSION ? { version: process.env.ANDON_KAFKA_VERSION } : {})
    return null
  } catch (error) {
    return required ? null : `Kafka could not be fetched: ${(error as Error).message}`
  }
}

export const noKafka = missing()
if (noKafka !== null) console.info(`skipped: ${noKafka}`)

/** Starts a broker before the tests of a file and ends it after them. `broker()` gives it. */
export function withBroker(options: Omit<BrokerOptions, 'directory'> = {}): () => RunningBroker {
  const directory = mkdtempSync(join(tmpdir(), 'andon-kafka-'))
  let broker: RunningBroker | null = null
  beforeAll(async () => {
    if (noKafka !== null) return
    const version = process.env.ANDON_KAFKA_VERSION
    broker = await startBroker({ directory, heapMiB: 384, brief: true, ...(version ? { version } : {}), ...options })
  }, 120_000)
  afterAll(async () => {
    await broker?.kill()
    rmSync(directory, { recursive: true, force: true })
  })
  return () => broker!
}
