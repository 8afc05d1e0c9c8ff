/** How to reach a Kafka cluster, for `log.kind: kafka`. */
import * as z from 'zod'
import { file, secret } from './value.ts'

export const kafkaOptions = z.strictObject({
  brokers: z
    .array(z.string().regex(/^[^\s:/]+:\d{1,5}$/))
    .min(1)
    .max(100)
    .default(['127.0.0.1:9092'])
    .meta({ accepts: 'a list of HOST:PORT' })
    .describe('Some brokers of the cluster; the others are learned from them'),
  prefix: z
    .string()
    .max(64)
    .regex(/^[A-Za-z0-9._-]*$/)
    .default('')
    .describe('Stands before the name of every topic, group and transactional id, so that several Andons share a cluster'),
  create: z.boolean().default(true).describe('Make the topics that are missing; otherwise they must be there'),
  replication: z
    .int()
    .min(1)
    .max(32_767)
    .nullable()
    .default(null)
    .describe('Copies of each partition of a topic made here; `null` for what the cluster does by default'),
  sessionMs: z
    .int()
    .min(500)
    .max(1_800_000)
    .default(6000)
    .describe(
      'A process not heard of for so long is taken for gone: its lease and its partitions go to others. Brokers refuse less than their `group.min.session.timeout.ms`, which is 6000 unless set'
    ),
  stallMs: z
    .int()
    .min(1000)
    .max(3_600_000)
    .default(30_000)
    .describe(
      'Records that are there and do not come for so long, though the cluster answers, are asked for on new connections; after the fourth time in a row the process ends, to be started again'
    ),
  transactionalPredictions: z
    .boolean()
    .default(false)
    .describe(
      'Whether predictors that share the work write predictions and positions in one transaction: each observation gets one prediction even where a predictor is killed, which otherwise repeats some; a portion then takes some milliseconds more'
    ),
  tls: z
    .strictObject({
      enabled: z.boolean().default(false).describe('Speak TLS with the brokers'),
      caFile: file('The authority that signed the brokers’ certificates, as PEM; `null` for those that Node knows'),
      certFile: file('The certificate that we show, as PEM, where the cluster asks for one'),
      keyFile: file('Its private key, as PEM')
    })
    .prefault({})
    .describe('TLS'),
  sasl: z
    .strictObject({
      mechanism: z
        .enum(['none', 'plain', 'scram-sha-256', 'scram-sha-512', 'oauthbearer'])
        .default('none')
        .describe('How we sign in to the cluster'),
      username: z.string().max(4096).default('').describe('The name to sign in with'),
      password: secret('The password to sign in with', 1, null),
      passwordFile: file('A file that holds the password, in place of the variable'),
      tokenFile: file('A file that holds the token of oauthbearer; read anew for each connection, so that something else may renew it')
    })
    .superRefine(({ mechanism, username, password, tokenFile }, context) => {
      const missing = (path: string, message: string): void => context.addIssue({ code: 'custom', path: [path], message })
      if (mechanism === 'none') return
      if (mechanism === 'oauthbearer') {
        if (tokenFile === null) missing('tokenFile', 'expected the file of a token for the mechanism oauthbearer, got none')
        return
      }
      if (username === '') missing('username', `expected a name for the mechanism ${mechanism}, got none`)
      if (password === null)
        missing(
          'password',
          `expected a password for the mechanism ${mechanism}, got none: set ANDON_LOG__KAFKA__SASL__PASSWORD or passwordFile`
        )
    })
    .prefault({})
    .describe('Signing in')
})

export type KafkaConfig = z.output<typeof kafkaOptions>
