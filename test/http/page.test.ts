/** docs/http.md says what the code does: codes, addresses, types and bounds, and every printed command works. */
import { spawn, spawnSync } from 'node:child_process'
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { fromJson } from '../../src/events/from-json.ts'
import { alertRoutes } from '../../src/http/alerts.ts'
import { statusCodes } from '../../src/http/answer.ts'
import { attemptBounds } from '../../src/http/attempts.ts'
import { postRoutes } from '../../src/http/posting.ts'
import { bodyTypes, deepest, mostKeys } from '../../src/http/records.ts'
import { defaults, readRoutes } from '../../src/http/serve.ts'
import { sessionRoutes } from '../../src/http/session.ts'
import { mostSessions } from '../../src/http/session-store.ts'
import { roles, shortestToken } from '../../src/http/token.ts'
import { served, token } from './fake-gateway.ts'

const page = readFileSync('docs/http.md', 'utf8')
const rows = page
  .split('\n')
  .filter(line => line.startsWith('| '))
  .map(line =>
    line
      .split('|')
      .slice(1, -1)
      .map(cell => cell.trim())
  )

describe('the page of the HTTP interface', () => {
  test('lists every status code of the code, in its words, and no other', () => {
    const listed = rows.filter(([code]) => /^\d{3}$/.test(code ?? ''))
    expect(listed).toEqual(Object.entries(statusCodes))
  })

  test('lists every address with its method, and no other', () => {
    const listed = rows.filter(([method]) => /^(GET|POST|DELETE)$/.test(method ?? '')).map(([method, address]) => `${method} ${address}`)
    const served = [
      ...readRoutes.map(route => `GET \`${route}\``),
      ...Object.keys(postRoutes).map(route => `POST \`${route}\``),
      ...[...sessionRoutes, ...alertRoutes].map(route => route.replace(/ (.*)/, ' `$1`'))
    ]
    expect(listed.sort()).toEqual(served.sort())
  })

  test('lists every content type, and no other', () => {
    const listed = rows.flatMap(([type]) => type?.match(/^`(application\/.*)`$/)?.[1] ?? [])
    expect(listed).toEqual([...bodyTypes])
  })

  test('lists every role with what it may, and no other', () => {
    const listed = rows.flatMap(([role, may]) => (/^`\w+`$/.test(role ?? '') ? [[role!.slice(1, -1), may!.split(', ')]] : []))
    expect(Object.fromEntries(listed)).toEqual(roles)
  })

  test('names the bounds that hold', () => {
    const { maxBodyKiB, maxRecords, requestTimeoutMs, maxConnections, maxPosts, drainMs, sessionMs } = defaults
    const bound = (what: string) => rows.find(row => row[0]?.startsWith(what))?.[1]
    expect(bound('body')).toContain(`${maxBodyKiB} KiB`)
    expect(bound('records a request')).toBe(String(maxRecords))
    expect(bound('fields')).toBe(`${mostKeys}, ${deepest} levels`)
    expect(bound('headers')).toContain(`within ${requestTimeoutMs / 3000} s`)
    expect(bound('a whole request')).toContain(`within ${requestTimeoutMs / 1000} s`)
    expect(bound('connections')).toBe(`\`http.maxConnections\`, ${maxConnections}; ${maxPosts}`)
    expect(bound('wrong tokens')).toBe(`${attemptBounds.burst}, then one a second`)
    expect(attemptBounds.refillMs).toBe(1000)
    expect(bound('log-ins')).toBe(`${mostSessions}, each for \`http.sessionHours\`, ${sessionMs / 3_600_000}`)
    expect(bound('requests under way')).toBe(`${drainMs / 1000} s`)
    expect(page).toContain(`at least ${shortestToken} characters`)
  })
})

const commands = [...page.matchAll(/```sh\n([\s\S]*?)```/g)].map(([, block]) => block ?? '')
const skip = spawnSync('curl', ['--version']).status !== 0
if (skip) console.info('skipped: curl is not installed')

describe.skipIf(skip)('every printed command works', () => {
  test.each(commands)('%s', async command => {
    const folder = mkdtempSync(join(tmpdir(), 'andon-http-'))
    mkdirSync(join(folder, '.andon'))
    writeFileSync(join(folder, '.andon', 'token'), `${token}\n`)
    writeFileSync(join(folder, 'observation.avro'), Uint8Array.of(0xc3, 0x01))
    try {
      await served({ parse: fromJson }, async (url, _server, gateway) => {
        const script = command.replaceAll('http://127.0.0.1:9464', url).replaceAll('curl -s', 'curl -s --fail-with-body')
        expect(script).not.toBe(command)
        const shell = spawn('bash', ['-ec', script], { cwd: folder, stdio: ['ignore', 'pipe', 'pipe'] })
        let said = ''
        for (const stream of [shell.stdout, shell.stderr]) stream.on('data', data => (said += data))
        const code = await new Promise(resolve => shell.once('close', resolve))
        expect({ code, said }).toMatchObject({ code: 0 })
        expect(gateway.posted.length).toBe(
          (command.includes(' -d ') && !command.includes('/session')) || command.includes('--data-binary') ? 1 : 0
        )
      })
    } finally {
      rmSync(folder, { recursive: true, force: true })
    }
  })
})
