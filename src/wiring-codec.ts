/** The codec of a configuration: over the package's schemas alone, or with those that a schema registry knows. */
import { readFileSync } from 'node:fs'
import { type CodecRegistry, openAvroCodec } from './adapter/avro/codec.ts'
import { currentOf, loadSchemas } from './adapter/avro/schemas.ts'
import { openRegistryClient, type RegistryClient } from './adapter/registry/client.ts'
import { checkCompatible, type Enrolment, enrol } from './adapter/registry/enrol.ts'
import { subjectOf } from './adapter/registry/subjects.ts'
import type { Config } from './config/options.ts'
import { Fault } from './fault/fault.ts'
import type { Codec } from './pipeline/codec.ts'

const KIBI = 1024

/**
 * Opens the codec. With a registry, one that will write first sees that the registry takes its schemas and has ids for
 * them: throws `CONFIG_INVALID` where it does not, `UNAVAILABLE` (retry) where it does not answer. One that only reads asks
 * for nothing before it meets an id.
 */
export async function openCodec(config: Config, readOnly: boolean): Promise<Codec> {
  const { registry } = config
  const maxBytes = config.input.maxRecordKiB * KIBI
  if (registry.url === null) return openAvroCodec({ maxBytes })
  const schemas = loadSchemas()
  const source = clientOf(registry, registry.url)
  const reading: CodecRegistry = { source, maxSchemas: registry.maxSchemas, absentMs: registry.absentMs }
  if (readOnly) return openAvroCodec({ maxBytes, schemas, registry: reading })
  const ids = await enrol(source, enrolmentsOf(config), registry.autoRegister)
  return openAvroCodec({ maxBytes, schemas, registry: { ...reading, ids } })
}

/** Whether the registry takes every schema, without registering any; says in words what it found. Throws as `openCodec`. */
export async function tryRegistry(config: Config): Promise<string> {
  const { registry } = config
  if (registry.url === null) return 'none: records carry the fingerprints of their schemas'
  const enrolments = enrolmentsOf(config)
  const client = clientOf(registry, registry.url)
  if (registry.autoRegister) await checkCompatible(client, enrolments)
  else await enrol(client, enrolments, false)
  return `${registry.url} answers; the schemas of ${enrolments.length} subjects are ${registry.autoRegister ? 'compatible' : 'there'}`
}

function enrolmentsOf({ registry }: Config): readonly Enrolment[] {
  return [...currentOf(loadSchemas()).values()].map(({ name, schema }) => ({
    event: name,
    subject: subjectOf(name, registry.subjects),
    schema: JSON.stringify(schema)
  }))
}

function clientOf(
  { username, password, token, caFile, requestMs, attempts, maxSchemaKiB }: Config['registry'],
  url: string
): RegistryClient {
  const authorization =
    token !== null
      ? () => `Bearer ${token.reveal()}`
      : password !== null
        ? () => `Basic ${Buffer.from(`${username}:${password.reveal()}`).toString('base64')}`
        : null
  return openRegistryClient({
    url,
    authorization,
    ca: caFile === null ? null : certificates(caFile),
    requestMs,
    attempts,
    maxBytes: maxSchemaKiB * KIBI
  })
}

function certificates(file: string): string {
  try {
    return readFileSync(file, 'utf8')
  } catch (cause) {
    throw new Fault('CONFIG_INVALID', `expected certificates at registry.caFile, got ${(cause as Error).message}: correct the path`, cause)
  }
}
