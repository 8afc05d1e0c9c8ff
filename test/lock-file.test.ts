/** The lock file serves every machine: it names no host, and knows the parts that other platforms take. */
import { readFileSync } from 'node:fs'
import { expect, test } from 'vitest'

interface Entry {
  readonly version?: string
  readonly resolved?: string
  readonly engines?: { readonly node?: string }
  readonly optional?: boolean
  readonly optionalDependencies?: Readonly<Record<string, string>>
}

const { packages } = JSON.parse(readFileSync('package-lock.json', 'utf8')) as { packages: Readonly<Record<string, Entry>> }
const entries = Object.entries(packages).filter(([path]) => path !== '')

test('no entry names where it is fetched from', () => {
  expect(entries.filter(([, entry]) => entry.resolved !== undefined).map(([path]) => path)).toEqual([])
})

test('every part for another platform has an entry, without which a clean install refuses', () => {
  const wanted = entries.flatMap(([path, entry]) => Object.keys(entry.optionalDependencies ?? {}).map(name => [path, name] as const))
  expect(wanted.length).toBeGreaterThan(0)
  expect(wanted.filter(([path, name]) => !packages[`node_modules/${name}`] && !packages[`${path}/node_modules/${name}`])).toEqual([])
})

test('no package asks for more than Node 20', () => {
  const newer = entries.filter(([, { engines }]) => /^\s*(?:>=?|\^|~)?\s*v?(?:2[1-9]|[3-9]\d)\b[^|]*$/.test(engines?.node ?? ''))
  expect(newer.map(([path, { version, engines }]) => `${path} ${version} asks for ${engines?.node}`)).toEqual([])
})
