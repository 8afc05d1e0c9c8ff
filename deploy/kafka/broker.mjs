/**
 * A single Kafka broker on loopback, for trying things out and for tests: KRaft, no replication, everything in one data
 * directory. It survives `kill -9` and comes back with what it had acknowledged.
 */
import { spawn, spawnSync } from 'node:child_process'
import { closeSync, existsSync, mkdirSync, openSync, readFileSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:net'
import { join, resolve } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { pathToFileURL } from 'node:url'
import { fetchJars } from './jars.mjs'

/** Any id serves a cluster of one, as long as it stays the same. */
const CLUSTER = 'andon-andon-andon-and0'
const READY_MS = 90_000
/** What lives for a minute is over before compiling it well has paid. */
const BRIEF = ['-XX:TieredStopAtLevel=1']
const STOP_MS = 20_000

/** A port that nobody listens on now. */
export function freePort() {
  return new Promise((found, reject) => {
    const probe = createServer().on('error', reject)
    probe.listen(0, '127.0.0.1', () => {
      const { port } = probe.address()
      probe.close(() => found(port))
    })
  })
}

/**
 * Starts a broker on a data directory and resolves once it takes requests. See `broker.d.mts` for what it takes and gives.
 * Throws with the end of the broker's own log where it does not come up.
 */
export async function startBroker(options) {
  const { directory, version, cache, heapMiB = 512, secure = null, scram = [], brief = false } = options
  const jars = fetchJars({ version, cache })
  const port = options.port || (await freePort())
  const ports = { port, controller: options.controllerPort || (await freePort()), secure: secure && (secure.port || (await freePort())) }
  const home = resolve(directory)
  mkdirSync(home, { recursive: true })
  const settings = join(home, 'server.properties')
  writeFileSync(settings, lines({ ...propertiesOf(home, ports, secure), ...options.properties }))
  const logging = writeLogging(home)
  const machine = [`-Xmx${heapMiB}m`, '-XX:+UseSerialGC', ...(brief ? BRIEF : [])]
  if (!existsSync(join(home, 'data', 'meta.properties'))) format(jars, settings, logging, scram)
  const broker = {
    port,
    address: `127.0.0.1:${port}`,
    secureAddress: ports.secure === null ? null : `127.0.0.1:${ports.secure}`,
    log: join(home, 'broker.log'),
    child: null,
    get pid() {
      return broker.child?.pid ?? null
    },
    start: () => start(broker, [...machine, ...logging, '-cp', join(jars, '*'), 'kafka.Kafka', settings]),
    kill: () => end(broker, 'SIGKILL'),
    stop: () => end(broker, 'SIGTERM'),
    ended: () => ended(broker.child)
  }
  await broker.start()
  return broker
}

function propertiesOf(home, { port, controller, secure }, security) {
  const listeners = [`PLAINTEXT://127.0.0.1:${port}`]
  const protocols = ['PLAINTEXT:PLAINTEXT', 'CONTROLLER:PLAINTEXT']
  if (security !== null) {
    listeners.push(`SECURE://127.0.0.1:${secure}`)
    protocols.push(`SECURE:${security.protocol}`)
  }
  return {
    'process.roles': 'broker,controller',
    'node.id': 1,
    'controller.quorum.voters': `1@127.0.0.1:${controller}`,
    listeners: [...listeners, `CONTROLLER://127.0.0.1:${controller}`].join(','),
    'advertised.listeners': listeners.join(','),
    'listener.security.protocol.map': protocols.join(','),
    'controller.listener.names': 'CONTROLLER',
    'inter.broker.listener.name': 'PLAINTEXT',
    'log.dirs': join(home, 'data'),
    'auto.create.topics.enable': false,
    'num.partitions': 1,
    'default.replication.factor': 1,
    'min.insync.replicas': 1,
    'offsets.topic.replication.factor': 1,
    'offsets.topic.num.partitions': 1,
    'transaction.state.log.replication.factor': 1,
    'transaction.state.log.min.isr': 1,
    'transaction.state.log.num.partitions': 1,
    'share.coordinator.state.topic.replication.factor': 1,
    'share.coordinator.state.topic.min.isr': 1,
    'group.initial.rebalance.delay.ms': 0,
    // A member that has died is given up after 2 s where it asks for that, in place of 6 at least.
    'group.min.session.timeout.ms': 2000,
    // A killed broker waits for its own old session to end before it serves again: 2 s in place of 9.
    'broker.session.timeout.ms': 2000,
    'broker.heartbeat.interval.ms': 500,
    ...security?.properties
  }
}

/** Warnings of everything, and the one line that says that the broker is up. */
function writeLogging(home) {
  const two = join(home, 'log4j2.properties')
  const one = join(home, 'log4j.properties')
  writeFileSync(
    two,
    lines({
      'appender.out.type': 'Console',
      'appender.out.name': 'out',
      'appender.out.layout.type': 'PatternLayout',
      'appender.out.layout.pattern': '%d %p %m (%c)%n',
      'rootLogger.level': 'WARN',
      'rootLogger.appenderRef.out.ref': 'out',
      'logger.server.name': 'kafka.server.KafkaRaftServer',
      'logger.server.level': 'INFO'
    })
  )
  writeFileSync(
    one,
    lines({
      'log4j.rootLogger': 'WARN, out',
      'log4j.appender.out': 'org.apache.log4j.ConsoleAppender',
      'log4j.appender.out.layout': 'org.apache.log4j.PatternLayout',
      'log4j.appender.out.layout.ConversionPattern': '%d %p %m (%c)%n',
      'log4j.logger.kafka.server.KafkaRaftServer': 'INFO'
    })
  )
  return [`-Dlog4j2.configurationFile=${two}`, `-Dlog4j.configuration=${pathToFileURL(one)}`]
}

function format(jars, settings, logging, scram) {
  const users = scram.flatMap(({ mechanism, name, password }) => ['--add-scram', `${mechanism}=[name=${name},password=${password}]`])
  const words = [
    ...logging,
    '-cp',
    join(jars, '*'),
    'kafka.tools.StorageTool',
    'format',
    '-t',
    CLUSTER,
    '-c',
    settings,
    '--ignore-formatted'
  ]
  const { status, stdout, stderr } = spawnSync('java', [...words, ...users], { encoding: 'utf8' })
  if (status !== 0) throw new Error(`expected Kafka to format its data directory, it ended with ${status}:\n${stdout}${stderr}`)
}

async function start(broker, words) {
  if (broker.child !== null) throw new Error('expected a broker that is not running, it is')
  const before = existsSync(broker.log) ? readFileSync(broker.log).length : 0
  const out = openSync(broker.log, 'a')
  const child = spawn('java', words, { stdio: ['ignore', out, out] })
  closeSync(out)
  const failed = new Promise((_, reject) => child.once('error', reject))
  failed.catch(() => undefined)
  // A broker does not outlive the process that started it, unless that one is killed with -9.
  const last = () => child.kill('SIGKILL')
  process.once('exit', last)
  child.once('exit', () => {
    process.off('exit', last)
    if (broker.child === child) broker.child = null
  })
  broker.child = child
  const said = () => readFileSync(broker.log).subarray(before).toString()
  const until = Date.now() + READY_MS
  while (!/Kafka Server started/.test(said())) {
    if (child.exitCode !== null || child.signalCode !== null || Date.now() > until) {
      child.kill('SIGKILL')
      throw new Error(`expected a broker on ${broker.address} within ${READY_MS / 1000} s, it said:\n${said().slice(-2000)}`)
    }
    await Promise.race([sleep(50), failed])
  }
}

async function end(broker, signal) {
  const { child } = broker
  if (child === null) return
  const gone = ended(child)
  child.kill(signal)
  const timer = setTimeout(() => child.kill('SIGKILL'), STOP_MS)
  await gone
  clearTimeout(timer)
}

/** Resolves with the exit code, or the signal's name, once the process has ended. */
function ended(child) {
  if (child === null || child.exitCode !== null || child.signalCode !== null)
    return Promise.resolve(child?.exitCode ?? child?.signalCode ?? 0)
  return new Promise(done => child.once('exit', (code, signal) => done(code ?? signal)))
}

function lines(properties) {
  return Object.entries(properties)
    .map(([key, value]) => `${key}=${value}\n`)
    .join('')
}
