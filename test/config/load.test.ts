import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { inspect } from 'node:util'
import { afterAll, describe, expect, test } from 'vitest'
import { isLoopback } from '../../src/config/http-options.ts'
import { loadConfig, type Sources } from '../../src/config/load.ts'
import { retentions, topicNames } from '../../src/config/log-options.ts'
import { topics } from '../../src/events/event.ts'
import { Fault } from '../../src/fault/fault.ts'

const folder = mkdtempSync(join(tmpdir(), 'andon-config-'))
afterAll(() => rmSync(folder, { recursive: true }))

function file(text: string, name = 'andon.yaml'): string {
  const path = join(folder, name)
  writeFileSync(path, text)
  return path
}

/** The lines of the fault, without where the folder lies. */
function problems(sources: Partial<Sources>): string[] {
  try {
    loadConfig({ env: {}, ...sources })
  } catch (error) {
    if (!(error instanceof Fault)) throw error
    expect(error.code).toBe('CONFIG_INVALID')
    return error.message.replaceAll(`${folder}/`, '').split('\n')
  }
  throw new Error('expected a fault, the configuration was taken')
}

describe('a configuration', () => {
  test('works with no file, and is the same as from an empty one', () => {
    const defaults = loadConfig({ env: {} })
    expect(defaults.learner).toMatchObject({ preset: 'default', experts: 16, memoryPerClass: 300, rare: { exponent: 0.5, cap: 20 } })
    expect(defaults.domain).toEqual(['line'])
    expect(loadConfig({ env: {}, path: file('') })).toEqual(defaults)
    expect(loadConfig({ env: {}, path: file('# nothing\n') })).toEqual(defaults)
    expect(loadConfig({ env: {}, path: file('learner:\n  # experts: 8\nhttp:\n') })).toEqual(defaults)
  })

  test('takes the file over the defaults, the environment over the file, the command line over both', () => {
    const path = file('seed: 2\nlearner:\n  experts: 4\n  admitAfter: 2\nhttp: {port: 1000}\n')
    const env = { ANDON_LEARNER__EXPERTS: '8', ANDON_HTTP__PORT: '2000' }
    const config = loadConfig({ path, env, overrides: { http: { port: 3000, host: undefined }, seed: undefined } })
    expect([config.seed, config.learner.admitAfter, config.learner.experts, config.http.port]).toEqual([2, 2, 8, 3000])
    expect(config.http.host).toBe('127.0.0.1')
  })

  test('is found through ANDON_CONFIG where no path is given', () => {
    const path = file('seed: 7')
    expect(loadConfig({ env: { ANDON_CONFIG: path } }).seed).toBe(7)
    expect(loadConfig({ env: { ANDON_CONFIG: path }, path: file('seed: 8', 'other.yaml') }).seed).toBe(8)
  })

  test('never changes what it was given', () => {
    const overrides = Object.freeze({ http: Object.freeze({ port: 1 }) })
    loadConfig({ env: { ANDON_HTTP__HOST: '::1' }, overrides })
    expect(overrides).toEqual({ http: { port: 1 } })
  })

  test.each([
    ['line', ['line']],
    ['[site, line, product]', ['features.site', 'line', 'product']],
    ['features.hall 3', ['features.hall 3']],
    ['[]', []]
  ])('takes the domain %s', (text, domain) => {
    expect(loadConfig({ env: {}, path: file(`domain: ${text}`) }).domain).toEqual(domain)
    expect(loadConfig({ env: { ANDON_DOMAIN: text } }).domain).toEqual(domain)
  })
})

