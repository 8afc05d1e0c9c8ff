/** Roles as processes on a real broker: fed by another one, killed with -9 and started again, then held to what must be. */
import { spawn } from 'node:child_process'
import { dirname, join } from 'node:path'
import { afterAll, describe, expect, test } from 'vitest'
import { builtCommand } from '../../command/cli.ts'
import { noKafka } from './broker.ts'

interface Report {
  readonly done: Readonly<Record<string, number>>
  readonly takeOvers: { readonly n: number; readonly medianMs: number; readonly maxMs: number }
  readonly checks: readonly { readonly name: string; readonly ok: boolean; readonly detail: string }[]
}

describe.skipIf(noKafka !== null)('roles on a real broker', () => {
  const built = noKafka === null ? builtCommand() : null
  afterAll(() => built?.remove())

  async function roles(
    ...words: string[]
  ): Promise<{ readonly code: number | null; readonly red: readonly string[]; readonly report: Report }> {
    const harness = join(import.meta.dirname, '../../faults/roles.mjs')
    const child = spawn(process.execPath, [harness, '--json', '--dist', dirname(dirname(built!.path)), ...words])
    let said = ''
    let wrong = ''
    child.stdout.on('data', data => (said += data))
    child.stderr.on('data', data => (wrong += data))
    const code = await new Promise<number | null>(resolve => child.once('close', resolve))
    if (!said.startsWith('{')) throw new Error(`expected figures, got exit ${code}: ${wrong}`)
    const report = JSON.parse(said) as Report
    return { code, red: report.checks.filter(check => !check.ok).map(({ name, detail }) => `${name}: ${detail}`), report }
  }

  test('killed with -9 they learn every label once, predict every part, come to the bytes of the fold, and a standby takes over', async () => {
    const { code, red, report } = await roles('--kills', '6', '--broker-kills', '1')
    expect({ code, red }).toEqual({ code: 0, red: [] })
    console.info(`learning again after ${Math.round(report.takeOvers.medianMs)} ms, median of ${report.takeOvers.n}`)
    expect(report.takeOvers.n).toBeGreaterThan(0)
    expect(report.takeOvers.maxMs).toBeLessThan(15_000)
  }, 240_000)

  test('goes red where a predictor moves its positions before it has written', async () => {
    const { code, red } = await roles('--plant', 'early', '--kills', '8', '--broker-kills', '0')
    expect(code).toBe(1)
    expect(red.join('\n')).toContain('every record of an observation has a prediction')
  }, 240_000)
})
