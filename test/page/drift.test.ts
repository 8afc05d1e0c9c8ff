/** The page while a line drifts: the light turns, the alert appears once, is acknowledged by a person with a name, and clears. */
import { createHash } from 'node:crypto'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Browser } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { Label, Observation } from '../../src/events/event.ts'
import { SimulatedLines } from '../../src/simulate/lines.ts'
import { startAndon } from './andon.mjs'
import { launch, noChromium, watch } from './chromium.ts'

const FEED = 'a-token-for-gateways-in-tests'
const PERSON = 'a-token-for-a-person-in-tests'
/** The machine bears less strain between these parts: about a third of them fail. */
const DRIFT = { from: 800, to: 1500 }
const PARTS = 2300
const INTERVAL_MS = 50

const config = (data: string) => ({
  dataDirectory: data,
  http: {
    port: 0,
    tokens: [{ name: 'Ada', role: 'label', lines: 'any', sha256: createHash('sha256').update(PERSON).digest('hex') }]
  },
  alert: {
    rules: {
      'many-defects': { kind: 'rate', severity: 'critical', parts: 100, raise: 0.2, clear: 0.08, z: 2, leastLearned: 500 },
      ...Object.fromEntries(
        ['defect-rate', 'defect-run', 'undecided', 'drift', 'expert-unstable', 'no-parts', 'no-labels'].map(name => [name, null])
      )
    }
  }
})

/** Feeds the line's parts and labels up to a part, by the HTTP interface. */
function feeder(url: string) {
  const lines = new SimulatedLines({
    seed: 2,
    lines: 1,
    intervalMs: INTERVAL_MS,
    startMs: Date.now() - PARTS * INTERVAL_MS,
    labelDelayParts: 10,
    tasks: ['failure'],
    drift: {
      kind: 'recurring',
      atPart: DRIFT.from,
      overParts: DRIFT.to - DRIFT.from,
      moves: [{ line: 'line-1', what: 'overstrainNmMin', by: -6000 }]
    }
  })
  let made = 0
  const post = async (path: string, body: readonly unknown[]) => {
    if (body.length === 0) return
    const headers = { 'content-type': 'application/json', authorization: `Bearer ${FEED}` }
    const answer = await fetch(url + path, { method: 'POST', headers, body: JSON.stringify(body) })
    expect([path, answer.status, await answer.text()]).toEqual([path, 200, expect.any(String)])
  }
  return async (upTo: number): Promise<void> => {
    while (made < upTo) {
      const parts: Observation[] = []
      const labels: Label[] = []
      while (parts.length < 50 && made < upTo) {
        const { event } = lines.next().value
        if (event.name === 'label') labels.push(event.event)
        else {
          parts.push(event.event)
          made++
        }
      }
      await post('/observations', parts)
      await post('/labels', labels)
    }
  }
}

describe.skipIf(noChromium !== null)('the page while a line drifts', { timeout: 180_000 }, () => {
  let browser: Browser
  const data = mkdtempSync(join(tmpdir(), 'andon-drift-'))
  beforeAll(async () => {
    browser = await launch()
  })
  afterAll(async () => {
    await browser?.close()
    rmSync(data, { recursive: true, force: true })
  })

  test('the light turns, the alert appears once, is acknowledged with a name, and clears', async () => {
    const file = join(data, 'andon.yaml')
    writeFileSync(file, JSON.stringify(config(join(data, 'data'))))
    const andon = await startAndon({ data: join(data, 'data'), words: ['--config', file], env: { ANDON_HTTP__TOKEN: FEED } })
    try {
      const feed = feeder(andon.url)
      const page = await browser.newPage()
      const complaints = watch(page)
      await page.goto(andon.url)
      await feed(DRIFT.from)
      const tile = page.locator('.tile')
      await page.locator('.tile[data-light=green]', { hasText: 'Runs well' }).waitFor()

      await feed(DRIFT.to - 200)
      await page.locator('.tile[data-light=red]', { hasText: 'Act now' }).waitFor()
      expect(await tile.locator('.tile-alert').textContent()).toContain('line-1')
      expect(await page.locator('#nav .badge').textContent()).toBe('1')
      expect(await page.locator('#plant-light .sign-red').count()).toBe(1)
      const said = page.locator('#said p')
      expect(await said.count()).toBe(1)
      expect(await said.textContent()).toContain('New critical alert on line-1')

      await page.goto(`${andon.url}/#/alerts`)
      const alert = page.locator('.alert')
      await alert.first().waitFor()
      await feed(DRIFT.to)
      // Seven hundred parts of one cause, and it is still one alert.
      expect(await alert.count()).toBe(1)
      expect(await said.count()).toBe(1)

      await alert.getByRole('button', { name: /^Acknowledge/ }).click()
      const dialog = page.getByRole('dialog')
      await dialog.getByLabel('Token').fill(PERSON)
      await dialog.getByRole('button', { name: 'Log in' }).click()
      await page.locator('#account', { hasText: 'Log out Ada' }).waitFor()
      await alert.getByRole('button', { name: /^Acknowledge/ }).click()
      await page.locator('.alert.acknowledged', { hasText: 'acknowledged by Ada' }).waitFor()
      await page.locator('#nav .badge').waitFor({ state: 'hidden' })
      await page.locator('#plant-light .sign-amber').waitFor()

      await feed(PARTS)
      await page.locator('.none', { hasText: 'Nothing is open.' }).waitFor()
      const row = page.locator('.panel tbody tr')
      expect(await row.count()).toBe(1)
      expect(await row.locator('td').last().textContent()).toBe('Ada')
      await page.goto(`${andon.url}/#/board`)
      await page.locator('.tile[data-light=green]').waitFor()
      expect(complaints).toEqual([])
      await page.close()
    } finally {
      await andon.stop()
    }
  })
})