describe('a problem', () => {
  test('is told with its path, what was expected, what came and its line, and all of them at once', () => {
    const path = file('learner:\n  expert: 4\n  forgetting: abc\n  knots:\n    refitAt: [32, 8]\ndomain: [line, foo]\nport: 3\nhttp: 4\n')
    expect(problems({ path, env: { ANDON_LEARNER__ADMIT_AFTER: 'x' }, overrides: { seed: -1 } })).toEqual([
      'expected a valid configuration, got 8 problems in andon.yaml:',
      '  seed: expected a whole number from 0 to 4294967295, got -1 (command line)',
      '  domain[1]: expected line, station, product, site or features.NAME, got "foo" (andon.yaml:6)',
      '  learner.forgetting: expected a number above 0 and up to 1, got "abc" (andon.yaml:3)',
      '  learner.admitAfter: expected a whole number from 0 to 1000000, got "x" (ANDON_LEARNER__ADMIT_AFTER)',
      '  learner.knots.refitAt: expected numbers of examples, each greater than the one before (andon.yaml:5)',
      '  learner.expert: no such option, did you mean learner.experts? (andon.yaml:2)',
      '  http: expected a section of options, got 4 (andon.yaml:8)',
      '  port: no such option, did you mean http.port? (andon.yaml:7)'
    ])
  })

  test.each([
    ['learner: {experts: 1.5}', 'learner.experts: expected a whole number from 1 to 256, got 1.5'],
    ['learner: {experts: 0}', 'learner.experts: expected a whole number from 1 to 256, got 0'],
    ['learner: {pool: {rate: .nan}}', 'learner.pool.rate: expected a number above 0 and up to 1, got null'],
    ['learner: {pool: {rate: .inf}}', 'learner.pool.rate: expected a number above 0 and up to 1'],
    ['learner: {pool: {rate: 0}}', 'learner.pool.rate: expected a number above 0 and up to 1, got 0'],
    ['learner: {preset: slow}', 'learner.preset: expected one of "fast", "default", "thorough", got "slow"'],
    ['learner: {decisionExponent: 3}', 'learner.decisionExponent: expected a number from -1 to 2, got 3'],
    ['learner: {single: yes please}', 'learner.single: expected true or false, got "yes please"'],
    ['policy: {lines: some}', 'policy.lines: expected "any" or a list of a text, got "some"'],
    ['policy: {classes: {status: ok}}', 'policy.classes.status: expected a list of a text, got "ok"'],
    ['logging: {level: loud}', 'logging.level: expected one of "trace", "debug", "info", "warn", "error", "silent", got "loud"'],
    ['log: {retention: {labels: {hours: 0}}}', 'log.retention.labels.hours: expected a number above 0 and up to 876000 or null, got 0'],
    ['log: {retention: {labels: {MiB: 4000}}}', 'log.retention: expected topics of at most 3686 MiB together (nine tenths of log.maxMiB)'],
    ['seed: 0x1ffffffff', 'seed: expected a whole number from 0 to 4294967295, got 8589934591'],
    ['__proto__: {seed: 3}', '__proto__: no such option'],
    ['constructor: 1', 'constructor: no such option'],
    ['learner: [1]', 'learner: expected a section of options, got [1]']
  ])('%s', (text, told) => {
    const [first, second, ...more] = problems({ path: file(text) })
    expect(first).toBe('expected a valid configuration, got one problem in andon.yaml:')
    expect(second).toContain(told)
    expect(second).toContain('(andon.yaml:1)')
    expect(more).toEqual([])
  })

  test('of syntax is told with line and column', () => {
    const told = problems({ path: file('seed: 1\nlearner:\n  experts: [1\nhttp: 3\n') })
    expect(told[0]).toMatch(/^expected YAML, got .* of syntax in andon.yaml:$/)
    expect(told[1]).toMatch(/^ {2}andon.yaml:4:1: /)
    expect(problems({ path: file('seed: 1\nseed: 2\n') })[1]).toMatch(/^ {2}andon.yaml:2:1: Map keys must be unique/)
  })

  test('of the file as a whole is told', () => {
    expect(problems({ path: file('- a\n- b\n') })[0]).toBe(
      'expected a mapping of options in andon.yaml, got ["a","b"]: write `option: value` lines'
    )
    expect(problems({ path: join(folder, 'absent.yaml') })[0]).toMatch(
      /^expected a configuration file at absent.yaml, got ENOENT.*leave it out/
    )
    expect(problems({ path: folder })[0]).toContain('EISDIR')
  })
})

