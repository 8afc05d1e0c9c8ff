/** Options of the HTTP interface: where it listens, who may ask, what each client may take. */
import { isIP } from 'node:net'
import * as z from 'zod'
import { count, file, secret } from './value.ts'

/** Hosts that only this machine can reach. */
export function isLoopback(host: string): boolean {
  return host === 'localhost' || host === '::1' || /^127\.\d+\.\d+\.\d+$/.test(host)
}

const isNetwork = (text: string): boolean => {
  const [, address = '', bits] = /^([^/]*)(?:\/(\d{1,3}))?$/.exec(text) ?? []
  const family = isIP(address)
  return family !== 0 && (bits === undefined || Number(bits) <= (family === 4 ? 32 : 128))
}

const token = z
  .strictObject({
    name: z
      .string()
      .regex(/^[A-Za-z0-9][A-Za-z0-9._@-]{0,63}$/)
      .meta({ accepts: 'letters, digits, dots, dashes, underscores and @, 64 at most' }),
    role: z.enum(['read', 'feed', 'acknowledge', 'label', 'admin']),
    lines: z.union([z.literal('any'), z.array(z.string().min(1)).min(1).max(4096)]).default('any'),
    sha256: z
      .string()
      .regex(/^[0-9a-f]{64}$/)
      .nullable()
      .default(null)
      .meta({ accepts: '64 digits of a SHA-256 or null' }),
    tokenFile: z.string().min(1).nullable().default(null)
  })
  .superRefine(({ sha256, tokenFile }, context) => {
    if ((sha256 === null) !== (tokenFile === null)) return
    const got = sha256 === null ? 'neither' : 'both'
    context.addIssue({ code: 'custom', path: [], message: `expected a sha256 or a tokenFile, got ${got}: andon token NAME makes one` })
  })

export const httpOptions = z
  .strictObject({
    host: z
      .string()
      .min(1)
      .default('127.0.0.1')
      .describe('Where to listen; an address that others can reach asks for a token, and for `http.tls` or `http.trustedProxy`'),
    port: count(0, 65_535).default(9464).describe('0 takes any free port'),
    token: secret(
      'What a client must send as `Authorization: Bearer …`; it may do everything. At least 16 printable characters without spaces. With neither this nor `http.tokens`, on loopback, `andon run` makes one in the file `token` of the data directory',
      16
    ),
    tokenFile: file('A file that holds the token, in place of the variable'),
    tokens: z
      .array(token)
      .max(63)
      .default([])
      .superRefine((tokens, context) => {
        const names = new Set(['default'])
        for (const [at, { name }] of tokens.entries()) {
          if (names.has(name))
            context.addIssue({
              code: 'custom',
              path: [at, 'name'],
              message: `expected each name once and none that is default, got ${name}`
            })
          names.add(name)
        }
      })
      .meta({ accepts: 'a list of {name, role, lines, sha256 or tokenFile}' })
      .describe(
        'Tokens of people and machines. `role` is `read`, `feed`, `acknowledge`, `label` or `admin`; `lines` is `any` or a list of what it may change; `sha256` is of the token, as `andon token NAME` prints it'
      ),
    tls: z
      .strictObject({
        certFile: file('Certificate in PEM, with those between it and its authority. Read anew when it changes'),
        keyFile: file('Its key in PEM'),
        clientCaFile: file('Authorities in PEM: whoever comes must show a certificate that one of them signed, but for a probe')
      })
      .superRefine(({ certFile, keyFile, clientCaFile }, context) => {
        if (certFile !== null && keyFile === null)
          context.addIssue({ code: 'custom', path: ['keyFile'], message: 'expected a key beside the certificate, got none' })
        if (certFile === null && (keyFile ?? clientCaFile) !== null)
          context.addIssue({ code: 'custom', path: ['certFile'], message: 'expected a certificate, got none' })
      })
      .prefault({})
      .describe('TLS'),
    trustedProxy: z
      .array(
        z
          .string()
          .refine(isNetwork, 'expected an address or a network such as 10.0.0.0/8')
          .meta({ accepts: 'an address or a network such as 10.0.0.0/8' })
      )
      .max(64)
      .default([])
      .meta({ accepts: 'a list of addresses and networks such as 10.0.0.0/8' })
      .describe(
        'Where a proxy that speaks TLS sends from, or a network on which nobody listens: requests from there are taken in the clear, and `X-Forwarded-For` and `X-Forwarded-Proto` are believed. With one set, reading on loopback needs a token too'
      ),
    // A timer of Node is no longer than 596 hours.
    sessionHours: z.number().positive().max(576).default(12).describe('How long a browser stays logged in; a restart logs out in any case'),
    maxConnections: count(1, 65_536).default(256).describe('Connections at a time; beyond it they are closed unheard'),
    maxStreams: count(0, 65_536).default(64).describe('Browsers that follow live at a time; beyond it they are asked to come back'),
    maxStreamBacklogKiB: count(16, 65_536)
      .default(256)
      .describe('What may wait for a browser that follows too slowly; beyond it it is cut off, and resumes'),
    maxBodyKiB: count(1, 65_536).default(1024).describe('A longer request is refused'),
    maxWaiting: count(1, 1_000_000)
      .default(1000)
      .describe('Posted events that may wait for the log; beyond it clients are asked to come back'),
    predictWaitMs: count(0, 600_000)
      .default(2000)
      .describe('How long a posted observation waits for its prediction before it is acknowledged without')
  })
  .superRefine(({ host, token, tokens, tls, trustedProxy, maxStreams, maxConnections }, context) => {
    const refuse = (path: string, message: string) => context.addIssue({ code: 'custom', path: [path], message })
    if (maxStreams > maxConnections)
      refuse('maxStreams', `expected no more streams than the ${maxConnections} connections, got ${maxStreams}: raise http.maxConnections`)
    if (isLoopback(host)) return
    if (token === null && tokens.length === 0)
      refuse(
        'host',
        `expected a loopback address (127.0.0.1) or a token, got "${host}" without one: set ANDON_HTTP__TOKEN, http.tokenFile or http.tokens`
      )
    if (tls.certFile === null && trustedProxy.length === 0)
      refuse(
        'host',
        `expected a loopback address (127.0.0.1), TLS or a declared proxy, got "${host}" with neither: set http.tls.certFile and http.tls.keyFile, or http.trustedProxy`
      )
  })
