/** `andon experts` tells the same of the newest snapshot as the running process does. */
import { afterAll, beforeAll, expect, test } from 'vitest'
import type { Experts } from '../../src/pipeline/experts.ts'
import { type Cli, openCli } from './cli.ts'

const PARTS = 600
let cli: Cli
let live: Experts
let said: string

beforeAll(async () => {
  cli = openCli()
  expect((await cli.run(['simulate-line', '--parts', String(PARTS), '--rate', '0', '--seed', '2', '--rare-rate', 'any=5'])).code).toBe(0)
  const running = cli.start(['run'])
  const url = (await running.said(/listening on (http:\/\/127\.0\.0\.1:\d+)/))[1]!
  await running.said(/ready in/)
  const ask = async () => JSON.parse((await cli.run(['experts', '--url', url, '--json'])).stdout) as Experts
  live = await ask()
  while (live.learned < PARTS) live = await ask()
  said = (await cli.run(['experts', '--url', url, '--task', 'failure', '--bank', 'task'])).stdout
  running.child.kill('SIGTERM')
  await running.ended
})
afterAll(() => cli.close())

test('the snapshot that is left tells the same', async () => {
  const { code, stdout, stderr } = await cli.run(['experts', '--json'])
  expect([code, stderr]).toEqual([0, ''])
  expect(JSON.parse(stdout)).toEqual(live)
  const experts = live.tasks.flatMap(({ banks }) => banks.flatMap(bank => bank.experts))
  expect(experts.length).toBeGreaterThan(0)
  for (const { cure, state } of experts) expect([state, cure]).toEqual([expect.stringMatching(/^[a-z]+$/), expect.stringMatching(/\.$/)])
})

test('people get a table a bank with a sentence an expert, and one of where classes may be relied on', async () => {
  const [first] = live.tasks[0]!.banks[0]!.experts
  expect(said).toContain(`${PARTS} examples learned`)
  expect(said).toContain('failure, bank task')
  expect(said).not.toContain('bank residual')
  expect(said).toContain(first!.cure)
  expect(said).toMatch(/failure: line +class +state +labels +recall +95 % +of late +missing\nline-1 +ok +\w/)
})

test('what is not there ends with 3 and says so, and a process that does not answer with 1', async () => {
  const absent = await cli.run(['experts', '--bank', 'none'])
  expect([absent.code, absent.stdout]).toEqual([3, ''])
  expect(absent.stderr).toMatch(/expected experts of bank none, there are none/)
  const silent = await cli.run(['experts', '--url', 'http://127.0.0.1:9'])
  expect(silent.code).toBe(1)
  expect(silent.stderr).toMatch(/expected an andon at http:\/\/127\.0\.0\.1:9/)
  const empty = await cli.run(['experts'], { ANDON_DATADIRECTORY: `${cli.folder}/nothing` })
  expect([empty.code, empty.stdout]).toEqual([3, ''])
})
