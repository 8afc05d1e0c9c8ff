/** The manifests: what Kubernetes' own schemas say of them, and what they say of Andon. */
import { spawnSync } from 'node:child_process'
import { cpSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { parse, parseAllDocuments, stringify } from 'yaml'
import { execOf, lastOf, pairsOf, parseDockerfile } from '../../deploy/dockerfile.mjs'
import { loadConfig } from '../../src/config/load.ts'
import { readRoutes } from '../../src/http/serve.ts'
import { PREDICT_GROUP } from '../../src/pipeline/roles.ts'
import { roleOf } from './andon-container.ts'

interface Probe {
  readonly httpGet?: { readonly path: string; readonly port: string }
  readonly exec?: { readonly command: readonly string[] }
}

interface Container {
  readonly image: string
  readonly args: readonly string[]
  readonly env: readonly { readonly name: string; readonly value: string }[]
  readonly ports: readonly { readonly containerPort: number }[]
  readonly securityContext: object
  readonly startupProbe: Probe
  readonly readinessProbe: Probe
  readonly livenessProbe: Probe
  readonly resources: { readonly requests: object; readonly limits: object }
  readonly volumeMounts: readonly { readonly name: string; readonly mountPath: string }[]
}

interface Pod {
  readonly terminationGracePeriodSeconds: number
  readonly automountServiceAccountToken: boolean
  readonly securityContext: { readonly runAsUser: number; readonly runAsGroup: number }
  readonly containers: readonly Container[]
}

interface Manifest {
  readonly kind: string
  readonly metadata: { readonly name: string }
  readonly spec: {
    readonly replicas: number
    readonly strategy: { readonly type?: string; readonly rollingUpdate?: object }
    readonly selector: { readonly matchLabels: Record<string, string> }
    readonly template: { readonly metadata: { readonly labels: Record<string, string> }; readonly spec: Pod }
    readonly maxUnavailable?: number
  }
}

const FOLDER = 'deploy/kubernetes'
const { resources } = parse(readFileSync(`${FOLDER}/kustomization.yaml`, 'utf8')) as { resources: string[] }
const manifests = resources.flatMap(file =>
  parseAllDocuments(readFileSync(`${FOLDER}/${file}`, 'utf8')).map(document => document.toJS() as Manifest)
)
const deployments = manifests.filter(({ kind }) => kind === 'Deployment')
const stage = parseDockerfile(readFileSync('Dockerfile', 'utf8')).stages.at(-1)!
const image = pairsOf(lastOf(stage, 'ENV')!)

test('every file of the folder is applied, or asked for', () => {
  const left = readdirSync(FOLDER).filter(name => name.endsWith('.yaml') && !resources.includes(name))
  expect(left.sort()).toEqual(['andon.yaml', 'kustomization.yaml'])
})

describe.each(deployments.map(one => [one.metadata.name, one] as const))('%s', (_name, { spec }) => {
  const pod = spec.template.spec
  const [container] = pod.containers as [Container]
  const role = roleOf(container.args)

  test('does the work that its labels say', () => {
    expect(spec.selector.matchLabels).toEqual({ 'app.kubernetes.io/name': 'andon', 'app.kubernetes.io/component': role })
    expect(spec.template.metadata.labels).toEqual(spec.selector.matchLabels)
  })

  test('runs as the user of the image, may do nothing that it need not, and has limits', () => {
    expect(`${pod.securityContext.runAsUser}:${pod.securityContext.runAsGroup}`).toBe(lastOf(stage, 'USER'))
    expect(pod.securityContext).toMatchObject({ runAsNonRoot: true, seccompProfile: { type: 'RuntimeDefault' } })
    expect(container.securityContext).toEqual({
      allowPrivilegeEscalation: false,
      readOnlyRootFilesystem: true,
      capabilities: { drop: ['ALL'] }
    })
    expect(pod.automountServiceAccountToken).toBe(false)
    expect(Object.keys(container.resources.requests)).toEqual(['cpu', 'memory'])
    expect(Object.keys(container.resources.limits)).toEqual(['memory'])
  })

  test('writes where the image does, and reads the configuration where it is mounted', () => {
    const mounts = Object.fromEntries(container.volumeMounts.map(({ name, mountPath }) => [name, mountPath]))
    expect(mounts.state).toBe(image.ANDON_DATADIRECTORY)
    expect(container.env).toEqual([{ name: 'ANDON_CONFIG', value: `${mounts.config}/andon.yaml` }])
    expect(config().http.tokenFile).toBe(`${mounts.http}/token`)
    expect(config().http.tokens).toMatchObject([{ name: 'prometheus', role: 'read', tokenFile: `${mounts.http}/metrics` }])
    expect(container.ports[0]!.containerPort).toBe(config().http.port)
  })

  test('is probed at addresses that there are, or as the image can be asked', () => {
    for (const { httpGet, exec } of [container.startupProbe, container.readinessProbe, container.livenessProbe]) {
      if (httpGet !== undefined) expect(readRoutes).toContain(httpGet.path)
      else expect(exec!.command.slice(0, -1)).toEqual(execOf(lastOf(stage, 'HEALTHCHECK')!).slice(0, -1))
    }
    expect(container.livenessProbe.httpGet!.path).toBe('/healthz')
  })

  test('can be rolled out: nothing waits for a standby to be ready, and a sole worker goes before the next comes', () => {
    if (role === 'learn') {
      expect(spec.replicas).toBe(2)
      expect(container.startupProbe.exec!.command.at(-1)).toBe('warm')
      expect(container.readinessProbe.httpGet!.path).toBe('/healthz')
    } else expect(container.readinessProbe.httpGet!.path).toBe('/readyz')
    if (role === 'join' || role === 'watch') expect([spec.replicas, spec.strategy.type]).toEqual([1, 'Recreate'])
    else expect(spec.strategy.rollingUpdate).toEqual({ maxUnavailable: 1, maxSurge: 0 })
    // Draining 10 s, requests 5 s, a snapshot.
    expect(pod.terminationGracePeriodSeconds).toBeGreaterThan(20)
  })
})

test('every role is started, each once', () => {
  expect(deployments.map(({ spec }) => roleOf(spec.template.spec.containers[0]!.args)).sort()).toEqual([
    'join',
    'learn',
    'predict',
    'watch'
  ])
})

test('no budget keeps a node from being drained', () => {
  const budgets = manifests.filter(({ kind }) => kind === 'PodDisruptionBudget')
  expect(budgets.map(({ spec }) => [spec.selector.matchLabels['app.kubernetes.io/component'], spec.maxUnavailable])).toEqual([
    ['learn', 1],
    ['predict', 1]
  ])
})

/** The configuration of the pods, with a token that needs no file. */
function config(): ReturnType<typeof loadConfig> {
  return loadConfig({ path: `${FOLDER}/andon.yaml`, env: { ANDON_HTTP__TOKEN: 'sixteen-characters-at-least' } })
}

test('predictors are counted by the lag of their own group, up to the partitions', () => {
  const { spec } = parse(readFileSync(`${FOLDER}/autoscaling/predict.yaml`, 'utf8'))
  const { log } = config()
  expect(spec.scaleTargetRef.name).toBe(deployments.find(({ metadata }) => metadata.name.endsWith('predict'))!.metadata.name)
  expect(spec.maxReplicaCount).toBe(log.partitions.observations)
  expect(spec.triggers[0].metadata).toMatchObject({
    bootstrapServers: log.kafka.brokers.join(),
    consumerGroup: `${log.kafka.prefix}${PREDICT_GROUP}`,
    topic: `${log.kafka.prefix}observations`
  })
})

test('the operator is given the rules of deploy/prometheus, word for word', async () => {
  const spec = parse(readFileSync('deploy/prometheus/rules.yml', 'utf8'))
  const made = { apiVersion: 'monitoring.coreos.com/v1', kind: 'PrometheusRule', metadata: { name: 'andon' }, spec }
  await expect(`# Made of deploy/prometheus/rules.yml by npm run dashboards.\n${stringify(made)}`).toMatchFileSnapshot(
    `../../${FOLDER}/monitoring/rules.yaml`
  )
})

const required = (process.env.ANDON_REQUIRE ?? '').split(',').includes('kubernetes-validate')
const skip = spawnSync('kubernetes-validate', ['--version']).status !== 0 && !required
if (skip) console.info('skipped: kubernetes-validate is not installed (pip install kubernetes-validate)')
const unbuilt = spawnSync('kubectl', ['version', '--client']).status !== 0
if (unbuilt) console.info('skipped: kubectl is not installed')

describe.skipIf(skip)("Kubernetes' own schemas", () => {
  let folder: string
  beforeAll(() => {
    folder = mkdtempSync(join(tmpdir(), 'andon-kubernetes-'))
  })
  afterAll(() => rmSync(folder, { recursive: true, force: true }))

  const said = (text: string) => {
    writeFileSync(join(folder, 'all.yaml'), text)
    const { status, stdout, stderr } = spawnSync('kubernetes-validate', ['--strict', join(folder, 'all.yaml')], { encoding: 'utf8' })
    return { status, told: stdout + stderr }
  }
  const all = resources.map(file => readFileSync(`${FOLDER}/${file}`, 'utf8')).join('\n---\n')

  test('are kept to, with no field that they do not know', () => {
    const { status, told } = said(all)
    expect({ status, told: told.split('\n').filter(line => !/passed|^$/.test(line)) }).toEqual({ status: 0, told: [] })
    expect(told.match(/passed/g)).toHaveLength(manifests.length)
  })

  test.each([
    ['a field misspelt', 'replicas: 2', 'replicaz: 2'],
    ['a number in words', 'replicas: 2', 'replicas: two'],
    ['a probe that asks nothing known', 'exec: {', 'execute: {']
  ])('are not, with %s', (_name, right, wrong) => {
    expect(all).toContain(right)
    expect(said(all.replace(right, wrong)).status).not.toBe(0)
  })

  test.skipIf(unbuilt)('are kept to by what kubectl builds, with both components as well', () => {
    const built = spawnSync('kubectl', ['kustomize', FOLDER], { encoding: 'utf8' })
    expect(built).toMatchObject({ status: 0, stderr: '' })
    expect(said(built.stdout)).toMatchObject({ status: 0 })
    expect(built.stdout).not.toMatch(/image: andon\s/)
    const whole = join(folder, 'whole')
    cpSync(FOLDER, whole, { recursive: true })
    const chosen = readFileSync(join(whole, 'kustomization.yaml'), 'utf8').replace(
      /^components: .*$/m,
      'components: [monitoring, autoscaling]'
    )
    writeFileSync(join(whole, 'kustomization.yaml'), chosen)
    const { status, stdout } = spawnSync('kubectl', ['kustomize', whole], { encoding: 'utf8' })
    expect(status).toBe(0)
    for (const kind of ['ServiceMonitor', 'PrometheusRule', 'ScaledObject']) expect(stdout).toContain(`kind: ${kind}\n`)
  })
})
