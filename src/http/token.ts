/**
 * What a token is: a name, a role and the lines it may touch. Only its SHA-256 is kept, so that nothing that holds a token
 * here could be made to tell it. Digests are of one length, and all of them are compared, whichever of them fits.
 */
import { createHash, createHmac, randomBytes, timingSafeEqual } from 'node:crypto'

/** Shorter ones can be guessed over a network: 16 characters of base64 are 96 bits. */
export const shortestToken = 16
/** Each costs a comparison a request. */
export const mostTokens = 64

/** What a request asks leave for. A probe needs none. */
export type Need = 'probe' | 'read' | 'feed' | 'label' | 'acknowledge' | 'admin'

/**
 * What a role may do: who labels may acknowledge, who acknowledges may read. A feed writes and reads nothing: what is lost
 * with a gateway tells nobody how the plant is doing. `docs/http.md` prints this table and a test holds them equal.
 */
export const roles = {
  read: ['read'],
  feed: ['feed', 'label'],
  acknowledge: ['read', 'acknowledge'],
  label: ['read', 'acknowledge', 'label'],
  admin: ['read', 'acknowledge', 'label', 'feed', 'admin']
} as const satisfies Record<string, readonly Need[]>
export type Role = keyof typeof roles

/** Who a token, or a log-in made with it, belongs to. */
export interface Holder {
  readonly name: string
  readonly role: Role
  /** The lines it may change something of; reading is of all. */
  readonly lines: 'any' | readonly string[]
  /** What stands in a label as its source where the one who posted it gives none; null of a token without a name of its own. */
  readonly source: string | null
}

export interface Token extends Holder {
  readonly digest: Buffer
}

/** Digests have one length, so that comparing them tells nothing of the token's. */
export const digestOf = (text: string): Buffer => createHash('sha256').update(text).digest()

/**
 * A token of a name by its SHA-256.
 *
 * @example
 * ```ts
 * import { digestOf, mayTouch, tokenOf } from '../src/http/token.ts'
 * const token = tokenOf({ name: 'shift-2', role: 'label', lines: ['press-1'] }, digestOf('not-a-real-token'))
 * mayTouch(token, 'press-1') // => true
 * mayTouch(token, 'press-2') // => false
 * ```
 */
export function tokenOf({ name, role, lines }: Omit<Holder, 'source'>, digest: Buffer): Token {
  return { name, role, lines, source: sourceOf(name, digest), digest }
}

/** The one token of a configuration that names none. It may do everything, and labels posted with it have no source. */
export function unnamedToken(text: string): Token {
  return { name: 'default', role: 'admin', lines: 'any', source: null, digest: digestOf(text) }
}

/** Whether a role may do what is asked. */
export function may(role: Role, need: Need): boolean {
  return need === 'probe' || (roles[role] as readonly Need[]).includes(need)
}

/** Whether a token may change something of a line. */
export function mayTouch({ lines }: Pick<Holder, 'lines'>, line: string): boolean {
  return lines === 'any' || lines.includes(line)
}

/** The token whose digest fits, or null. It takes as long whichever fits. */
export function holding(tokens: readonly Token[], text: string): Token | null {
  const digest = digestOf(text)
  let found: Token | null = null
  for (const token of tokens) if (timingSafeEqual(digest, token.digest)) found = token
  return found
}

/** 24 random bytes as text. */
export const newToken = (): string => randomBytes(24).toString('base64url')

/**
 * A name as it stands in labels: keyed by the token's digest, so that who has the log and not the configuration cannot try
 * names out, and the same in every process of a configuration. Another token of the same name is another source.
 */
function sourceOf(name: string, digest: Buffer): string {
  return `token:${createHmac('sha256', digest).update(name).digest('hex').slice(0, 24)}`
}
