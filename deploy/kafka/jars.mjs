/** Apache Kafka's jars from Maven Central, fetched once into a folder of the user's cache. */
import { spawnSync } from 'node:child_process'
import { existsSync, mkdirSync, mkdtempSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { homedir } from 'node:os'
import { join } from 'node:path'

export const newestKafka = '4.4.0'

/** Versions of what else is fetched: pinned, so that the same command brings the same files. */
const LOG4J = '2.25.3'
const DEPENDENCY_PLUGIN = '3.8.1'

/** What is not installed, in words that say how to install it; null where nothing is missing. */
export function missingForKafka() {
  const missing = ['java', 'mvn'].filter(command => spawnSync(command, ['-version'], { stdio: 'ignore' }).status !== 0)
  if (missing.length === 0) return null
  return `${missing.join(' and ')} not found: Kafka runs on Java 17 or newer and is fetched by Maven (Debian: apt-get install openjdk-17-jre-headless maven)`
}

/** Where the jars are kept unless told otherwise. */
export function defaultCache(env = process.env) {
  return env.ANDON_KAFKA_CACHE || join(env.XDG_CACHE_HOME || join(homedir(), '.cache'), 'andon')
}

/** The folder that holds the jars of a version; fetches them where it is not there yet. Throws with Maven's own words. */
export function fetchJars({ version = newestKafka, cache = defaultCache() } = {}) {
  const folder = join(cache, `kafka-${version}`)
  if (existsSync(folder)) return folder
  const missing = missingForKafka()
  if (missing !== null) throw new Error(missing)
  mkdirSync(cache, { recursive: true })
  // Whole or not at all: a folder of its own, renamed at the end.
  const work = mkdtempSync(join(cache, 'fetching-'))
  try {
    const pom = join(work, 'pom.xml')
    writeFileSync(pom, pomOf(version))
    const copy = `org.apache.maven.plugins:maven-dependency-plugin:${DEPENDENCY_PLUGIN}:copy-dependencies`
    const words = ['-B', '-q', '-ntp', '-f', pom, copy, '-DincludeScope=runtime', `-DoutputDirectory=${join(work, 'libs')}`]
    const { status, stdout, stderr } = spawnSync('mvn', words, { encoding: 'utf8' })
    if (status !== 0) throw new Error(`expected Maven to fetch Kafka ${version}, it ended with ${status}:\n${stdout}${stderr}`)
    try {
      renameSync(join(work, 'libs'), folder)
    } catch (error) {
      if (!existsSync(folder)) throw error // another process was faster
    }
    return folder
  } finally {
    rmSync(work, { recursive: true, force: true })
  }
}

function pomOf(version) {
  // Kafka 3 logs through log4j 1's successor, Kafka 4 through log4j 2.
  const logging = version.startsWith('3.')
    ? [['org.slf4j', 'slf4j-reload4j', '1.7.36']]
    : [
        ['org.apache.logging.log4j', 'log4j-core', LOG4J],
        ['org.apache.logging.log4j', 'log4j-slf4j-impl', LOG4J]
      ]
  const dependencies = [['org.apache.kafka', 'kafka_2.13', version], ...logging]
    .map(
      ([group, artifact, of]) =>
        `<dependency><groupId>${group}</groupId><artifactId>${artifact}</artifactId><version>${of}</version></dependency>`
    )
    .join('')
  return (
    '<project xmlns="http://maven.apache.org/POM/4.0.0"><modelVersion>4.0.0</modelVersion><groupId>andon</groupId>' +
    `<artifactId>kafka</artifactId><version>1</version><packaging>pom</packaging><dependencies>${dependencies}</dependencies></project>\n`
  )
}
