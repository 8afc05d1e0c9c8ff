/** Options of alerts: the rules, the trial, and where alerts are told. */
import * as z from 'zod'
import { ruleOptions } from './rule-options.ts'
import { Secret } from './secret.ts'
import { count, file, secret } from './value.ts'

const timeoutMs = count(100, 120_000).default(10_000).describe('A request that takes longer has failed, and is made again')

const isUrl = (text: string, protocols: RegExp, plain: boolean): boolean => {
  if (!URL.canParse(text)) return false
  const { protocol, username, password, hash } = new URL(text)
  return protocols.test(protocol) && hash === '' && (!plain || username + password === '')
}

const address = (protocols: RegExp, example: string, what: string) =>
  z
    .string()
    .refine(text => isUrl(text, protocols, true), `expected an address such as ${example}, without credentials`)
    .nullable()
    .default(null)
    .meta({ accepts: `an address such as ${example}, without credentials, or null` })
    .describe(what)

/** An address that whoever knows it can write to. */
const secretAddress = (what: string) =>
  z
    .string()
    .refine(text => isUrl(text, /^https?:$/, false), 'expected an address of http or https')
    .transform(value => new Secret(value))
    .nullable()
    .prefault(null)
    .meta({ secret: true, accepts: 'an address of http or https' })
    .describe(what)

const chat = (who: string) =>
  z
    .strictObject({
      url: secretAddress(`The address of the incoming webhook of ${who}, which is a secret; none: ${who} is not told`),
      urlFile: file('A file that holds that address, in place of the variable'),
      timeoutMs
    })
    .prefault({})
    .describe(who)

export const alertOptions = z.strictObject({
  rules: ruleOptions,
  maxCauses: count(16, 1_000_000)
    .default(4096)
    .describe('Causes watched at once (a rule on a line, task and class); beyond it those without news for longest are forgotten'),
  maxRecent: count(1, 10_000).default(200).describe('Cleared alerts kept to be shown'),
  maxAgeHours: z
    .number()
    .positive()
    .max(8760)
    .default(24)
    .describe('How long a notice is tried on a sink that does not answer; an older one is passed over, counted and told'),
  link: address(/^https?:$/, 'https://andon.example.org/', 'Where people find Andon: put into messages; `null` for nowhere'),
  trial: z
    .strictObject({
      enabled: z
        .boolean()
        .default(false)
        .describe('Begin with a trial: decide, alert and score while no sink is told. Once begun it is left only by what stands below'),
      leastDays: z.number().min(0).max(3650).default(7).describe('Days it lasts at least'),
      leastParts: count(0, 1_000_000_000).default(10_000).describe('Parts it sees at least'),
      mostFalseAlarms: z.number().min(0).max(10_000).default(2).describe('Most false alarms a day'),
      leastPrecision: z.number().min(0).max(1).default(0.5).describe('Least share of flagged parts that were bad, of those with a label'),
      leastRecall: z
        .number()
        .min(0)
        .max(1)
        .default(0.5)
        .describe('Least share of bad parts that were flagged or left to a person, of those with a label')
    })
    .prefault({})
    .describe('A trial, whose criteria are written to the log when it begins: what stands here after that changes nothing'),
  webhook: z
    .strictObject({
      url: address(/^https?:$/, 'https://example.org/andon', 'Where each step of an alert is posted as JSON; `null` for nowhere'),
      secret: secret('Signs each request: see docs/alerts.md', 8),
      secretFile: file('A file that holds the secret, in place of the variable'),
      token: secret('Sent as `Authorization: Bearer …`', 8),
      tokenFile: file('A file that holds the token, in place of the variable'),
      caFile: file('Certificates in PEM that are trusted in place of those that come with Node'),
      timeoutMs
    })
    .prefault({})
    .describe('A webhook'),
  slack: chat('Slack'),
  teams: chat('Microsoft Teams'),
  alertmanager: z
    .strictObject({
      url: address(/^https?:$/, 'http://alertmanager:9093', 'An Alertmanager, which groups, silences and sends on; `null` for none'),
      labels: z
        .record(z.string().regex(/^[a-zA-Z_][a-zA-Z0-9_]*$/), z.string().min(1).max(1000))
        .default({})
        .describe('Labels of every alert there, such as the plant'),
      token: secret('Sent as `Authorization: Bearer …`', 8),
      tokenFile: file('A file that holds the token, in place of the variable'),
      caFile: file('Certificates in PEM that are trusted in place of those that come with Node'),
      timeoutMs
    })
    .prefault({})
    .describe('Alertmanager'),
  mqtt: z
    .strictObject({
      url: address(/^(mqtts?|wss?):$/, 'mqtts://broker:8883', 'An MQTT broker, for stack lights; `null` for none'),
      prefix: z
        .string()
        .regex(/^[^#+\p{Cc}/]([^#+\p{Cc}]{0,98}[^#+\p{Cc}/])?$/u)
        .default('andon')
        .meta({ accepts: 'levels of a topic, without wildcards' })
        .describe('Stands before each topic: see docs/alerts.md'),
      clientId: z.string().min(1).max(100).default('andon').describe('The name of this client, one of its own for each Andon on a broker'),
      username: z.string().min(1).max(1000).nullable().default(null).describe('The name to sign in with'),
      password: secret('The password to sign in with', 8),
      passwordFile: file('A file that holds the password, in place of the variable'),
      caFile: file('The authority that signed the broker’s certificate, as PEM; `null` for those that Node knows'),
      certFile: file('The certificate that we show, as PEM, where the broker asks for one'),
      keyFile: file('Its private key, as PEM'),
      timeoutMs
    })
    .prefault({})
    .describe('Stack lights by MQTT')
})

export type AlertConfig = z.output<typeof alertOptions>