describe('the environment', () => {
  test('names options by their path, with words divided or not and in any case', () => {
    for (const name of ['ANDON_LEARNER__MEMORY_PER_CLASS', 'ANDON_LEARNER__MEMORYPERCLASS', 'andon_learner__memoryPerClass']) {
      expect(loadConfig({ env: { [name]: '5' } }).learner.memoryPerClass, name).toBe(5)
    }
    expect(loadConfig({ env: { ANDON_LOG__RETENTION__LABELS__MIB: '12.5' } }).log.retention.labels.MiB).toBe(12.5)
    expect(loadConfig({ env: { ANDON_INPUT__MAX_RECORD_KIB: '7' } }).input.maxRecordKiB).toBe(7)
  })

  test('gives texts as they stand and all else as YAML', () => {
    const config = loadConfig({
      env: {
        ANDON_DATA_DIRECTORY: '0123',
        ANDON_LEARNER__KNOTS__REFIT_AT: '[10, 20]',
        ANDON_POLICY__CLASSES: '{status: [ok, bad]}',
        ANDON_LEARNER__SINGLE: 'false'
      }
    })
    expect(config.dataDirectory).toBe('0123')
    expect(config.learner.knots.refitAt).toEqual([10, 20])
    expect(config.policy.classes).toEqual({ status: ['ok', 'bad'] })
    expect(config.learner.single).toBe(false)
  })

  test('refuses a name that is none, with the nearest', () => {
    expect(
      problems({
        env: { ANDON_HTTP_PORT: '1', ANDON_LEARNER__EXPERT: '1', ANDON_WHATEVER_THIS_IS_MEANT_TO_BE: '1', ANDON_DTA: '1' }
      }).slice(1)
    ).toEqual([
      '  ANDON_DTA: no option of this name, did you mean ANDON_DATA?',
      '  ANDON_HTTP_PORT: no option of this name, did you mean ANDON_HTTP__PORT?',
      '  ANDON_LEARNER__EXPERT: no option of this name, did you mean ANDON_LEARNER__EXPERTS?',
      '  ANDON_WHATEVER_THIS_IS_MEANT_TO_BE: no option of this name; `andon config options` lists them'
    ])
  })

  test('passes over what is empty, stated, or not ours', () => {
    const env = { ANDON_SEED: '', ANDON_DATA: '/somewhere', ANDON_REQUIRE: 'data', PORT: '1', XANDON_SEED: '2', ANDONSEED: '3' }
    expect(loadConfig({ env })).toEqual(loadConfig({ env: {} }))
  })

  test('that is no YAML is told by its name', () => {
    expect(problems({ env: { ANDON_LEARNER__KNOTS__REFIT_AT: '[1' } })[1]).toMatch(
      /learner.knots.refitAt: expected a list of .* \(ANDON_LEARNER__KNOTS__REFIT_AT\)$/
    )
  })
})

