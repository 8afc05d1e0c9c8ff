import { describe, expect, test } from 'vitest'
import { Attempts, networkOf } from '../../src/http/attempts.ts'
import { isCrossSite } from '../../src/http/origin.ts'
import { mostSessions, SessionStore } from '../../src/http/session-store.ts'
import { digestOf, holding, may, newToken, roles, type Token, tokenOf } from '../../src/http/token.ts'

const named = (name: string, text: string): Token => tokenOf({ name, role: 'read', lines: 'any' }, digestOf(text))

describe('tokens', () => {
  test('every one is compared with what came, wherever the one that fits stands', () => {
    const texts = ['one-token-of-many', 'two-token-of-many', 'three-token-of-many']
    const compared: string[] = []
    const tokens = texts.map(text => {
      const token = named(text, text)
      const digest = (): Buffer => {
        compared.push(text)
        return token.digest
      }
      return Object.defineProperty({ ...token }, 'digest', { get: digest })
    })
    for (const text of [...texts, 'none-of-them']) {
      compared.length = 0
      expect(holding(tokens, text)?.name ?? null).toBe(texts.includes(text) ? text : null)
      expect(compared, text).toEqual(texts)
    }
  })

  test('a made one is long, of characters that a header may hold, and never the same', () => {
    const made = Array.from({ length: 100 }, newToken)
    expect(new Set(made).size).toBe(100)
    for (const token of made) expect(token).toMatch(/^[\w-]{32}$/)
  })

  test('the source of labels is the same for the same token, and another for another token of the same name', () => {
    const source = named('shift-lead', 'one-token-of-many').source!
    expect(named('shift-lead', 'one-token-of-many').source).toBe(source)
    expect(named('shift-lead', 'two-token-of-many').source).not.toBe(source)
    expect(named('another', 'one-token-of-many').source).not.toBe(source)
    expect(source).toMatch(/^token:[0-9a-f]{24}$/)
    expect(source).not.toContain(digestOf('shift-lead').toString('hex').slice(0, 24))
  })

  test('who labels may acknowledge, who acknowledges may read, and only an admin may everything', () => {
    for (const need of roles.acknowledge) expect(may('label', need)).toBe(true)
    for (const need of roles.read) expect(may('acknowledge', need)).toBe(true)
    for (const role of ['read', 'feed', 'acknowledge', 'label'] as const) expect(may(role, 'admin')).toBe(false)
    expect(may('feed', 'read')).toBe(false)
  })
})

describe('wrong tokens', () => {
  const bounds = { burst: 3, refillMs: 100, most: 4 }

  test('after a burst an address is not looked at until time has gone by, one for each refill; others are', () => {
    let now = 0
    const attempts = new Attempts(() => now, bounds)
    for (let i = 0; i < 3; i++) {
      expect(attempts.allows('a')).toBe(true)
      attempts.fail('a')
    }
    expect([attempts.allows('a'), attempts.allows('b')]).toEqual([false, true])
    now = 99
    expect(attempts.allows('a')).toBe(false)
    now = 100
    expect(attempts.allows('a')).toBe(true)
    attempts.fail('a')
    expect(attempts.allows('a')).toBe(false)
    now = 10_000
    expect(attempts.allows('a')).toBe(true)
  })

  test('a clock set back gives nothing and takes nothing', () => {
    let now = 1000
    const attempts = new Attempts(() => now, bounds)
    for (let i = 0; i < 3; i++) attempts.fail('a')
    now = 0
    expect(attempts.allows('a')).toBe(false)
    now = 1100
    expect(attempts.allows('a')).toBe(true)
  })

  test('as many addresses are remembered as said, the one that failed longest ago is forgotten', () => {
    const attempts = new Attempts(() => 0, bounds)
    for (let i = 0; i < 3; i++) attempts.fail('first')
    for (const address of ['b', 'c', 'd', 'e']) attempts.fail(address)
    expect(attempts.size).toBe(4)
    expect(attempts.allows('first')).toBe(true)
  })

  test('all of a /64 is one address', () => {
    expect(networkOf('2001:db8:1:2:3:4:5:6')).toBe(networkOf('2001:db8:1:2::9'))
    expect(networkOf('2001:db8:1:3::9')).not.toBe(networkOf('2001:db8:1:2::9'))
    expect(networkOf('fe80::1%eth0')).toBe(networkOf('fe80::2'))
    expect(networkOf('::1')).toBe('0:0:0:0')
    expect(networkOf('x'.repeat(10_000)).length).toBeLessThan(100)
    expect(networkOf(`${'a:'.repeat(5000)}:`).length).toBeLessThan(100)
  })
})

describe('log-ins', () => {
  const { digest: _, ...holder } = named('a', 'one-token-of-many')

  test('one lives as long as said and no longer, and ends when it is closed', () => {
    let now = 0
    const sessions = new SessionStore(() => now, 100)
    const [one, other] = [sessions.open(holder), sessions.open(holder)]
    expect(one.id).not.toBe(other.id)
    expect(sessions.find(one.id)?.holder).toEqual(holder)
    now = 99
    expect(sessions.find(one.id)?.expires).toBe(100)
    sessions.close(other.id)
    expect([sessions.find(other.id), sessions.find('nonsense'), sessions.find('')]).toEqual([null, null, null])
    now = 100
    expect(sessions.find(one.id)).toBeNull()
  })

  test('beyond the most the oldest goes, and those that have ended make room first', () => {
    let now = 0
    const sessions = new SessionStore(() => now, 100, 2)
    const ids = [1, 2, 3].map(() => sessions.open(holder).id)
    expect(ids.map(id => sessions.find(id) !== null)).toEqual([false, true, true])
    now = 100
    sessions.open(holder)
    expect(sessions.size).toBe(1)
    expect(mostSessions).toBeGreaterThan(50)
  })
})

describe('where a request comes from', () => {
  const post = (origin: string, host: string, secure: boolean | null) => isCrossSite('POST', { origin, host }, secure)

  test('the origin is the host that was asked, with its scheme and port', () => {
    expect(post('http://andon.plant', 'andon.plant', false)).toBe(false)
    expect(post('https://andon.plant', 'andon.plant', true)).toBe(false)
    expect(post('https://andon.plant', 'andon.plant:443', true)).toBe(false)
    expect(post('https://andon.plant', 'andon.plant', null)).toBe(false)
    expect(post('http://andon.plant', 'andon.plant', true)).toBe(true)
    expect(post('https://andon.plant', 'andon.plant', false)).toBe(true)
    expect(post('https://andon.plant:8443', 'andon.plant', true)).toBe(true)
    expect(post('https://other.plant', 'andon.plant', true)).toBe(true)
    for (const origin of ['null', '', 'file://andon.plant', 'nonsense']) expect(post(origin, 'andon.plant', null), origin).toBe(true)
    expect(isCrossSite('DELETE', { origin: 'https://other.plant', host: 'andon.plant' }, true)).toBe(true)
  })
})
