/** Stands before every handler: whoever may not do what it does is refused before its body is read. */
import type { TLSSocket } from 'node:tls'
import type { FastifyRequest } from 'fastify'
import type { Access, Asking } from './access.ts'
import { Refused } from './answer.ts'
import type { Need } from './token.ts'

/** Throws `Refused` where a request may not go on. */
export function guard(access: Access, request: FastifyRequest, need: Need | 'login'): void {
  const refused = access.refuse(askingOf(request), need)
  if (refused !== null) throw new Refused(refused)
}

/** What access is asked with. A socket that has gone has no address, and is nobody's. */
export function askingOf({ method, headers, ip, raw }: FastifyRequest): Asking {
  const socket = raw.socket as Partial<TLSSocket>
  return { method, headers, address: ip ?? '', peer: socket.remoteAddress ?? '', certified: socket.authorized === true }
}
