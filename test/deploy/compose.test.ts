/** docker-compose.yml, as far as it can be held to anything without an engine: its schema, its options, its command lines. */
import { spawnSync } from 'node:child_process'
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { parse } from 'yaml'
import { newestKafka } from '../../deploy/kafka/jars.mjs'
import { loadConfig } from '../../src/config/load.ts'
import { roleOf, settingsOf } from './andon-container.ts'

interface Service {
  readonly image: string
  readonly command?: readonly string[]
  readonly environment?: Readonly<Record<string, string>>
  readonly ports?: readonly string[]
  readonly volumes?: readonly string[]
  readonly tmpfs?: readonly string[]
  readonly secrets?: readonly string[]
  readonly read_only?: boolean
  readonly cap_drop?: readonly string[]
  readonly security_opt?: readonly string[]
  readonly healthcheck?: { readonly test: readonly string[] }
  readonly deploy?: { readonly resources: { readonly limits: { readonly cpus: string; readonly memory: string } } }
}

const text = readFileSync('docker-compose.yml', 'utf8')
const file = parse(text, { merge: true }) as {
  services: Record<string, Service>
  volumes: Record<string, unknown>
  networks: Record<string, unknown>
  secrets: Record<string, { file: string }>
}
const services = Object.entries(file.services)
const andons = services.filter(([, { image }]) => image === 'andon')

let folder: string
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'andon-compose-'))
})
afterAll(() => rmSync(folder, { recursive: true, force: true }))

describe('the schema of compose files', () => {
  const said = (content: string) => {
    const path = join(folder, 'docker-compose.yml')
    writeFileSync(path, content)
    return spawnSync(process.execPath, ['node_modules/dclint/bin/dclint.cjs', '--quiet', path], { encoding: 'utf8' })
  }

  test('is kept to', () => {
    expect(said(text)).toMatchObject({ status: 0 })
  })

  test.each([
    ['an option of a service that there is none of', 'read_only: true', 'read_onyl: true'],
    ['a value of another kind', 'cap_drop: [ALL]', 'cap_drop: {ALL: 1}'],
    ['a port that is no port', 'ports: ["127.0.0.1:9464:9464"]', 'ports: [{target: x}]']
  ])('is not, with %s', (_name, right, wrong) => {
    expect(text).toContain(right)
    expect(said(text.replace(right, wrong)).status).not.toBe(0)
  })
})

describe.each(andons)('%s', (_name, service) => {
  test('is started with a command line and options that there are', () => {
    const token = join(folder, 'token')
    writeFileSync(token, 'sixteen-characters-at-least')
    const config = loadConfig({ env: settingsOf(service.environment!, token) })
    expect(config.log.kind).toBe('kafka')
    expect(config.http.token?.reveal()).toBe('sixteen-characters-at-least')
    const { ipam } = file.networks.andon as { ipam: { config: { subnet: string }[] } }
    expect(config.http.trustedProxy).toEqual(ipam.config.map(({ subnet }) => subnet))
    const [prometheus] = config.http.tokens
    expect(prometheus).toMatchObject({ name: 'prometheus', role: 'read' })
    expect(service.secrets!.map(secret => `/run/secrets/${secret}`)).toContain(prometheus!.tokenFile)
    const { observations, labels, predictions } = config.log.partitions
    expect([labels, predictions]).toEqual([observations, observations])
    expect(roleOf(service.command!)).toMatch(/^(join|learn|predict|watch)$/)
  })

  test('writes to its data directory alone: on a volume where it learns, in memory where the log keeps everything', () => {
    const learns = roleOf(service.command!) === 'learn'
    expect(service.read_only).toBe(true)
    expect((service.volumes ?? []).map(volume => volume.split(':')[1])).toEqual(learns ? ['/var/lib/andon'] : [])
    expect((service.tmpfs ?? []).map(place => place.split(':')[0])).toEqual(learns ? [] : ['/var/lib/andon'])
  })

  test('is asked whether it is ready, but a learner, which may stand by, whether it has a state', () => {
    expect(service.healthcheck!.test.at(-1)).toBe(roleOf(service.command!) === 'learn' ? 'warm' : 'ready')
  })
})

test('a joiner, a learner with its standby, two predictors and a watch are started, no two of them on one volume', () => {
  expect(andons.map(([, { command }]) => roleOf(command!)).sort()).toEqual(['join', 'learn', 'learn', 'predict', 'predict', 'watch'])
  const kept = andons.flatMap(([, { volumes = [] }]) => volumes)
  expect(new Set(kept).size).toBe(kept.length)
})

describe.each(services)('%s', (name, service) => {
  test('listens on loopback alone', () => {
    for (const port of service.ports ?? []) expect(port).toMatch(/^127\.0\.0\.1:\d+:\d+$/)
  })

  test('may do nothing that it need not, and has limits and a check of its health', () => {
    expect(service.cap_drop).toEqual(['ALL'])
    expect(service.security_opt).toEqual(['no-new-privileges:true'])
    expect(service.read_only).toBe(name === 'kafka' ? undefined : true)
    expect(Object.keys(service.deploy!.resources.limits)).toEqual(['cpus', 'memory'])
    expect(service.healthcheck!.test[0]).toBe('CMD')
  })

  test('is of a pinned version, or built here', () => {
    expect(service.image).toMatch(/^(andon|[\w./-]+:v?\d+\.\d+\.\d+)$/)
  })

  test('mounts what there is', () => {
    for (const volume of service.volumes ?? []) {
      const [from] = volume.split(':')
      expect([from, from!.startsWith('./') ? existsSync(from!) : Object.hasOwn(file.volumes, from!)]).toEqual([from, true])
    }
    for (const secret of service.secrets ?? []) expect(file.secrets[secret]?.file).toBe(`deploy/secrets/${secret}`)
  })
})

test('Kafka is of the version that the tests run', () => {
  expect(file.services.kafka!.image).toBe(`apache/kafka:${newestKafka}`)
})

test('secrets stand in no history', () => {
  expect(spawnSync('git', ['check-ignore', ...Object.values(file.secrets).map(secret => secret.file)]).status).toBe(0)
})
