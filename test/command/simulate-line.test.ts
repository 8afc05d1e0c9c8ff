/** `andon simulate-line`: into the log, or onto standard output. */
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { type Cli, openCli } from './cli.ts'
import { recordsIn } from './records.ts'

let cli: Cli
beforeAll(() => {
  cli = openCli()
})
afterAll(() => cli.close())

const repeatable = [
  'simulate-line',
  '--lines',
  '2',
  '--rate',
  '0',
  '--parts',
  '30',
  '--delay',
  '4',
  '--seed',
  '7',
  '--start',
  '2026-05-01T00:00:00Z',
  '--ids',
  'x'
]

test('the log holds what --print prints, and --json tells how much it was', async () => {
  const [printed, fed] = [await cli.run([...repeatable, '--print']), await cli.run([...repeatable, '--json'])]
  expect([printed.code, printed.stderr, fed.code, fed.stderr]).toEqual([0, '', 0, ''])
  const lines = printed.stdout
    .trimEnd()
    .split('\n')
    .map(line => JSON.parse(line) as { observation?: { id: string; features: object }; label?: { observation: string } })
  const observations = lines.flatMap(({ observation }) => observation ?? [])
  expect(observations).toHaveLength(30)
  // Numbers travel as 64-bit floats, so that nothing is lost on the way.
  expect(await recordsIn(join(cli.folder, 'data'), 'observations')).toEqual(observations)
  expect(await recordsIn(join(cli.folder, 'data'), 'labels')).toEqual(lines.flatMap(({ label }) => label ?? []))
  expect(JSON.parse(fed.stdout)).toMatchObject({ lines: 2, seed: 7, observations: 30, labels: 30, complete: true })
})

test('without an end it feeds until it is told to stop, and ends well', async () => {
  const env = { ANDON_DATADIRECTORY: join(cli.folder, 'endless') }
  const running = cli.start(['simulate-line', '--rate', '500', '--json'], env)
  await expect
    .poll(async () => (await recordsIn(env.ANDON_DATADIRECTORY, 'observations').catch(() => [])).length, { timeout: 20_000 })
    .toBeGreaterThan(20)
  running.child.kill('SIGTERM')
  const { code, stdout } = await running.ended
  expect(code).toBe(0)
  expect((JSON.parse(stdout) as { observations: number }).observations).toBe(
    (await recordsIn(env.ANDON_DATADIRECTORY, 'observations')).length
  )
})

test('a reader of --print that has seen enough ends it', async () => {
  const running = cli.start(['simulate-line', '--rate', '2000', '--print'])
  await new Promise(resolve => running.child.stdout!.once('data', resolve))
  running.child.stdout!.destroy()
  expect(await running.ended).toMatchObject({ code: 0, stderr: '' })
})

test('what cannot be simulated is told and ends with 2', async () => {
  const calls: [string[], RegExp][] = [
    [['--rate', '0'], /expected an end .* give --parts/],
    [['--rare-rate', 'heat=2'], /expected MODE=FACTOR with a mode of twf, hdf, pwf, osf, rnf, any/],
    [['--rare-rate', 'hdf=1000'], /rarity\.factor: expected a number from 0 to 100/],
    [['--lines', '2000'], /lines: expected an integer from 1 to 1000/],
    [['--drift', 'sideways'], /Allowed choices are none, sudden, gradual, recurring/],
    [['--label-share', '1.5'], /expected a number from 0 to 1/],
    [['--start', 'yesterday'], /expected now, or milliseconds since 1970 or ISO 8601/],
    [['--print', '--json'], /cannot be used with option/]
  ]
  const ended = await Promise.all(calls.map(([more]) => cli.run(['simulate-line', ...more])))
  for (const [i, { code, stdout, stderr }] of ended.entries()) {
    expect([code, stdout]).toEqual([2, ''])
    expect(stderr).toMatch(calls[i]![1])
  }
})
