/**
 * Pictures of every view: light, dark, on a phone and on a wall. `npm run screenshots -- FOLDER [SECONDS]`: simulated lines run for so many
 * seconds before, so that there is something to see.
 */
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { chromium } from 'playwright-core'
import { startAndon } from './andon.mjs'

const [folder = 'screenshots', seconds = '40'] = process.argv.slice(2)
mkdirSync(folder, { recursive: true })
const data = mkdtempSync(join(tmpdir(), 'andon-pictures-'))
const andon = await startAndon({ data, words: ['--simulate', '3'] })
const browser = await chromium.launch({ executablePath: process.env.CHROMIUM ?? '/usr/bin/chromium', args: ['--no-sandbox'] })
const looks = [
  { name: 'light', colorScheme: 'light', viewport: { width: 1440, height: 900 } },
  { name: 'dark', colorScheme: 'dark', viewport: { width: 1440, height: 900 } },
  { name: 'phone', colorScheme: 'light', viewport: { width: 390, height: 844 }, deviceScaleFactor: 2, isMobile: true },
  { name: 'wall', colorScheme: 'dark', viewport: { width: 3840, height: 2160 } }
]
try {
  await sleep(Number(seconds) * 1000)
  for (const { name, ...look } of looks) {
    const page = await browser.newPage(look)
    page.on('console', message => message.type() === 'error' && console.log(`${name}: ${message.text()}`))
    page.on('pageerror', error => console.log(`${name}: ${error.message}`))
    await page.goto(andon.url)
    const views = await page.locator('#nav a').evaluateAll(links => links.map(link => link.getAttribute('href').replace('#/', '')))
    for (const view of views) {
      await page.goto(`${andon.url}/#/${view}`)
      if (view === 'part') await page.locator('.newest a').first().click()
      await sleep(1500)
      await page.screenshot({ path: join(folder, `${view}-${name}.png`), fullPage: name === 'phone' })
    }
    await page.close()
  }
} finally {
  await browser.close()
  await andon.stop()
  rmSync(data, { recursive: true, force: true })
}
console.log(`pictures in ${folder}`)
