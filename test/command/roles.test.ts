/** `andon run --role` as processes of their own over one embedded log, and the commands that look at what they left. */
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { type Cli, openCli, type Running } from './cli.ts'

const PARTS = 240
let cli: Cli
let config: string
const env = { ANDON_SNAPSHOT__EVERYEXAMPLES: '50', ANDON_HTTP__TOKEN: 'of sixteen or more'.replaceAll(' ', '-') }

interface Status {
  readonly ready: boolean
  readonly role: string
  readonly lag: Readonly<Record<string, number>>
  readonly learner: { readonly learned: number } | null
  readonly following?: readonly { readonly shard: string; readonly learned: number; readonly behind: number }[]
}

async function statusOf(running: Running): Promise<Status | null> {
  const [, url] = await running.said(/listening on (http:\/\/[^" ]+)/)
  const response = await fetch(`${url}/status`)
  return response.ok ? ((await response.json()) as Status) : null
}

beforeAll(() => {
  cli = openCli()
  config = join(cli.folder, 'andon.yaml')
  writeFileSync(config, JSON.stringify({ shards: { press: ['line-1'] }, publish: { everyMs: 100 } }))
})
afterAll(() => cli.close())

const at = (): string[] => ['--config', config]

describe('roles over one embedded log', () => {
  test('join, predict and learn two shards, until everything is learned; each stops in order', async () => {
    const learners = [
      cli.start(['run', '--role', 'learn', ...at()], env),
      cli.start(['run', '--role', 'learn', '--shard', 'press', ...at()], env)
    ]
    const predictor = cli.start(['run', '--role', 'predict', ...at()], env)
    const joiner = cli.start(['run', '--role', 'join', ...at()], env)
    const fed = await cli.run(['simulate-line', '--parts', String(PARTS), '--rate', '0', '--seed', '2', ...at()])
    expect(fed.code).toBe(0)
    const learned = async (): Promise<number[]> => Promise.all(learners.map(async each => (await statusOf(each))?.learner?.learned ?? -1))
    await expect.poll(async () => (await learned()).reduce((sum, n) => sum + n), { timeout: 60_000, interval: 200 }).toBe(PARTS)
    expect((await learned()).every(n => n >= PARTS / 3)).toBe(true)
    await expect
      .poll(async () => (await statusOf(predictor))?.following?.map(({ behind }) => behind), { timeout: 20_000, interval: 200 })
      .toEqual([0, 0])
    const status = await statusOf(predictor)
    expect(status).toMatchObject({ role: 'predict', learner: null, lag: { observations: 0 } })
    expect(status!.following!.map(({ shard, learned: n }) => [shard, n])).toEqual([
      ['press', (await learned())[1]],
      ['shard-0', (await learned())[0]]
    ])
    expect(await statusOf(joiner)).toMatchObject({ role: 'join', learner: null })
    for (const each of [predictor, joiner, ...learners]) each.child.kill('SIGTERM')
    for (const each of [predictor, joiner, ...learners]) expect((await each.ended).code).toBe(0)
  })

  test.each(['shard-0', 'press'])('the model of %s is the one that its examples give, and its snapshots are its own', async shard => {
    const replayed = await cli.run(['replay', '--compare', '--shard', shard, '--json', ...at()])
    expect([replayed.code, replayed.stderr]).toEqual([0, ''])
    const { learned, compared } = JSON.parse(replayed.stdout) as { learned: number; compared: { equal: boolean } }
    expect(compared.equal).toBe(true)
    const listed = await cli.run(['snapshot', 'list', '--shard', shard, '--json', ...at()])
    const { snapshots } = JSON.parse(listed.stdout) as { snapshots: { learned: number }[] }
    expect(snapshots[0]!.learned).toBe(learned)
  })

  test('a backup holds the snapshots of every shard, and gives both models back', async () => {
    const backup = join(cli.folder, 'backup')
    const saved = await cli.run(['backup', backup, '--json', ...at()])
    expect(saved.code).toBe(0)
    const { snapshots } = JSON.parse(saved.stdout) as { snapshots: string[] }
    expect(snapshots.some(name => name.startsWith('press'))).toBe(true)
    const elsewhere = { ANDON_DATADIRECTORY: join(cli.folder, 'elsewhere') }
    expect((await cli.run(['restore', backup, ...at()], elsewhere)).code).toBe(0)
    for (const shard of ['shard-0', 'press'])
      expect((await cli.run(['replay', '--compare', '--from-snapshot', '--shard', shard, ...at()], elsewhere)).code).toBe(0)
  })

  test('a shard that is not, one process for shards, and one process for what roles have done are refused with what to do', async () => {
    const calls: [string[], RegExp][] = [
      [['run', '--role', 'learn', '--shard', 'paint', ...at()], /expected one of the shards press, shard-0, got paint/],
      [['replay', '--shard', 'paint', ...at()], /expected one of the shards press, shard-0, got paint/],
      [['run', ...at()], /--role learn for each of press, shard-0/],
      [['run'], /start with --role learn, join and predict/]
    ]
    for (const [call, message] of calls) {
      const { code, stderr } = await cli.run(call)
      expect(code).not.toBe(0)
      expect(stderr).toMatch(message)
    }
  })
})
