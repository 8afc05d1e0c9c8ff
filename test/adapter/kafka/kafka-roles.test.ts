/**
 * Roles as processes on a real broker: fed by another one, killed with -9 and started again, then held to what must be. The
 * run here has a fault, and goes red in what it breaks alone; CI makes a longer one without.
 */
import { spawn } from 'node:child_process'
import { dirname, join } from 'node:path'
import { afterAll, describe, expect, test } from 'vitest'
import { builtCommand } from '../../command/cli.ts'
import { noKafka } from './broker.ts'

interface Report {
  readonly checks: readonly { readonly name: string; readonly ok: boolean; readonly detail: string }[]
}

describe.skipIf(noKafka !== null)('roles on a real broker', () => {
  const built = noKafka === null ? builtCommand() : null
  afterAll(() => built?.remove())

  async function roles(...words: string[]): Promise<{ readonly code: number | null; readonly red: readonly string[] }> {
    const harness = join(import.meta.dirname, '../../faults/roles.mjs')
    const child = spawn(process.execPath, [harness, '--json', '--dist', dirname(dirname(built!.path)), ...words])
    let said = ''
    let wrong = ''
    child.stdout.on('data', data => (said += data))
    child.stderr.on('data', data => (wrong += data))
    const code = await new Promise<number | null>(resolve => child.once('close', resolve))
    if (!said.startsWith('{')) throw new Error(`expected figures, got exit ${code}: ${wrong}`)
    const { checks } = JSON.parse(said) as Report
    return { code, red: checks.filter(check => !check.ok).map(({ name, detail }) => `${name}: ${detail}`) }
  }

  test('go red where a predictor moves its positions before it has written, in what follows of it and in nothing else', async () => {
    const { code, red } = await roles('--plant', 'early', '--kills', '8', '--broker-kills', '0')
    expect(code).toBe(1)
    expect(red.join('\n')).toContain('every record of an observation has a prediction')
    const follows =
      /^every (record of an observation has a prediction|example made here carries the prediction|label is learned, rejected or waiting)/
    expect(red.filter(each => !follows.test(each))).toEqual([])
  }, 240_000)
})
