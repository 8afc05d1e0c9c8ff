/** `andon run` with a schema registry: on the embedded log, from the configuration to the bytes in it. */
import { readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import avsc from 'avsc'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { registryHeaderOf, schemaIdOf } from '../../src/adapter/avro/framing.ts'
import { loadConfig } from '../../src/config/load.ts'
import { range } from '../../src/pipeline/range.ts'
import { openStore } from '../../src/wiring.ts'
import { BUILD_MS, buildRegistry, type Program, type Registry, register, schemaAt, skip, subjectsIn } from '../adapter/registry/registry.ts'
import { type Cli, openCli } from './cli.ts'

describe.skipIf(skip)('with a schema registry', () => {
  let cli: Cli
  let program: Program
  let registry: Registry
  beforeAll(async () => {
    cli = openCli()
    program = buildRegistry()
    registry = await program.start()
  }, BUILD_MS)
  afterAll(async () => {
    cli?.close()
    await program?.close()
  })

  const into = (name: string, url = registry.url) => ({ ANDON_DATADIRECTORY: join(cli.folder, name), ANDON_REGISTRY__URL: url })
  const listening = /listening on (http:\/\/127\.0\.0\.1:\d+)/

  /** Every record of a topic, as it stands in the log. */
  async function recordsIn(name: string, topic: string): Promise<Uint8Array[]> {
    const { log } = await openStore(loadConfig({ env: { ANDON_DATADIRECTORY: join(cli.folder, name) } }), { readOnly: true })
    try {
      const found: Uint8Array[] = []
      for await (const { value } of range(log, topic, [], await log.ends([topic]), new AbortController().signal)) found.push(value.slice())
      return found
    } finally {
      await log.close()
    }
  }

  test('everything written carries an id of the registry, is learned from, and is rebuilt to the same state', async () => {
    const env = into('whole')
    const running = cli.start(['run'], env)
    const at = (await running.said(listening))[1]!
    await running.said(/ready in/)
    expect((await cli.run(['simulate-line', '--parts', '300', '--rate', '0'], env)).code).toBe(0)
    const seen = {
      type: 'record',
      name: 'Observation',
      namespace: 'plant',
      fields: [
        { name: 'id', type: 'string' },
        { name: 'line', type: 'string' },
        { name: 'time', type: 'long' },
        { name: 'shift', type: 'int' },
        { name: 'features', type: { type: 'map', values: 'double' } }
      ]
    }
    const id = await register(registry.url, 'plant-observations-value', seen)
    const value = avsc.Type.forSchema(seen as never).toBuffer({
      id: 'foreign',
      line: 'l',
      time: Date.now(),
      shift: 2,
      features: { torque: 4 }
    })
    const authorization = `Bearer ${readFileSync(join(cli.folder, 'whole', 'token'), 'utf8').trim()}`
    const post = (body: Uint8Array) =>
      fetch(`${at}/observations`, {
        method: 'POST',
        headers: { 'content-type': 'application/avro', authorization },
        body: Buffer.from(body)
      })
    expect(await (await post(Buffer.concat([registryHeaderOf(id), value]))).json()).toMatchObject({
      accepted: 1,
      receipts: [{ prediction: { observation: 'foreign' } }]
    })
    expect((await post(Uint8Array.of(...registryHeaderOf(999), 1))).status).toBe(422)
    running.child.kill('SIGTERM')
    const { code, stderr } = await running.ended
    expect(code).toBe(0)
    expect(stderr).toContain('stopped after 300 examples, everything saved')

    for (const topic of ['observations', 'labels', 'examples', 'predictions', 'signals', 'rejects']) {
      const records = await recordsIn('whole', topic)
      expect(records.length, topic).toBeGreaterThan(0)
      expect(new Set(records.map(bytes => bytes[0])), topic).toEqual(new Set([0]))
    }
    const [prediction] = await recordsIn('whole', 'predictions')
    const type = avsc.Type.forSchema((await schemaAt(registry.url, schemaIdOf(prediction!)!)) as never, { wrapUnions: 'never' })
    expect(type.fromBuffer(Buffer.from(prediction!.subarray(5)))).toMatchObject({ fold: expect.any(Number) })
    expect((await cli.run(['replay', '--compare'], env)).code).toBe(0)
    expect((await cli.run(['doctor'], env)).stdout).toMatch(
      /ok +schema registry +http:\S+ answers; the schemas of 9 subjects are compatible/
    )
  })

  test('a registry that refuses a schema ends the start, with every subject and before a log is made', async () => {
    const other = await program.start({ against: 'labels-value' })
    const { code, stderr } = await cli.run(['run'], into('refused', other.url))
    expect([code, stderr]).toEqual([2, expect.stringContaining('labels-value: READER_FIELD_MISSING_DEFAULT_VALUE')])
    expect(readdirSync(cli.folder)).not.toContain('refused')
    expect(await subjectsIn(other.url)).toEqual([])
    const doctor = await cli.run(['doctor', '--json'], into('refused', other.url))
    expect([doctor.code, doctor.stdout]).toEqual([1, expect.stringContaining('labels-value')])
  })

  test('a registry that is down ends the start after as many attempts as are set, saying so', async () => {
    const other = await program.start()
    await other.close()
    const { code, stderr } = await cli.run(['run'], { ...into('down', other.url), ANDON_REGISTRY__ATTEMPTS: '2' })
    expect([code, stderr]).toEqual([1, expect.stringMatching(/expected an answer of the schema registry at \S+, got .*ECONNREFUSED/)])
  })

  test('a password from a file lets in, and stands in no line that is written', async () => {
    const other = await program.start({ auth: `Basic ${Buffer.from('line:geheimwort').toString('base64')}` })
    const file = join(cli.folder, 'password')
    const env = {
      ...into('secret', other.url),
      ANDON_REGISTRY__USERNAME: 'line',
      ANDON_REGISTRY__PASSWORD_FILE: file,
      ANDON_LOGGING__LEVEL: 'trace'
    }
    writeFileSync(file, 'geheimwort\n')
    const right = await cli.run(['run', '--for', '1'], env)
    writeFileSync(file, 'falschwort\n')
    const wrong = await cli.run(['run', '--for', '1'], env)
    const doctor = await cli.run(['doctor'], env)
    expect([right.code, wrong.code, wrong.stderr]).toEqual([0, 2, expect.stringContaining('let this process in')])
    expect(doctor.stdout).toMatch(/FAIL +schema registry/)
    for (const { stdout, stderr } of [right, wrong, doctor]) expect(stdout + stderr).not.toMatch(/geheim|falsch/)
  })
})
