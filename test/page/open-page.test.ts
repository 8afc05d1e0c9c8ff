/** What a page that stays open keeps: what somebody opened, and what is known of alerts while its server starts. */
import type { Browser, Page } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { AlertState } from '../../src/alert/alert-state.ts'
import { Fault } from '../../src/fault/fault.ts'
import { fullStatus, taskOf } from '../adapter/prometheus.status.ts'
import { served } from '../http/fake-gateway.ts'
import { launch, noChromium, watch } from './chromium.ts'
import { stub, tile } from './stub.ts'

/** Often, so that no test waits for the next one. */
const stream = { pulseMs: 100 }

const alert: AlertState = {
  id: 'run-1',
  rule: 'run',
  cause: '',
  line: 'a',
  station: null,
  task: 'surface',
  class: 'scratch',
  severity: 'critical',
  state: 'raised',
  since: 1,
  at: 1,
  clearedAt: null,
  by: null,
  acknowledgedAt: null,
  observation: null,
  value: null,
  count: 3,
  message: 'three in a row',
  trial: false
}

describe.skipIf(noChromium !== null)('an open page', { timeout: 180_000 }, () => {
  let browser: Browser
  beforeAll(async () => {
    browser = await launch()
  })
  afterAll(() => browser?.close())

  test('keeps what it knew of alerts while its server starts, and says that it does not know where it never did', async () => {
    const made = stub()
    made.tiles = [tile('a')]
    await served({ board: { ...made.board, stream } }, async (url, _server, gateway) => {
      const known = { open: [alert], recent: [], lines: ['a'], trial: null, sinks: [] }
      let told: (() => typeof known) | null = () => known
      gateway.alerts = () => {
        if (told === null) throw new Fault('UNAVAILABLE', 'expected alerts as they stand')
        return told()
      }
      const page = await browser.newPage()
      const complaints = watch(page)
      await page.goto(url)
      const red = page.locator('.tile[data-light=red]', { hasText: 'three in a row' })
      await red.waitFor()

      told = null
      made.ready = false
      await page.locator('#banner', { hasText: 'it starts' }).waitFor()
      // Longer than the page takes to ask again.
      await page.waitForTimeout(500)
      expect(await red.count()).toBe(1)
      const late = await browser.newPage()
      await late.goto(`${url}/#/alerts`)
      await late.locator('.none', { hasText: 'what is open is not known yet' }).waitFor()

      // It turns out to be one that watches over nothing.
      made.ready = true
      await page.locator('.tile-word', { hasText: 'Alerts unknown' }).waitFor()
      await late.locator('.none', { hasText: 'watches over no alerts' }).waitFor()
      told = () => ({ ...known, open: [] })
      await page.locator('.tile[data-light=green]').waitFor()
      expect(complaints).toEqual([])
      await late.close()
      await page.close()
    })
  })

  test('what somebody has opened, scrolled and reached stays when the figures of the experts change', async () => {
    const made = stub()
    const { banks, ...task } = taskOf('fault', ['ok', 'scratch'])
    const [bank] = banks
    /** Five that speak, and so many that hardly do. */
    const statusOf = (hardly: number) => {
      const [expert] = bank!.experts
      const experts = Array.from({ length: 5 + hardly }, (_, i) => ({ ...expert!, expert: i, utilisation: i < 5 ? 0.2 : 0.001 * i }))
      return fullStatus([{ ...task, banks: [{ ...bank!, experts }] }])
    }
    await served({ board: { ...made.board, stream } }, async (url, _server, gateway) => {
      gateway.current = statusOf(4)
      const page = await browser.newPage({ viewport: { width: 420, height: 700 } })
      const complaints = watch(page)
      await page.goto(`${url}/#/experts`)
      await page.locator('summary', { hasText: '4 that hardly speak' }).click()
      const region = page.getByRole('region', { name: 'Experts one by one' }).first()
      await region.focus()
      await scrollTo(page, 60)
      expect(await scrolled(page)).toBe(60)
      gateway.current = statusOf(5)
      await page.locator('summary', { hasText: '5 that hardly speak' }).waitFor()
      expect(await page.locator('details').getAttribute('open')).toBe('')
      expect(await page.locator('details tbody tr').count()).toBe(5)
      expect(await scrolled(page)).toBe(60)
      expect(await page.evaluate('document.activeElement.getAttribute("aria-label")')).toBe('Experts one by one')
      // A style is set as a property: an attribute would be refused.
      expect(await page.locator('.heat-cell').first().getAttribute('style')).toContain('rgba(var(--heat)')
      expect(complaints).toEqual([])
      await page.close()
    })
  })
})

const scrollTo = (page: Page, left: number) => page.evaluate(`document.activeElement.scrollLeft = ${left}`)
const scrolled = (page: Page) => page.evaluate('document.activeElement.scrollLeft')
