import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { inspect } from 'node:util'
import { afterAll, describe, expect, test } from 'vitest'
import { namings } from '../../src/adapter/registry/subjects.ts'
import { loadConfig } from '../../src/config/load.ts'
import { optionRows } from '../../src/config/option-rows.ts'

const folder = mkdtempSync(join(tmpdir(), 'andon-registry-options-'))
afterAll(() => rmSync(folder, { recursive: true }))

const file = (text: string): string => {
  const path = join(folder, String(Math.random()))
  writeFileSync(path, text)
  return path
}
const of = (env: Record<string, string>) =>
  loadConfig({ env: Object.fromEntries(Object.entries(env).map(([name, value]) => [`ANDON_REGISTRY__${name}`, value])) }).registry
const problem = (env: Record<string, string>): string => {
  try {
    of(env)
  } catch (error) {
    return (error as Error).message
  }
  throw new Error('expected a problem, got none')
}

describe('the schema registry', () => {
  test('has names of subjects as its adapter knows them', () => {
    expect(optionRows().find(row => row.path.join('.') === 'registry.subjects')?.shape.enum).toEqual(namings)
  })

  test('takes its secrets from a variable or a file, and shows neither', () => {
    const password = of({ USERNAME: 'line', PASSWORD: 'geheim wort' })
    const token = of({ TOKEN_FILE: file('geheim\n') })
    expect([password.password?.reveal(), token.token?.reveal()]).toEqual(['geheim wort', 'geheim'])
    for (const shown of [password, token])
      expect(JSON.stringify(shown) + inspect(shown, { depth: 9, showHidden: true })).not.toContain('geheim')
  })

  test.each<readonly [string, Record<string, string>, string]>([
    ['a name without a password', { USERNAME: 'line' }, 'registry.username: expected a password beside the name'],
    ['a password without a name', { PASSWORD: 'geheim' }, 'registry.username: expected a name beside the password'],
    [
      'a name and a token',
      { USERNAME: 'line', PASSWORD: 'geheim', TOKEN: 'geheim' },
      'registry.token: expected a name and password or a token'
    ],
    ['a token that is no header', { TOKEN: 'geheim\nwort' }, 'registry.token: expected a text or null, got something else'],
    ['a name with a colon', { USERNAME: 'a:geheim', PASSWORD: 'x' }, 'registry.username: expected a text without colons'],
    [
      'credentials in the address',
      { URL: 'https://line:geheim@registry' },
      'registry.url: expected an address of http or https without credentials'
    ],
    ['an address that is none', { URL: 'registry:8081' }, 'registry.url: expected an address'],
    [
      'a password in a file that is not there',
      { USERNAME: 'line', PASSWORD_FILE: join(folder, 'absent') },
      'registry.passwordFile: expected a file that can be read'
    ],
    ['less room than a batch may need', { MAX_SCHEMAS: '499' }, 'registry.maxSchemas: expected a whole number from 1000']
  ])('refuses %s', (_, env, words) => {
    expect(problem(env)).toContain(words)
  })

  test('repeats no secret in what it says', () => {
    for (const env of [{ TOKEN: 'geheim\nwort' }, { URL: 'https://line:geheim@registry' }, { PASSWORD: 'geheim' }])
      expect(problem(env)).not.toContain('geheim')
  })
})
