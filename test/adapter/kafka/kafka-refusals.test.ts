/** What a cluster refuses, and what our faults say of it: TLS with certificates of both sides, SASL and access rights on a real broker. */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { inspect } from 'node:util'
import { AclOperationTypes, AclPermissionTypes, AclResourceTypes, Kafka, ResourcePatternTypes } from 'kafkajs'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { freePort } from '../../../deploy/kafka/broker.mjs'
import type { Sasl } from '../../../src/adapter/kafka/connection.ts'
import { type KafkaOptions, openKafkaLog } from '../../../src/adapter/kafka/log.ts'
import { Fault } from '../../../src/fault/fault.ts'
import { take } from '../../pipeline/log.laws.ts'
import { noKafka, withBroker } from './broker.ts'
import { makeCertificates } from './certificates.ts'

const SECRET = 'sesam-7319'
const WRONG = 'wrong-8842'
const partitions = { lines: 2, parts: 1 }
const hidden = (value: string) => ({ reveal: () => value })
const login = 'org.apache.kafka.common.security'

describe.skipIf(noKafka !== null)('a cluster that asks who comes', () => {
  const folder = mkdtempSync(join(tmpdir(), 'andon-certificates-'))
  const certificates = noKafka === null ? makeCertificates(folder) : { ca: '', cert: '', key: '', keystore: '', truststore: '' }
  const users = ['alice', 'bob', 'carol', 'dave']
  const broker = withBroker({
    scram: users.flatMap(name => (['SCRAM-SHA-256', 'SCRAM-SHA-512'] as const).map(mechanism => ({ mechanism, name, password: SECRET }))),
    secure: {
      protocol: 'SASL_SSL',
      properties: {
        'sasl.enabled.mechanisms': 'PLAIN,SCRAM-SHA-256,SCRAM-SHA-512,OAUTHBEARER',
        'listener.name.secure.plain.sasl.jaas.config': `${login}.plain.PlainLoginModule required user_alice="${SECRET}";`,
        'listener.name.secure.scram-sha-256.sasl.jaas.config': `${login}.scram.ScramLoginModule required;`,
        'listener.name.secure.scram-sha-512.sasl.jaas.config': `${login}.scram.ScramLoginModule required;`,
        'listener.name.secure.oauthbearer.sasl.jaas.config': `${login}.oauthbearer.OAuthBearerLoginModule required unsecuredLoginStringClaim_sub="broker";`,
        'listener.name.secure.ssl.client.auth': 'required',
        'ssl.keystore.type': 'PEM',
        'ssl.keystore.location': certificates.keystore,
        'ssl.truststore.type': 'PEM',
        'ssl.truststore.location': certificates.truststore,
        'authorizer.class.name': 'org.apache.kafka.metadata.authorizer.StandardAuthorizer',
        'super.users': 'User:ANONYMOUS'
      }
    }
  })

  const tls = { ca: certificates.ca, cert: certificates.cert, key: hidden(certificates.key) }
  const scram = (username: string, password = SECRET): Sasl => ({ mechanism: 'scram-sha-512', username, password: hidden(password) })
  const secure = (sasl: Sasl): KafkaOptions => ({
    brokers: [broker().secureAddress!],
    tls,
    sasl,
    partitions,
    prefix: 'secure.',
    openMs: 20_000
  })

  beforeAll(async () => {
    if (noKafka !== null) return
    // Whoever comes by the plain listener may everything: it makes the topics and gives the rights.
    const plain = await openKafkaLog({ brokers: [broker().address], partitions, prefix: 'secure.', create: true })
    await plain.claim('g')
    await plain.close()
    const admin = new Kafka({ brokers: [broker().address], logLevel: 0 }).admin()
    await admin.connect()
    const allow = (user: string, resourceType: AclResourceTypes, operation: AclOperationTypes) => ({
      resourceType,
      resourceName: 'secure.',
      resourcePatternType: ResourcePatternTypes.PREFIXED,
      principal: `User:${user}`,
      host: '*',
      operation,
      permissionType: AclPermissionTypes.ALLOW
    })
    const { TOPIC, GROUP, TRANSACTIONAL_ID } = AclResourceTypes
    const acl = [
      ...[TOPIC, GROUP, TRANSACTIONAL_ID].map(type => allow('alice', type, AclOperationTypes.ALL)),
      ...[TOPIC, TRANSACTIONAL_ID].map(type => allow('carol', type, AclOperationTypes.ALL)),
      ...[TOPIC, GROUP].map(type => allow('dave', type, AclOperationTypes.ALL))
    ]
    await admin.createAcls({ acl })
    await admin.disconnect()
  }, 60_000)
  afterAll(() => rmSync(folder, { recursive: true, force: true }))

  const jwt = (sub: string): string => {
    const part = (value: object): string => Buffer.from(JSON.stringify(value)).toString('base64url')
    const now = Math.floor(Date.now() / 1000)
    return `${part({ alg: 'none' })}.${part({ sub, iat: now, exp: now + 600 })}.`
  }
  const mechanisms: readonly Sasl[] = [
    { mechanism: 'plain', username: 'alice', password: hidden(SECRET) },
    { mechanism: 'scram-sha-256', username: 'alice', password: hidden(SECRET) },
    { mechanism: 'scram-sha-512', username: 'alice', password: hidden(SECRET) },
    { mechanism: 'oauthbearer', token: async () => hidden(jwt('alice')) }
  ]
  test.each(mechanisms)('takes $mechanism over TLS with our certificate: writes, reads, commits', async sasl => {
    const log = await openKafkaLog(secure(sasl))
    const [position] = await log.write([{ topic: 'parts', key: 'k', value: Buffer.from(sasl.mechanism) }])
    const [record] = await take(log, ['parts'], 1, [position!])
    expect(Buffer.from(record!.value).toString()).toBe(sasl.mechanism)
    const claim = await log.claim('g')
    await claim.commit({ outputs: [], positions: [{ topic: 'parts', partition: 0, offset: position!.offset + 1 }], notes: [] })
    expect(await log.committed('g')).toEqual([{ topic: 'parts', partition: 0, offset: position!.offset + 1 }])
    await log.close()
  })

  type Case = readonly [
    name: string,
    options: () => KafkaOptions | Promise<KafkaOptions>,
    code: string,
    message: RegExp,
    act?: 'claim' | 'write'
  ]
  const noFile = Object.assign(new Error('ENOENT: no such file or directory'), { code: 'ENOENT' })
  const unreadable = new Fault('FILE_UNREADABLE', 'expected a token at /etc/token, got none', noFile)
  const cases: readonly Case[] = [
    ['a wrong password', () => secure(scram('alice', WRONG)), 'CONFIG_INVALID', /know the user alice, it refuses the sign-in: check/],
    [
      'a wrong password given plainly',
      () => secure({ mechanism: 'plain', username: 'alice', password: hidden(WRONG) }),
      'CONFIG_INVALID',
      /know the user alice, it refuses the sign-in: check/
    ],
    ['a user it does not know', () => secure(scram('mallory')), 'CONFIG_INVALID', /know the user mallory, it refuses the sign-in/],
    [
      'a token that is none',
      () => secure({ mechanism: 'oauthbearer', token: async () => hidden(WRONG) }),
      'CONFIG_INVALID',
      /know the user of the token, it refuses the sign-in/
    ],
    [
      'a token that cannot be read',
      () => secure({ mechanism: 'oauthbearer', token: () => Promise.reject(unreadable) }),
      'FILE_UNREADABLE',
      /expected a token at/
    ],
    [
      'no sign-in',
      () => ({ brokers: [broker().secureAddress!], tls, partitions, openMs: 1500 }),
      'UNAVAILABLE',
      /or its listener wants TLS or SASL that was not given/
    ],
    [
      'an authority that is not known here',
      () => ({ ...secure(scram('alice')), tls: { cert: certificates.cert, key: hidden(certificates.key) } }),
      'CONFIG_INVALID',
      /signed by an authority that is known here, .*: give the authority as ca/
    ],
    [
      'no certificate of ours',
      () => ({ ...secure(scram('alice')), tls: { ca: certificates.ca } }),
      'CONFIG_INVALID',
      /it asks for another: give cert and key/
    ],
    [
      'no TLS where it is spoken',
      () => ({ brokers: [broker().secureAddress!], partitions, openMs: 1500 }),
      'UNAVAILABLE',
      /or its listener wants TLS or SASL that was not given/
    ],
    [
      'TLS where none is spoken',
      () => ({ brokers: [broker().address], tls, partitions, openMs: 1500 }),
      'UNAVAILABLE',
      /or its listener speaks no TLS/
    ],
    [
      'no right to the topics',
      () => secure(scram('bob')),
      'CONFIG_INVALID',
      /the user bob to have the right to .*topic secure\.lines.*allow Describe, Read and Write/
    ],
    [
      'no right to the group',
      () => secure(scram('carol')),
      'CONFIG_INVALID',
      /the user carol .*group secure\.g.*allow Read on the consumer group/,
      'claim'
    ],
    [
      'no right to the transactional id',
      () => secure(scram('dave')),
      'CONFIG_INVALID',
      /the user dave .*allow Write and Describe on the transactional id/,
      'claim'
    ],
    [
      'topics that are not there',
      () => ({ brokers: [broker().address], partitions, prefix: 'none.' }),
      'CONFIG_INVALID',
      /expected the topics none\.lines, none\.parts, .*kafka-topics --create --topic none\.lines --partitions 2/
    ],
    [
      'another number of partitions',
      () => ({ brokers: [broker().address], partitions: { lines: 5 }, prefix: 'secure.' }),
      'CONFIG_INVALID',
      /expected 5 partitions of the topic secure\.lines, the cluster has 2: set log\.partitions to 2/
    ],
    [
      'more copies than there are brokers',
      () => ({ brokers: [broker().address], partitions, prefix: 'copies.', create: true, replication: 3 }),
      'CONFIG_INVALID',
      /let us make the topics copies\.lines, copies\.parts, it refuses: Replication[ -]factor/
    ],
    [
      'a broker that is not there',
      async () => ({ brokers: [`127.0.0.1:${await freePort()}`], partitions, openMs: 500 }),
      'UNAVAILABLE',
      /expected the cluster to answer, could not reach the cluster/
    ],
    [
      'a record longer than its topic takes',
      () => secure(scram('alice')),
      'INPUT_INVALID',
      /could not write to the topic secure\.parts: .*raise max\.message\.bytes/,
      'write'
    ]
  ]
  test.each(cases.map(each => ({ name: each[0], each })))('$name', async ({ each: [, options, code, message, act] }) => {
    const told: string[] = []
    const error = await (async () => {
      const log = await openKafkaLog({ ...(await options()), tell: (_level, said) => void told.push(said) })
      try {
        if (act === 'claim') await log.claim('g')
        if (act === 'write') await log.write([{ topic: 'parts', key: null, value: new Uint8Array(17 * 1024 * 1024) }])
      } finally {
        await log.close()
      }
    })().then(
      () => null,
      (thrown: unknown) => thrown
    )
    expect(error).toBeInstanceOf(Fault)
    expect((error as Fault).message).toMatch(message)
    expect((error as Fault).code).toBe(code)
    const shown = inspect(error, { depth: 20 }) + told.join('\n')
    for (const secret of [SECRET, WRONG, certificates.key.split('\n')[3]!]) expect(shown).not.toContain(secret)
  })

  test('one record too long among others that wait: the others are written', async () => {
    const log = await openKafkaLog(secure(scram('alice')))
    const sizes = [10, 17 * 1024 * 1024, 20]
    const outcomes = await Promise.allSettled(sizes.map(size => log.write([{ topic: 'parts', key: null, value: new Uint8Array(size) }])))
    expect(outcomes.map(({ status }) => status)).toEqual(['fulfilled', 'rejected', 'fulfilled'])
    const claim = await log.claim('g')
    const end = (await log.ends(['parts']))[0]!.offset
    const commit = (size: number) =>
      claim.commit({ outputs: [{ topic: 'parts', key: null, value: new Uint8Array(size) }], positions: [], notes: [] })
    await expect(commit(sizes[1]!)).rejects.toMatchObject({ code: 'INPUT_INVALID' })
    expect((await log.ends(['parts']))[0]!.offset).toBe(end)
    await commit(30)
    await log.close()
  })
})
