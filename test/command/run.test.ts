/** `andon run`: starts, drains, saves, gives way. */
import { readdirSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { type Cli, openCli } from './cli.ts'

let cli: Cli
beforeAll(() => {
  cli = openCli()
})
afterAll(() => cli.close())

const into = (name: string) => ({ ANDON_DATADIRECTORY: join(cli.folder, name) })
const url = /listening on (http:\/\/127\.0\.0\.1:\d+)/

interface Status {
  readonly ready: boolean
  readonly learner: { readonly learned: number }
  readonly lag: Readonly<Record<string, number>>
}

async function statusOf(at: string): Promise<Status | null> {
  const response = await fetch(`${at}/status`)
  return response.ok ? ((await response.json()) as Status) : null
}

test('with simulated lines it learns, drains when its time is over, and saves what it knows', async () => {
  const { code, stdout, stderr } = await cli.run(['run', '--for', '3', '--simulate', '2'], { ...into('short'), ANDON_SIMULATE__DELAY: '2' })
  expect([code, stdout]).toEqual([0, ''])
  const stopped = /stopped after (\d+) examples, everything saved/.exec(stderr)
  expect(Number(stopped?.[1])).toBeGreaterThan(0)
  const listed = await cli.run(['snapshot', 'list', '--json'], into('short'))
  expect((JSON.parse(listed.stdout) as { snapshots: { learned: number }[] }).snapshots[0]!.learned).toBe(Number(stopped![1]))
  const replayed = await cli.run(['replay', '--compare'], into('short'))
  expect(replayed.code).toBe(0)
})

test('SIGTERM drains what the log holds and saves it', async () => {
  const env = into('term')
  const running = cli.start(['run'], env)
  const at = (await running.said(url))[1]!
  await running.said(/ready in/)
  expect(await statusOf(at)).toMatchObject({ ready: true, learner: { learned: 0 } })
  expect((await cli.run(['simulate-line', '--parts', '400', '--rate', '0'], env)).code).toBe(0)
  running.child.kill('SIGTERM')
  const { code, stderr } = await running.ended
  expect(code).toBe(0)
  expect(stderr).toContain('stopped after 400 examples, everything saved')
  expect(readdirSync(join(cli.folder, 'term', 'snapshots'))).toHaveLength(1)
  // Nothing is left to do: the next start knows all of it and folds nothing again.
  const again = await cli.run(['run', '--for', '1'], env)
  expect(again.stderr).toMatch(/ready in \d+ ms: 400 examples known, 0 folded again/)
})

test('a newer process on the same log takes over, and the older one ends saying so', async () => {
  const env = into('two')
  const older = cli.start(['run', '--simulate', '1'], env)
  await older.said(/ready in/)
  const newer = cli.start(['run'], env)
  const at = (await newer.said(url))[1]!
  const { code, stderr } = await older.ended
  expect(code).toBe(1)
  expect(stderr).toMatch(/andon: expected claim 1 of andon to be the newest, came 2: another process has taken over/)
  expect(stderr).not.toContain('    at ')
  await expect.poll(async () => (await statusOf(at))?.ready).toBe(true)
  newer.child.kill('SIGTERM')
  expect((await newer.ended).code).toBe(0)
})

test('a signal while the cluster is not there ends it at once: there is nothing to drain', async () => {
  const env = { ...into('nowhere'), ANDON_LOG__KIND: 'kafka', ANDON_LOG__KAFKA__BROKERS: '["127.0.0.1:1"]' }
  const running = cli.start(['run', '--role', 'learn'], env)
  await running.said(/could not reach the cluster/)
  running.child.kill('SIGTERM')
  expect((await running.ended).code).toBe(130)
})

test('a second signal does not wait', async () => {
  const env = into('hurry')
  // Enough that the drain alone would take seconds.
  expect((await cli.run(['simulate-line', '--parts', '5000', '--rate', '0'], env)).code).toBe(0)
  const running = cli.start(['run'], { ...env, ANDON_LEARNER__EXPERTS: '16' })
  await running.said(/ready in/)
  running.child.kill('SIGINT')
  running.child.kill('SIGTERM')
  const { code, stderr } = await running.ended
  expect([code, stderr.includes('everything saved')]).toEqual([130, false])
})

test('a configuration that is not right makes no log and tells every problem at once', async () => {
  const { code, stdout, stderr } = await cli.run(['run'], { ...into('wrong'), ANDON_LEARNER__EXPERTS: 'many', ANDON_SNAPSHOT__KEEP: '0' })
  expect([code, stdout]).toEqual([2, ''])
  expect(stderr).toMatch(/two problems|2 problems/)
  expect(readdirSync(cli.folder)).not.toContain('wrong')
})
