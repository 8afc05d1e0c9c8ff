/** `andon token` and what `andon run` makes of tokens: from the command line to a request. */
import { chmodSync, readFileSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { type Cli, openCli, type Running } from './cli.ts'

let cli: Cli
beforeAll(() => {
  cli = openCli()
})
afterAll(() => cli.close())

const label = (line: string) => ({ observation: 'p', line, time: Date.now(), labels: { fault: 'none' } })

async function addressOf(running: Running): Promise<string> {
  const [, url] = await running.said(/listening on (https?:\/\/[^" ]+)/)
  await running.said(/"msg":"ready/)
  return url!
}

async function post(url: string, token: string | null, body: unknown): Promise<{ status: number; text: string }> {
  const headers = { 'content-type': 'application/json', ...(token === null ? {} : { authorization: `Bearer ${token}` }) }
  const response = await fetch(`${url}/labels`, { method: 'POST', headers, body: JSON.stringify(body) })
  return { status: response.status, text: await response.text() }
}

test('without a configured token one is made that its owner alone can read, kept, and told of but never told', async () => {
  const path = join(cli.folder, 'data', 'token')
  const seen: string[] = []
  for (const round of [1, 2]) {
    const running = cli.start(['run'])
    const url = await addressOf(running)
    const token = readFileSync(path, 'utf8').trim()
    seen.push(token)
    expect(statSync(path).mode & 0o777).toBe(0o600)
    expect((await post(url, null, label('l'))).status).toBe(401)
    expect((await post(url, token, label('l'))).status).toBe(200)
    running.child.kill('SIGTERM')
    const { stdout, stderr } = await running.ended
    expect(stderr).toContain(round === 1 ? `made a token in ${path}` : `the token is in ${path}`)
    expect(stdout + stderr).not.toContain(token)
  }
  expect(seen[0]).toBe(seen[1])
  expect(seen[0]!.length).toBeGreaterThanOrEqual(32)
})

test('a token that others can read is warned of, one that is none ends the start', async () => {
  const path = join(cli.folder, 'data', 'token')
  chmodSync(path, 0o644)
  const running = cli.start(['run'])
  await running.said(/chmod 600/)
  running.child.kill('SIGTERM')
  await running.ended
  writeFileSync(path, 'short\n')
  const { code, stderr } = await cli.run(['run'])
  expect([code, stderr]).toEqual([2, expect.stringContaining('at least 16 printable characters')])
  expect(stderr).not.toContain('short\n')
})

test('a token that was made is taken as its entry says: by its role, on its lines, and its name stands in labels', async () => {
  const made = await cli.run(['token', 'press-gateway', '--role', 'feed', '--lines', 'press-1,press-2'])
  const token = /^token {3}(\S{32})$/m.exec(made.stdout)![1]!
  const entry = /^ {4}(- .*)$/m.exec(made.stdout)![1]!
  const config = join(cli.folder, 'andon.yaml')
  writeFileSync(config, `http:\n  tokens:\n    ${entry}\n`)
  const listed = JSON.parse((await cli.run(['token', '--config', config, '--json'])).stdout) as { tokens: { source: string }[] }
  expect(listed.tokens).toMatchObject([{ name: 'press-gateway', role: 'feed', lines: ['press-1', 'press-2'] }])
  expect((await cli.run(['token', '--config', config])).stdout).toContain(listed.tokens[0]!.source)

  const running = cli.start(['run', '--config', config], { ANDON_DATADIRECTORY: join(cli.folder, 'other') })
  const url = await addressOf(running)
  expect((await post(url, token, label('press-1'))).status).toBe(200)
  const both = await post(url, token, [label('press-2'), label('press-3')])
  expect(both.status).toBe(207)
  expect(both.text).toContain('line-not-allowed')
  expect((await post(url, token.slice(1), label('press-1'))).status).toBe(401)
  running.child.kill('SIGTERM')
  expect((await running.ended).stderr).not.toContain(token)
})

test('a token for a name or a role that there is none of is not made', async () => {
  expect(await cli.run(['token', 'with space'])).toMatchObject({ code: 2, stdout: '' })
  expect(await cli.run(['token', 'a', '--role', 'king'])).toMatchObject({ code: 2, stdout: '' })
  expect(await cli.run(['token'])).toMatchObject({ code: 2, stderr: expect.stringContaining('andon token NAME') })
})
