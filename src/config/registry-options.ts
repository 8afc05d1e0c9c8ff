/** Options of the schema registry. Without a URL there is none, and nothing else of it is looked at. */
import * as z from 'zod'
import { count, file, secret } from './value.ts'

const plainUrl = (text: string): boolean => {
  if (!URL.canParse(text)) return false
  const { protocol, username, password, search, hash } = new URL(text)
  return /^https?:$/.test(protocol) && username + password + search + hash === ''
}

export const registryOptions = z
  .strictObject({
    url: z
      .string()
      .refine(plainUrl, 'expected an address of http or https without credentials, query or fragment: see registry.username')
      .nullable()
      .default(null)
      .meta({ accepts: 'an address such as https://registry:8081, without credentials or a query, or null' })
      .describe('Where a schema registry answers; `null` for none: what is written is then single-object encoding'),
    subjects: z
      .enum(['topic', 'topicRecord', 'record'])
      .default('topic')
      .describe(
        'Names of subjects: `topic` (observations-value), `topicRecord` (observations-andon.Observation) or `record` (andon.Observation); where a topic carries several events, `topic` means `topicRecord`'
      ),
    autoRegister: z
      .boolean()
      .default(true)
      .describe('Whether schemas that the registry lacks are registered at start; if not, they must be there'),
    username: z
      .string()
      .regex(/^[^:\p{Cc}]{1,1000}$/u)
      .nullable()
      .default(null)
      .meta({ accepts: 'a text without colons or null' })
      .describe('Name for basic authentication, which needs a password'),
    password: secret('Password for basic authentication', 1, /^[^\p{Cc}]+$/u),
    passwordFile: file('A file that holds the password, in place of the variable'),
    token: secret('What is sent as `Authorization: Bearer …`, in place of a name and password'),
    tokenFile: file('A file that holds that token, in place of the variable'),
    caFile: file('Certificates in PEM that are trusted in place of those that come with Node'),
    requestMs: count(10, 600_000).default(5000).describe('A request that takes longer has failed'),
    attempts: count(1, 100)
      .default(5)
      .describe('How often a request at start is tried; while running Andon waits and tries for as long as it takes'),
    maxSchemas: count(1000, 1_000_000)
      .default(1000)
      .describe('Schemas of others kept at once; beyond it the one not used longest is fetched again when it is met'),
    maxSchemaKiB: count(64, 65_536).default(1024).describe('A longer schema is not read, and what was written with it is rejected'),
    absentMs: count(100, 86_400_000).default(30_000).describe('How long the registry’s word that it has no such schema is believed')
  })
  .superRefine(({ username, password, token }, context) => {
    const refuse = (path: string, message: string) => context.addIssue({ code: 'custom', path: [path], message })
    if (username !== null && token !== null) refuse('token', 'expected a name and password or a token, got both: leave one out')
    else if (username !== null && password === null)
      refuse('username', 'expected a password beside the name, got none: set ANDON_REGISTRY__PASSWORD or registry.passwordFile')
    else if (username === null && password !== null)
      refuse('username', 'expected a name beside the password, got none: set registry.username')
  })