describe('a secret', () => {
  const token = 'correct-horse-battery'

  test('comes from the environment or a file of its own', () => {
    expect(loadConfig({ env: { ANDON_HTTP__TOKEN: token } }).http.token?.reveal()).toBe(token)
    expect(loadConfig({ env: { ANDON_HTTP__TOKEN_FILE: file(`${token}\n`, 'token') } }).http.token?.reveal()).toBe(token)
    expect(loadConfig({ env: {} }).http.token).toBeNull()
  })

  test('does not show however the configuration is printed', () => {
    const config = loadConfig({ env: { ANDON_HTTP__TOKEN: token } })
    for (const text of [JSON.stringify(config), inspect(config, { depth: 9, showHidden: true }), `${config.http.token}`]) {
      expect(text).not.toContain(token)
      expect(text).toContain('[secret]')
    }
  })

  test('is refused in the configuration file, and no message repeats it', () => {
    const inFile = problems({ path: file(`http: {token: ${token}}`) }).join('\n')
    expect(inFile).toContain(
      'http.token: expected no secret in the file: set ANDON_HTTP__TOKEN, or name a file of its own in http.tokenFile'
    )
    const short = problems({ env: { ANDON_HTTP__TOKEN: 'hunter2' } }).join('\n')
    expect(short).toContain('http.token: expected a text from 16 to 4096 characters')
    const misnamed = problems({ env: { ANDON_HTTP_TOKEN: token } }).join('\n')
    for (const text of [inFile, short, misnamed]) expect(text).not.toMatch(/correct-horse|hunter2/)
  })

  test('in a file that cannot be read is told', () => {
    expect(problems({ env: { ANDON_HTTP__TOKEN_FILE: join(folder, 'absent') } })[1]).toMatch(
      /^ {2}http.tokenFile: expected a file that can be read, got ENOENT/
    )
  })

  test('is asked for where others can reach the address, and so is TLS or a declared proxy', () => {
    const host = { ANDON_HTTP__HOST: '0.0.0.0' }
    expect(problems({ env: host }).slice(1)).toEqual([
      '  http.host: expected a loopback address (127.0.0.1) or a token, got "0.0.0.0" without one: set ANDON_HTTP__TOKEN, http.tokenFile or http.tokens (ANDON_HTTP__HOST)',
      '  http.host: expected a loopback address (127.0.0.1), TLS or a declared proxy, got "0.0.0.0" with neither: set http.tls.certFile and http.tls.keyFile, or http.trustedProxy (ANDON_HTTP__HOST)'
    ])
    expect(problems({ env: { ...host, ANDON_HTTP__TOKEN: token } })).toHaveLength(2)
    const proxied = { ...host, ANDON_HTTP__TRUSTED_PROXY: '[10.0.0.0/8]' }
    expect(problems({ env: proxied })).toHaveLength(2)
    expect(loadConfig({ env: { ...proxied, ANDON_HTTP__TOKEN: token } }).http.host).toBe('0.0.0.0')
    const secured = { ...host, ANDON_HTTP__TLS__CERT_FILE: 'c', ANDON_HTTP__TLS__KEY_FILE: 'k' }
    expect(loadConfig({ env: { ...secured, ANDON_HTTP__TOKENS: `[{name: a, role: read, tokenFile: t}]` } }).http.tls.certFile).toBe('c')
  })

  test.each([
    ['tokens: [{name: a, role: read}]', 'expected a sha256 or a tokenFile, got neither'],
    [`tokens: [{name: a, role: read, tokenFile: t, sha256: ${'a'.repeat(64)}}]`, 'expected a sha256 or a tokenFile, got both'],
    ['tokens: [{name: default, role: read, tokenFile: t}]', 'none that is default'],
    ['tokens: [{name: a, role: read, tokenFile: t}, {name: a, role: feed, tokenFile: u}]', 'each name once'],
    ['tokens: [{name: a, role: king, tokenFile: t}]', 'http.tokens[0].role: expected one of "read", "feed"'],
    ['tokens: [{name: a, role: read, sha256: abc}]', 'http.tokens[0].sha256: expected 64 digits of a SHA-256'],
    ['tls: {certFile: c}', 'http.tls.keyFile: expected a key'],
    ['tls: {keyFile: k}', 'http.tls.certFile: expected a certificate'],
    ['trustedProxy: [10.0.0.0/33]', 'http.trustedProxy[0]: expected an address or a network'],
    ['trustedProxy: [proxy.plant]', 'http.trustedProxy[0]: expected an address or a network'],
    ['{maxConnections: 10, maxStreams: 11}', 'expected no more streams than the 10 connections']
  ])('%s is refused', (text, told) => {
    const http = text.startsWith('{') ? text : `{${text}}`
    expect(problems({ path: file(`http: ${http}`) }).join('\n')).toContain(told)
  })

  test.each([
    ['127.0.0.1', true],
    ['127.4.5.6', true],
    ['::1', true],
    ['localhost', true],
    ['0.0.0.0', false],
    ['::', false],
    ['192.168.1.2', false],
    ['127.0.0.1.example.org', false],
    ['localhost.example.org', false]
  ])('is or is not needed on %s', (host, loopback) => expect(isLoopback(host)).toBe(loopback))
})

describe('retention', () => {
  test('has a limit for every topic there is', () => {
    expect([...topicNames].sort()).toEqual(Object.keys(topics).sort())
  })

  test('keeps the topics together well below the log’s limit, whatever that is', () => {
    for (const maxMiB of [16, 4096, 1_000_000]) {
      const { log } = loadConfig({ env: {}, overrides: { log: { maxMiB } } })
      expect(retentions(log).reduce((sum, each) => sum + each.keepBytes, 0)).toBeLessThanOrEqual(0.76 * maxMiB * 1_048_576)
    }
  })

  test('takes hours and MiB as they are given', () => {
    const { log } = loadConfig({ env: {}, overrides: { log: { retention: { labels: { hours: 2, MiB: 3 } } } } })
    expect(retentions(log).find(each => each.topic === 'labels')).toEqual({ topic: 'labels', keepMs: 7_200_000, keepBytes: 3_145_728 })
  })
})
