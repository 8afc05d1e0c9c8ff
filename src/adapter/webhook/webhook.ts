/**
 * Alerts as signed POST requests.
 *
 *     Idempotency-Key: defect-rate-17.raised.0-4711        the same whenever the same notice is sent again
 *     Andon-Signature: t=1773480413,v1=HEX                 HMAC-SHA256 of "1773480413." and the body, by the secret
 *
 * A receiver computes the same over the bytes it got, compares in constant time, and refuses a time that is minutes old: so
 * nobody can send it an alert of his own, or an old one again. The time is that of the attempt.
 */
import { createHmac } from 'node:crypto'
import type { Sink } from '../../pipeline/sink.ts'
import { payloadOf, type Shape } from './payload.ts'
import { post } from './request.ts'

export interface WebhookOptions {
  readonly name: string
  readonly url: string
  readonly shape: Shape
  /** Signs every request; null where the receiver does not look at signatures, as Slack and Teams do not. */
  readonly secret: (() => string) | null
  /** Sent as `Authorization: Bearer …`; null for none. */
  readonly token: (() => string) | null
  readonly timeoutMs: number
  readonly ca: string | null
  /** Where an alert can be looked at; null for nowhere. */
  readonly link: string | null
  /** Milliseconds since 1970. */
  readonly clock: () => number
}

export function openWebhook(options: WebhookOptions): Sink {
  const { name, shape, secret, token, link, clock } = options
  return {
    name,
    async deliver(notice, signal) {
      const body = payloadOf(shape, notice, link)
      const headers = {
        'idempotency-key': notice.id,
        ...(secret === null ? {} : { 'andon-signature': signatureOf(secret(), Math.floor(clock() / 1000), body) }),
        ...(token === null ? {} : { authorization: `Bearer ${token()}` })
      }
      await post(options, headers, body, signal)
    },
    async close() {}
  }
}

/**
 * What stands in `Andon-Signature` for a body sent at `seconds` since 1970.
 *
 * @example
 * ```ts
 * import { signatureOf } from '../src/adapter/webhook/webhook.ts'
 * signatureOf('secret', 1773480413, '{}').slice(0, 24) // => 't=1773480413,v1=c7934192'
 * ```
 */
export function signatureOf(secret: string, seconds: number, body: string): string {
  return `t=${seconds},v1=${createHmac('sha256', secret).update(`${seconds}.${body}`).digest('hex')}`
}
