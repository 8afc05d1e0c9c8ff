/** `andon migrate` of a log that `andon run` has learned from. */
import { cpSync, existsSync, mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { type Cli, openCli } from './cli.ts'

const PARTS = 400
let cli: Cli
let data: string
const everyExamples = { ANDON_SNAPSHOT__EVERYEXAMPLES: '150' }
const wider = { ANDON_LOG__PARTITIONS__OBSERVATIONS: '3', ANDON_LOG__PARTITIONS__LABELS: '3', ANDON_LOG__PARTITIONS__PREDICTIONS: '3' }

beforeAll(async () => {
  cli = openCli()
  data = join(cli.folder, 'data')
  const feed = (seed: string): Promise<{ code: number | null }> =>
    cli.run(['simulate-line', '--parts', String(PARTS), '--rate', '0', '--seed', seed, '--rare-rate', 'any=5'])
  expect((await feed('2')).code).toBe(0)
  expect((await cli.run(['run', '--for', '1'], everyExamples)).code).toBe(0)
  expect((await feed('3')).code).toBe(0) // not taken yet
})
afterAll(() => cli.close())

const json = async <T>(args: readonly string[], env: Readonly<Record<string, string>> = {}): Promise<T> => {
  const { code, stdout, stderr } = await cli.run([...args, '--json'], env)
  expect([code, stderr]).toEqual([0, ''])
  return JSON.parse(stdout) as T
}
interface Moved {
  readonly topics: Readonly<Record<string, { readonly records: number; readonly sha256: string }>>
  readonly snapshots: readonly unknown[]
  readonly partitions: Readonly<Record<string, number>>
}
interface Replayed {
  readonly learned: number
  readonly sha256: string
  readonly compared: { readonly equal: boolean } | null
}

test('with more partitions the pipeline goes on from the copy and comes to the state that the source comes to', async () => {
  const to = join(cli.folder, 'wider')
  const moved = await json<Moved>(['migrate', '--from', data, '--to', to], wider)
  expect(moved.partitions.observations).toBe(3)
  expect(moved.topics.observations!.records).toBe(2 * PARTS)
  expect(moved.snapshots.length).toBeGreaterThan(0)
  const target = { ...wider, ANDON_DATADIRECTORY: to }
  expect((await json<Replayed>(['replay', '--compare'], target)).compared!.equal).toBe(true)
  for (const env of [{}, target]) expect((await cli.run(['run', '--for', '1'], { ...env, ...everyExamples })).code).toBe(0)
  const [stayed, went] = [await json<Replayed>(['replay', '--compare']), await json<Replayed>(['replay', '--compare'], target)]
  expect(went).toMatchObject({ learned: stayed.learned, sha256: stayed.sha256, compared: { equal: true } })
  expect(stayed.learned).toBeGreaterThan(PARTS)

  // There and back again: the same records with the same digests.
  const back = join(cli.folder, 'back')
  const returned = await json<Moved>(['migrate', '--from', to, '--to', back])
  expect(returned.partitions.observations).toBe(1)
  expect((await json<Replayed>(['replay'], { ANDON_DATADIRECTORY: back })).sha256).toBe(stayed.sha256)
  const printed = await cli.run(['migrate', '--from', back, '--to', join(cli.folder, 'again')])
  expect(printed.stdout).toMatch(/again holds \d+ records, \d+ notes and \d+ snapshots, copied and read back/)
  expect(printed.stdout).toContain(returned.topics.examples!.sha256)
})

test('a running pipeline is stopped and says who took over', async () => {
  cpSync(data, join(cli.folder, 'live'), { recursive: true })
  const running = cli.start(['run', '--simulate', '1'], { ANDON_DATADIRECTORY: join(cli.folder, 'live') })
  await running.said(/ready in/)
  await json<Moved>(['migrate', '--from', join(cli.folder, 'live'), '--to', join(cli.folder, 'moved')])
  const { code, stderr } = await running.ended
  expect([code, stderr]).toEqual([1, expect.stringMatching(/another (process )?has taken over/)])
})

test('what cannot be copied, or would be overwritten, is refused with what to do', async () => {
  const full = join(cli.folder, 'full')
  mkdirSync(full)
  writeFileSync(join(full, 'note.txt'), 'mine')
  const fresh = join(cli.folder, 'fresh')
  const calls: [string[], number, RegExp][] = [
    [['--from', data, '--to', full], 3, /expected .*full to be absent or an empty directory/],
    [['--from', data, '--to', data], 3, /expected another place than/],
    [['--from', join(cli.folder, 'nowhere'), '--to', fresh], 3, /expected a log in .*nowhere/],
    [['--from', data], 2, /required option '--to <place>'/]
  ]
  for (const [args, code, message] of calls) {
    const ended = await cli.run(['migrate', ...args])
    expect([ended.code, ended.stdout]).toEqual([code, ''])
    expect(ended.stderr).toMatch(message)
  }
  expect(existsSync(fresh)).toBe(false)
})

test('a copy that was killed is not overwritten, and the source is as it was', async () => {
  const half = join(cli.folder, 'half')
  const migrating = cli.start(['migrate', '--from', data, '--to', half])
  while (!existsSync(join(half, 'log', 'data.mdb'))) await new Promise(resolve => setImmediate(resolve))
  migrating.child.kill('SIGKILL')
  const { code } = await migrating.ended
  if (code === 0) return // it was faster
  expect((await cli.run(['migrate', '--from', data, '--to', half])).code).toBe(3)
  await json<Moved>(['migrate', '--from', data, '--to', join(cli.folder, 'whole')])
})
