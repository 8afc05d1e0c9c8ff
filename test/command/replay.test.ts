/** `andon replay`, `andon snapshot`, `andon backup` and `andon restore` over one log that `andon run` has learned from. */
import { cpSync, existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { openFileSnapshots } from '../../src/adapter/file/snapshots.ts'
import { type Cli, openCli } from './cli.ts'

const PARTS = 400
let cli: Cli
let data: string

beforeAll(async () => {
  cli = openCli()
  data = join(cli.folder, 'data')
  // Twice, as it saves when it ends: one snapshot is not the newest.
  for (const seed of ['2', '3']) {
    const simulated = ['simulate-line', '--parts', String(PARTS / 2), '--rate', '0', '--seed', seed, '--rare-rate', 'any=5']
    expect((await cli.run(simulated)).code).toBe(0)
    expect((await cli.run(['run', '--for', '1'])).code).toBe(0)
  }
})
afterAll(() => cli.close())

interface Replayed {
  readonly to: number
  readonly learned: number
  readonly refolded: number
  readonly sha256: string
  readonly tasks: Readonly<Record<string, { readonly testThenTrain: { readonly n: number } }>>
  readonly compared: { readonly snapshot: string; readonly sha256: string; readonly equal: boolean; readonly why: string | null } | null
  readonly out: string | null
}

async function replay(
  more: readonly string[] = [],
  env: Readonly<Record<string, string>> = {}
): Promise<Replayed & { readonly code: number | null }> {
  const { code, stdout, stderr } = await cli.run(['replay', '--json', ...more], env)
  expect(stderr).toBe('')
  return { code, ...(JSON.parse(stdout) as Replayed) }
}

/** A copy of the data directory, for tests that change it. */
function copied(name: string): { readonly ANDON_DATADIRECTORY: string } {
  cpSync(data, join(cli.folder, name), { recursive: true })
  return { ANDON_DATADIRECTORY: join(cli.folder, name) }
}

describe('andon replay', () => {
  test('rebuilds from the log alone the state that was saved, byte for byte, and again', async () => {
    const { code, learned, refolded, tasks, compared, sha256 } = await replay(['--compare'])
    expect({ code, learned, refolded, equal: compared!.equal }).toEqual({ code: 0, learned: PARTS, refolded: PARTS, equal: true })
    expect(compared!.sha256).toBe(sha256)
    expect(tasks.failure!.testThenTrain.n).toBeGreaterThan(PARTS - 10)
    expect((await replay()).sha256).toBe(sha256)
  })

  test('from a snapshot folds less and gives the same', async () => {
    const { code, refolded, compared } = await replay(['--compare', '--from-snapshot'])
    expect([code, compared!.equal]).toEqual([0, true])
    expect(refolded).toBeLessThan(PARTS)
    expect(refolded).toBeGreaterThan(0)
  })

  test('up to an offset gives the model of that moment, which can be kept', async () => {
    const out = join(cli.folder, 'kept')
    const { to, learned, sha256, out: name } = await replay(['--to', '123', '--out', out])
    expect([to, learned]).toEqual([123, 123])
    const { header } = await openFileSnapshots(out).read(name!)
    expect(header).toMatchObject({ learned: 123, sha256, positions: [{ topic: 'examples', partition: 0, offset: 123 }] })
  })

  test('with other options is another model: it ends with 1 and names them', async () => {
    const { code, compared } = await replay(['--compare'], { ANDON_SEED: '5' })
    expect(code).toBe(1)
    expect(compared).toMatchObject({ equal: false, why: expect.stringMatching(/others for seed/) })
  })

  test('from an offset folds that stretch alone into a fresh model; from the first on it is the model of that moment', async () => {
    const stretch = await replay(['--from', '100', '--to', '250'])
    expect(stretch).toMatchObject({ code: 0, from: 100, to: 250, learned: 150, refolded: 150 })
    expect(stretch.tasks.failure!.testThenTrain.n).toBeLessThanOrEqual(150)
    const [from, whole] = [await replay(['--from', '0', '--to', '250']), await replay(['--to', '250'])]
    expect(from.sha256).toBe(whole.sha256)
    expect(stretch.sha256).not.toBe(whole.sha256)
    expect((await cli.run(['replay', '--from', '350'])).stdout).toMatch(/50 examples learned from offset 350 up to offset 400/)
  })

  test('of a stretch that is none, or with what does not go together, it says what to do', async () => {
    const calls: [string[], number, RegExp][] = [
      [['--from', '250', '--to', '250'], 3, /expected --from below the offset 250/],
      [['--from', '1', '--compare'], 2, /cannot be used with option/],
      [['--from', '1', '--out', 'x'], 2, /cannot be used with option/],
      [['--topic', 'labels'], 2, /expected --from/],
      [['--topic', 'predictions', '--from', '1'], 2, /Allowed choices are/],
      [['--partition', '0'], 2, /expected no --partition/],
      [['--topic', 'labels', '--from', '1', '--to', '100000'], 3, /expected an offset up to \d+, where labels ends/],
      [['--topic', 'labels', '--from', '1', '--partition', '4'], 3, /expected a partition of labels from 0 to 0, got 4/]
    ]
    for (const [more, code, message] of calls) {
      const ended = await cli.run(['replay', ...more])
      expect([more, ended.code, ended.stdout]).toEqual([more, code, ''])
      expect(ended.stderr).toMatch(message)
    }
    const nowhere = { ANDON_DATADIRECTORY: join(cli.folder, 'nowhere') }
    expect((await cli.run(['replay', '--topic', 'labels', '--from', '0'], nowhere)).code).toBe(3)
    expect(existsSync(join(cli.folder, 'nowhere'))).toBe(false)
  })

  test('observations and labels written anew: what was rejected is learned, what was taken is not taken twice', async () => {
    const env = { ANDON_DATADIRECTORY: join(cli.folder, 'strict') }
    writeFileSync(join(cli.folder, 'strict.yaml'), 'policy:\n  lines: [nobody]\n')
    expect((await cli.run(['simulate-line', '--parts', '40', '--rate', '0', '--seed', '2'], env)).code).toBe(0)
    expect((await cli.run(['run', '--config', 'strict.yaml', '--for', '1'], env)).code).toBe(0)
    expect((await replay([], env)).learned).toBe(0)
    for (const learned of [40, 40]) {
      for (const topic of ['observations', 'labels']) {
        const again = await cli.run(['replay', '--topic', topic, '--from', '0', '--to', '40', '--json'], env)
        expect([again.code, JSON.parse(again.stdout)]).toEqual([0, { topic, partition: 0, from: 0, to: 40, written: 40, whole: true }])
      }
      expect((await cli.run(['run', '--for', '1'], env)).code).toBe(0)
      expect((await replay([], env)).learned).toBe(learned)
    }
  })

  test('beyond what is committed, without a log, or with a snapshot to compare that is not there, it says what to do', async () => {
    const calls: [string[], Record<string, string>, number, RegExp][] = [
      [['--to', '100000'], {}, 3, /expected an offset up to 400, where examples are committed, got 100000/],
      [[], { ANDON_DATADIRECTORY: join(cli.folder, 'nowhere') }, 3, /expected a log in .*nowhere/],
      [['--to', '1', '--compare'], {}, 2, /cannot be used with option/]
    ]
    for (const [more, env, code, message] of calls) {
      const ended = await cli.run(['replay', ...more], env)
      expect([ended.code, ended.stdout]).toEqual([code, ''])
      expect(ended.stderr).toMatch(message)
    }
    expect(existsSync(join(cli.folder, 'nowhere'))).toBe(false)
  })
})

describe('andon snapshot', () => {
  test('lists the kept ones, newest first, and shows what is in one', async () => {
    const listed = await cli.run(['snapshot', 'list', '--json'])
    const { snapshots } = JSON.parse(listed.stdout) as { snapshots: { name: string; learned: number }[] }
    expect(listed.code).toBe(0)
    expect(snapshots.map(each => each.name)).toEqual(readdirSync(join(data, 'snapshots')).sort().reverse())
    expect(snapshots[0]!.learned).toBe(PARTS)
    const shown = await cli.run(['snapshot', 'show', snapshots[0]!.name, '--json'])
    expect(JSON.parse(shown.stdout)).toMatchObject({ learned: PARTS, options: { experts: 2 }, status: { learned: PARTS } })
    const newest = await cli.run(['snapshot', 'show'])
    expect(newest.stdout).toContain(`${snapshots[0]!.name}: ${PARTS} examples learned`)
    const verified = await cli.run(['snapshot', 'verify'])
    expect([verified.code, verified.stdout.split('\n').length - 1]).toEqual([0, snapshots.length])
  })

  test('a changed byte is found by verify, a cut one already by list; both end with 4, and replay passes them over', async () => {
    const env = copied('damaged')
    const [newest = '', older = ''] = readdirSync(join(env.ANDON_DATADIRECTORY, 'snapshots')).sort().reverse()
    const path = (name: string): string => join(env.ANDON_DATADIRECTORY, 'snapshots', name)
    const bytes = readFileSync(path(older))
    bytes[bytes.length - 10]! ^= 1
    writeFileSync(path(older), bytes)
    const one = await cli.run(['snapshot', 'verify', older, '--json'], env)
    expect([one.code, JSON.parse(one.stdout)]).toEqual([
      4,
      expect.objectContaining({ snapshots: [{ name: older, damage: expect.stringContaining('checksum') }] })
    ])
    expect((await cli.run(['snapshot', 'list'], env)).code).toBe(0)
    writeFileSync(path(newest), readFileSync(path(newest)).subarray(0, 5000))
    const listed = await cli.run(['snapshot', 'list'], env)
    expect([listed.code, listed.stdout]).toEqual([
      4,
      expect.stringMatching(new RegExp(`${newest}.*damaged: \\d+ bytes of state instead of`))
    ])
    const shown = await cli.run(['snapshot', 'show', newest], env)
    expect([shown.code, shown.stderr]).toEqual([4, expect.stringContaining('expected a whole snapshot')])
    const { code, learned } = await replay(['--from-snapshot'], env)
    expect([code, learned]).toEqual([0, PARTS])
  })

  test('where there is none, list is empty, and show and verify end with 3', async () => {
    const env = { ANDON_DATADIRECTORY: join(cli.folder, 'nothing') }
    const [list, show, verify] = await Promise.all(['list', 'show', 'verify'].map(each => cli.run(['snapshot', each], env)))
    expect([list!.code, show!.code, verify!.code]).toEqual([0, 3, 3])
    expect(show!.stderr).toMatch(/expected a snapshot in .*nothing/)
    expect((await cli.run(['snapshot', 'show', '../log/data.mdb'], env)).code).toBe(3)
  })
})

describe('andon backup and andon restore', () => {
  test('taken while the line runs and put back elsewhere, the pipeline goes on from it, and the log still gives its model', async () => {
    const live = copied('live')
    const running = cli.start(['run', '--simulate', '1'], { ...live, ANDON_SNAPSHOT__EVERYEXAMPLES: '50' })
    await running.said(/ready in/)
    const backup = join(cli.folder, 'backup')
    const saved = await cli.run(['backup', backup, '--json'], live)
    expect([saved.code, saved.stderr]).toEqual([0, ''])
    expect((JSON.parse(saved.stdout) as { snapshots: string[] }).snapshots.length).toBeGreaterThan(0)
    running.child.kill('SIGTERM')
    expect((await running.ended).code).toBe(0)

    const elsewhere = { ANDON_DATADIRECTORY: join(cli.folder, 'elsewhere') }
    const restored = await cli.run(['restore', backup], elsewhere)
    expect([restored.code, restored.stderr]).toEqual([0, ''])
    expect(await replay(['--compare'], elsewhere)).toMatchObject({ code: 0, compared: { equal: true } })
    const before = (await replay([], elsewhere)).learned
    const again = cli.start(['run', '--simulate', '1'], { ...elsewhere, ANDON_SIMULATE__DELAY: '1' })
    // However long that takes here: before it nothing new is learned.
    await again.said(/ready in/)
    await sleep(1000)
    again.child.kill('SIGTERM')
    expect((await again.ended).code).toBe(0)
    const after = await replay(['--compare'], elsewhere)
    expect(after).toMatchObject({ code: 0, compared: { equal: true } })
    expect(after.learned).toBeGreaterThan(before)
  })

  test('nothing is ever overwritten, and what is no finished backup is not put back', async () => {
    const full = join(cli.folder, 'full')
    mkdirSync(full)
    writeFileSync(join(full, 'note.txt'), 'mine')
    const unfinished = join(cli.folder, 'unfinished')
    cpSync(data, unfinished, { recursive: true })
    mkdirSync(join(unfinished, 'snapshots.partial'))
    const calls: [string[], Record<string, string>, RegExp][] = [
      [['backup', full], {}, /expected .*full to be absent or an empty directory/],
      [['backup', join(cli.folder, 'new')], { ANDON_DATADIRECTORY: full }, /expected a log in/],
      [['restore', data], { ANDON_DATADIRECTORY: full }, /expected .*full to be absent or an empty directory/],
      [['restore', full], { ANDON_DATADIRECTORY: join(cli.folder, 'fresh') }, /expected a finished backup/],
      [['restore', unfinished], { ANDON_DATADIRECTORY: join(cli.folder, 'fresh') }, /expected a finished backup/]
    ]
    for (const [call, env, message] of calls) {
      const { code, stdout, stderr } = await cli.run(call, env)
      expect([code, stdout]).toEqual([3, ''])
      expect(stderr).toMatch(message)
    }
    expect(readdirSync(full)).toEqual(['note.txt'])
    for (const name of ['new', 'fresh']) expect(existsSync(join(cli.folder, name))).toBe(false)
  })

  test('a damaged snapshot is told and left out', async () => {
    const env = copied('spoilt')
    const [newest = ''] = readdirSync(join(env.ANDON_DATADIRECTORY, 'snapshots')).sort().reverse()
    writeFileSync(join(env.ANDON_DATADIRECTORY, 'snapshots', newest), 'x')
    const { code, stdout, stderr } = await cli.run(['backup', join(cli.folder, 'partly'), '--json'], env)
    expect(code).toBe(0)
    expect((JSON.parse(stdout) as { damaged: string[] }).damaged).toEqual([newest])
    expect(stderr).toContain(`${newest} is damaged and was left out`)
    expect(readdirSync(join(cli.folder, 'partly', 'snapshots'))).not.toContain(newest)
  })
})
