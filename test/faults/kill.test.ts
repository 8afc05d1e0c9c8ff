/** The harness that kills must itself be able to fail: with a fault planted in the pipeline it has to go red and say where. */
import { spawnSync } from 'node:child_process'
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'

const built = existsSync(join(import.meta.dirname, '../../dist/command/andon.js'))

function kill(...words: string[]): { readonly status: number | null; readonly red: readonly string[] } {
  const harness = join(import.meta.dirname, 'kill.mjs')
  const { status, stdout, stderr } = spawnSync(process.execPath, [harness, '--json', ...words], { encoding: 'utf8' })
  if (!stdout.startsWith('{')) throw new Error(`expected figures, got exit ${status}: ${stderr}`)
  const { checks } = JSON.parse(stdout) as { checks: { name: string; ok: boolean }[] }
  return { status, red: checks.filter(check => !check.ok).map(check => check.name) }
}

describe.skipIf(!built)(`a pipeline that is killed${built ? '' : ' (skipped: there is no dist, npm run build makes it)'}`, () => {
  test('loses predictions when it makes positions durable before what was made of the records, and the harness says so', () => {
    const { status, red } = kill('--plant', 'apart', '--kills', '5')
    expect(status).toBe(1)
    expect(red).toContain('every observation has one prediction, and nothing else has')
  })

  test('predicts twice when it makes positions durable last, and the harness says so', () => {
    const { status, red } = kill('--plant', 'twice', '--kills', '5')
    expect(status).toBe(1)
    expect(red).toContain('every observation has one prediction, and nothing else has')
  })

  test('comes to other bytes when its snapshots name an earlier position, and the harness says so', () => {
    const { status, red } = kill('--plant', 'behind', '--kills', '3')
    expect(status).toBe(1)
    expect(red).toContain('what is restored has learned every label of the log once')
  })
})
