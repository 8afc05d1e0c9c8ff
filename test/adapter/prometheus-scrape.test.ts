/** What Prometheus itself says of the metrics. Skipped where it is not installed, unless ANDON_REQUIRE names promtool. */
import { spawn, spawnSync } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { openMetrics } from '../../src/adapter/prometheus/open-metrics.ts'
import { type Server, serve } from '../../src/http/serve.ts'
import { fakeGateway, parse } from '../http/fake-gateway.ts'
import { fullStatus } from './prometheus.status.ts'

const required = (process.env.ANDON_REQUIRE ?? '').split(',').includes('promtool')
const missing = ['promtool', 'prometheus'].filter(command => spawnSync(command, ['--version']).status !== 0)
const skip = missing.length > 0 && !required
if (skip) console.info(`skipped: ${missing.join(' and ')} not installed (Debian: apt-get install prometheus)`)

function freePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const probe = createServer().on('error', reject)
    probe.listen(0, '127.0.0.1', () => {
      const address = probe.address()
      probe.close(() => resolve(typeof address === 'object' && address !== null ? address.port : 0))
    })
  })
}

describe.skipIf(skip)('promtool', () => {
  const check = (text: string) => {
    const { status, stdout, stderr } = spawnSync('promtool', ['check', 'metrics'], { input: text, encoding: 'utf8' })
    return { status, said: stdout + stderr }
  }

  test('finds nothing to say of the metrics, before the first status and after', async () => {
    const metrics = openMetrics()
    expect(check(await metrics.text())).toEqual({ status: 0, said: '' })
    metrics.observe(fullStatus())
    metrics.timings.labelDelay(10)
    const text = await metrics.text()
    expect(text).toContain('process_cpu_seconds_total')
    expect(check(text)).toEqual({ status: 0, said: '' })
  })

  test('finds something to say of a metric named wrongly, so its silence means something', async () => {
    const text = await openMetrics().text()
    expect(check(`${text}# HELP wait_ms Time.\n# TYPE wait_ms counter\nwait_ms 1\n`).status).not.toBe(0)
    expect(check(`${text}broken{ 1\n`).status).not.toBe(0)
  })
})

describe.skipIf(skip)('a real Prometheus', () => {
  let folder: string
  let server: Server
  let prometheus: ReturnType<typeof spawn>
  let api: string

  beforeAll(async () => {
    folder = mkdtempSync(join(tmpdir(), 'andon-prometheus-'))
    const gateway = fakeGateway()
    gateway.current = fullStatus()
    server = await serve({ gateway, metrics: openMetrics(), parse, port: 0 }, new AbortController().signal)
    const port = await freePort()
    api = `http://127.0.0.1:${port}/api/v1/query?query=`
    const job = { job_name: 'andon', static_configs: [{ targets: [new URL(server.url).host] }] }
    const config = { global: { scrape_interval: '1s', scrape_timeout: '1s' }, scrape_configs: [job] }
    // JSON is YAML.
    writeFileSync(join(folder, 'prometheus.yml'), JSON.stringify(config))
    prometheus = spawn(
      'prometheus',
      [
        `--config.file=${join(folder, 'prometheus.yml')}`,
        `--storage.tsdb.path=${join(folder, 'tsdb')}`,
        `--web.listen-address=127.0.0.1:${port}`
      ],
      { stdio: 'ignore' }
    )
  })

  afterAll(async () => {
    if (prometheus?.exitCode === null) {
      const gone = new Promise(resolve => prometheus.once('exit', resolve))
      prometheus.kill('SIGTERM')
      await gone
    }
    await server?.close()
    rmSync(folder, { recursive: true, force: true })
  })

  /** Label sets and values of a query; nothing while Prometheus is not up yet. */
  async function query(expression: string): Promise<{ metric: Record<string, string>; value: number }[]> {
    const response = await fetch(api + encodeURIComponent(expression)).catch(() => null)
    if (!response?.ok) return []
    const { data } = (await response.json()) as { data: { result: { metric: Record<string, string>; value: [number, string] }[] } }
    return data.result.map(({ metric, value }) => ({ metric, value: Number(value[1]) }))
  }

  test('scrapes the interface and answers queries with what the status held', async () => {
    await expect.poll(async () => (await query('up{job="andon"}')).map(one => one.value), { timeout: 45_000, interval: 250 }).toEqual([1])
    expect((await query('andon_lag_records{topic="observations"}')).map(one => one.value)).toEqual([4])
    const recalls = await query('andon_class_recall_ratio{view="window"}')
    expect(recalls.map(one => one.metric.class).sort()).toEqual(['ok', 'scratch "deep"\n\\'])
    expect(recalls.map(one => one.value)).toEqual([0.5, 0.5])
  })
})
