/** Debian's Chromium, driven by playwright-core. Where it is not installed its tests are skipped and say so, unless ANDON_REQUIRE names chromium. */
import { existsSync } from 'node:fs'
import { type Browser, chromium, type Page } from 'playwright-core'

const path = process.env.CHROMIUM ?? '/usr/bin/chromium'
const required = (process.env.ANDON_REQUIRE ?? '').split(',').includes('chromium')

/** Why there is no browser to be had here, or null. */
export const noChromium: string | null = existsSync(path) || required ? null : `chromium is not installed at ${path}`
if (noChromium !== null) console.info(`skipped: ${noChromium}`)

export function launch(): Promise<Browser> {
  // As root, as in a container, Chromium starts without its own sandbox only.
  return chromium.launch({ executablePath: path, args: ['--no-sandbox', '--disable-dev-shm-usage'] })
}

/** What a browser complained of, what it fetched from elsewhere and what its policy refused. */
export function watch(page: Page, expected: readonly RegExp[] = []): readonly string[] {
  const complaints: string[] = []
  const add = (text: string): void => {
    if (!expected.some(pattern => pattern.test(text))) complaints.push(text)
  }
  page.on('console', message => {
    if (message.type() === 'error' || message.type() === 'warning') add(message.text())
  })
  page.on('pageerror', error => add(error.message))
  page.on('request', asked => {
    if (!/^(http:\/\/127\.0\.0\.1:|data:)/.test(asked.url())) add(`fetched from elsewhere: ${asked.url()}`)
  })
  return complaints
}
