import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { CommanderError } from 'commander'
import { afterAll, afterEach, expect, test, vi } from 'vitest'
import { configCommand } from '../../src/command/config.ts'
import { exitCodeOf, exitCodes } from '../../src/command/output.ts'
import { optionTable } from '../../src/config/option-rows.ts'

const folder = mkdtempSync(join(tmpdir(), 'andon-command-config-'))
afterAll(() => rmSync(folder, { recursive: true }))
afterEach(() => vi.restoreAllMocks())

function file(text: string): string {
  const path = join(folder, 'andon.yaml')
  writeFileSync(path, text)
  return path
}

async function call(...words: string[]): Promise<{ out: string; err: string; code: number }> {
  let out = ''
  let err = ''
  vi.spyOn(process.stdout, 'write').mockImplementation(text => {
    out += String(text)
    return true
  })
  vi.spyOn(process.stderr, 'write').mockImplementation(text => {
    err += String(text)
    return true
  })
  const before = process.exitCode
  process.exitCode = undefined
  try {
    await configCommand().parseAsync(words, { from: 'user' })
    return { out, err, code: Number(process.exitCode ?? 0) }
  } finally {
    process.exitCode = before
    vi.restoreAllMocks()
  }
}

test('a right configuration ends with 0', async () => {
  const path = file('seed: 5')
  expect(await call('check', '--config', path)).toEqual({ out: `${path} is right\n`, err: '', code: 0 })
  const printed = JSON.parse((await call('check', '--config', path, '--json')).out)
  expect(printed).toMatchObject({ valid: true, file: path, config: { seed: 5, learner: { experts: 16 } } })
})

test('without a file the defaults are checked', async () => {
  expect(await call('check')).toMatchObject({ out: 'no file: the defaults and the environment are right\n', code: 0 })
})

test('a wrong configuration ends with 2 and tells every problem on stderr, nothing on stdout', async () => {
  const { out, err, code } = await call('check', '--config', file('seed: x\nlearner: {expert: 1}'))
  expect([out, code]).toEqual(['', 2])
  expect(err).toContain('seed: expected a whole number')
  expect(err).toContain('learner.expert: no such option, did you mean learner.experts?')
})

test('a wrong configuration as JSON is a list of problems on stdout', async () => {
  const { out, err, code } = await call('check', '--config', file('seed: x\nlearner: {expert: 1}'), '--json')
  expect([err, code]).toEqual(['', 2])
  const printed = JSON.parse(out)
  expect(printed.valid).toBe(false)
  expect(printed.problems).toHaveLength(2)
  expect(JSON.parse((await call('check', '--config', join(folder, 'absent.yaml'), '--json')).out).problems).toHaveLength(1)
})

test('the schema is JSON that allows nothing unknown', async () => {
  const { out, code } = await call('schema')
  expect(code).toBe(0)
  expect(JSON.parse(out)).toMatchObject({ type: 'object', additionalProperties: false })
})

test('the options are the table of the documents, or JSON', async () => {
  expect((await call('options')).out).toBe(`${optionTable()}\n`)
  const rows = JSON.parse((await call('options', '--json')).out)
  expect(rows).toContainEqual({
    option: 'http.port',
    variable: 'ANDON_HTTP__PORT',
    accepts: 'a whole number from 0 to 65535',
    default: 9464,
    description: '0 takes any free port',
    secret: false
  })
})

test.each([['check', '--nothing'], ['nothing'], []])('a wrong call (%s %s) ends with 2', async (...words) => {
  const error = await call(...words).catch((thrown: unknown) => thrown)
  expect(error).toBeInstanceOf(CommanderError)
  expect(exitCodeOf(error)).toBe(exitCodes.usage)
})
