/** `andon produce`: a file becomes what a line would have sent. */
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { type Cli, openCli } from './cli.ts'
import { recordsIn } from './records.ts'

let cli: Cli
beforeAll(() => {
  cli = openCli()
  writeFileSync(join(cli.folder, 'parts.csv'), `torque,press,fault,heat\n${rows.join('\n')}\n`)
})
afterAll(() => cli.close())

const ROWS = 40
/** Every eighth row has no label at all. */
const rows = Array.from(
  { length: ROWS },
  (_, i) => `${i},p${i % 2},${i % 8 === 0 ? ',' : `${i % 3 ? 'none' : 'dent'},${i % 5 ? 'cold' : ''}`}`
)
const file = ['produce', 'parts.csv', '--label', 'fault,heat', '--domain', 'press']
const into = (name: string) => ({ ANDON_DATADIRECTORY: join(cli.folder, name) })

test('observations come in the order of the rows, labels so many rows later, the last ones at the end', async () => {
  const { code, stdout, stderr } = await cli.run([...file, '--delay', '10', '--json'], into('late'))
  expect([code, stderr]).toEqual([0, ''])
  expect(JSON.parse(stdout)).toMatchObject({
    file: 'parts.csv',
    rows: ROWS,
    observations: ROWS,
    labels: 35,
    examples: 0,
    unlabelled: 5,
    records: 75,
    complete: true
  })
  const observations = await recordsIn(join(cli.folder, 'late'), 'observations')
  const labels = await recordsIn(join(cli.folder, 'late'), 'labels')
  expect(observations.map(each => each.id)).toEqual(rows.map((_, i) => `parts-${i + 1}`))
  expect(observations[1]).toMatchObject({ line: 'p1', features: { torque: 1 } })
  expect(labels.map(each => each.observation)).toEqual(rows.map((_, i) => `parts-${i + 1}`).filter((_, i) => i % 8 !== 0))
  expect(labels[0]).toMatchObject({ observation: 'parts-2', line: 'p1', labels: { fault: 'none', heat: 'cold' } })
  expect(labels.find(each => each.observation === 'parts-6')!.labels).toEqual({ fault: 'none' })
  const seen = new Map(observations.map(each => [each.id, each.time]))
  const last = observations.at(-1)!.time
  for (const { observation, time } of labels) expect(time).toBe(Math.min(last, seen.get(observation)! + 10_000))
})

test('the same file a second time is the same records, byte for byte; other ids are other parts', async () => {
  const env = into('twice')
  for (const more of [[], [], ['--ids', 'second']]) expect((await cli.run([...file, ...more], env)).code).toBe(0)
  const observations = await recordsIn(join(cli.folder, 'twice'), 'observations')
  expect(observations.slice(ROWS, 2 * ROWS)).toEqual(observations.slice(0, ROWS))
  expect(observations.slice(2 * ROWS).map(each => each.id)).toEqual(rows.map((_, i) => `second-${i + 1}`))
  const labels = await recordsIn(join(cli.folder, 'twice'), 'labels')
  expect(labels.slice(35, 70)).toEqual(labels.slice(0, 35))
  expect((await cli.run(['run', '--for', '1'], env)).code).toBe(0)
  // Each label of each part once, by either name: what is produced twice is learned once.
  expect((await recordsIn(join(cli.folder, 'twice'), 'examples')).map(each => each.observation.id).sort()).toEqual(
    ['parts', 'second'].flatMap(name => rows.map((_, i) => `${name}-${i + 1}`).filter((_, i) => i % 8 !== 0)).sort()
  )
})

test('labelled rows go whole to examples, and rows without a label go nowhere', async () => {
  const { code, stdout } = await cli.run(
    [...file, '--labelled', '--limit', '20', '--start', '2026-05-01T00:00:00Z', '--json'],
    into('whole')
  )
  expect(code).toBe(0)
  expect(JSON.parse(stdout)).toMatchObject({ rows: 20, observations: 0, labels: 0, examples: 17, unlabelled: 3 })
  const examples = await recordsIn(join(cli.folder, 'whole'), 'examples')
  expect(examples.map(each => each.observation.id)).toEqual(
    rows
      .slice(0, 20)
      .map((_, i) => `parts-${i + 1}`)
      .filter((_, i) => i % 8 !== 0)
  )
  expect(examples[0]).toMatchObject({ labels: { fault: 'none', heat: 'cold' }, prediction: null })
  expect(examples[0]!.observation.time).toBe(Date.parse('2026-05-01T00:00:01Z'))
  expect(await recordsIn(join(cli.folder, 'whole'), 'observations')).toEqual([])
})

test('a rate is kept', async () => {
  const { stdout } = await cli.run([...file, '--rate', '40', '--json'], into('paced'))
  const { rows: count, seconds } = JSON.parse(stdout) as { rows: number; seconds: number }
  expect(count).toBe(ROWS)
  // The last row is due one interval before the second is over.
  expect(seconds).toBeGreaterThan(0.9)
})

test('stopped in the middle, it says so and ends with 130; what was written stays', async () => {
  const running = cli.start([...file, '--rate', '20', '--json'], into('stopped'))
  await expect
    .poll(async () => (await recordsIn(join(cli.folder, 'stopped'), 'observations').catch(() => [])).length, { timeout: 20_000 })
    .toBeGreaterThan(0)
  running.child.kill('SIGINT')
  const { code, stdout } = await running.ended
  expect(code).toBe(130)
  const { complete, records } = JSON.parse(stdout) as { complete: boolean; records: number }
  expect(complete).toBe(false)
  const kept =
    (await recordsIn(join(cli.folder, 'stopped'), 'observations')).length + (await recordsIn(join(cli.folder, 'stopped'), 'labels')).length
  expect(kept).toBe(records)
})

test('a column that is not there makes no log, and a wrong call is told', async () => {
  const wrong = await cli.run(['produce', 'parts.csv', '--label', 'colour'], into('none'))
  expect([wrong.code, wrong.stdout]).toEqual([3, ''])
  expect(wrong.stderr).toMatch(/expected a column "colour" \(label\) in parts\.csv, there are torque, press, fault, heat/)
  await expect(recordsIn(join(cli.folder, 'none'), 'observations')).rejects.toThrow('no data.mdb')
  const both = await cli.run([...file, '--labelled', '--delay', '3'], into('none'))
  expect([both.code, both.stderr]).toEqual([2, expect.stringContaining("'--labelled' cannot be used with option '--delay")])
  const rate = await cli.run([...file, '--rate', 'fast'], into('none'))
  expect([rate.code, rate.stderr]).toEqual([2, expect.stringContaining('expected a number from 0 to')])
})
