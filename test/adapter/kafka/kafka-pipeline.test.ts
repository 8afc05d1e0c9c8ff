/** The whole pipeline on a real broker: fed by another process, killed with -9 again and again, then held to what must be. */
import { spawn } from 'node:child_process'
import { dirname, join } from 'node:path'
import { afterAll, describe, expect, test } from 'vitest'
import { builtCommand } from '../../command/cli.ts'
import { noKafka, withBroker } from './broker.ts'

describe.skipIf(noKafka !== null)('the pipeline on a real broker', () => {
  const broker = withBroker()
  const built = noKafka === null ? builtCommand() : null
  afterAll(() => built?.remove())

  async function kill(...words: string[]): Promise<{ readonly code: number | null; readonly red: readonly string[] }> {
    const harness = join(import.meta.dirname, '../../faults/kill.mjs')
    const child = spawn(process.execPath, [
      harness,
      '--json',
      '--dist',
      dirname(dirname(built!.path)),
      '--kafka',
      broker().address,
      ...words
    ])
    let said = ''
    let wrong = ''
    child.stdout.on('data', data => (said += data))
    child.stderr.on('data', data => (wrong += data))
    const code = await new Promise<number | null>(resolve => child.once('close', resolve))
    if (!said.startsWith('{')) throw new Error(`expected figures, got exit ${code}: ${wrong}`)
    const { checks } = JSON.parse(said) as { checks: { name: string; ok: boolean; detail: string }[] }
    return { code, red: checks.filter(check => !check.ok).map(({ name, detail }) => `${name}: ${detail}`) }
  }

  test('killed with -9 it learns every example once, predicts every part once, and loses nothing', async () => {
    expect(await kill('--kills', '7')).toEqual({ code: 0, red: [] })
  }, 120_000)

  test('goes red where it makes positions durable before what was made of the records', async () => {
    const { code, red } = await kill('--plant', 'apart', '--kills', '4')
    expect(code).toBe(1)
    expect(red.join('\n')).toContain('every observation has one prediction, and nothing else has')
  }, 120_000)
})
