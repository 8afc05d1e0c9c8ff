/**
 * What the page costs: `node bench/page.mjs [--json] [--browsers 50] [--seconds 20] [--minutes 60]`. Needs Chromium (CHROMIUM names
 * another than Debian's).
 *
 * First paint and bytes a minute are of one browser on three simulated lines. Memory is of a page that is told an hour of
 * events, played fast: each event is handled as if it came alone. The learner's pace is measured as fast as it can learn, with
 * nobody looking, with as many real browsers on the board, and with as many connections that only listen.
 */
import { existsSync } from 'node:fs'
import { resolve } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { parseArgs } from 'node:util'
import { chromium } from 'playwright-core'
import { distOf, place, start, table, whole } from './running.mjs'

const { values: flags } = parseArgs({
  options: {
    browsers: { type: 'string', default: '50' },
    seconds: { type: 'string', default: '20' },
    minutes: { type: 'string', default: '60' },
    json: { type: 'boolean', default: false },
    dist: { type: 'string' }
  }
})
const dist = resolve(distOf(flags.dist))
const [browsers, seconds, minutes] = [whole('browsers', flags.browsers), whole('seconds', flags.seconds), whole('minutes', flags.minutes)]
const executablePath = process.env.CHROMIUM ?? '/usr/bin/chromium'
if (!existsSync(executablePath))
  throw new Error(`expected Chromium at ${executablePath}, there is none: apt-get install chromium, or set CHROMIUM`)
const launch = () => chromium.launch({ executablePath, args: ['--no-sandbox', '--disable-dev-shm-usage', '--js-flags=--expose-gc'] })
const median = values => [...values].sort((a, b) => a - b)[values.length >> 1]
const learnedAt = async url => (await (await fetch(`${url}/status`)).json()).learner.learned

/** A running pipeline on three simulated lines, ready; `rate` parts a second. */
async function running(rate) {
  const { config, remove } = place({ simulate: { rate, drift: false } })
  const andon = await start(dist, config, ['--simulate', '3'])
  while ((await fetch(`${andon.url}/readyz`)).status !== 200) await sleep(50)
  return { ...andon, url: andon.url, stop: () => andon.stop().finally(remove) }
}

/** Time to first contentful paint, and until the stations stand on the board, each the median of nine, cold and warm. */
async function firstPaint(browser, url) {
  const cold = []
  const warm = []
  for (let i = 0; i < 9; i++) {
    const context = await browser.newContext()
    for (const into of [cold, warm]) {
      const page = await context.newPage()
      await page.goto(url)
      await page.locator('.tile').nth(2).waitFor()
      into.push(await page.evaluate("[performance.getEntriesByName('first-contentful-paint')[0].startTime, performance.now()]"))
      await page.close()
    }
    await context.close()
  }
  const of = times => ({ paintMs: median(times.map(([paint]) => paint)), boardMs: median(times.map(([, board]) => board)) })
  return { cold: of(cold), warm: of(warm) }
}

/** Bytes that come in a minute while a view is open. */
async function bytesPerMinute(browser, url, view) {
  const page = await browser.newPage()
  const network = await page.context().newCDPSession(page)
  await network.send('Network.enable')
  await page.goto(`${url}/#/${view}`)
  await page.locator('main > *').first().waitFor()
  await sleep(3000)
  let bytes = 0
  network.on('Network.dataReceived', ({ dataLength, encodedDataLength }) => (bytes += Math.max(dataLength, encodedDataLength)))
  const began = performance.now()
  await sleep(20_000)
  const result = (bytes * 60_000) / (performance.now() - began)
  await page.close()
  return result
}

/** Used heap of the page before and after so many minutes of events, garbage collected; told as fast as it takes them. */
async function memory(browser, url) {
  const page = await browser.newPage()
  await page.addInitScript(`globalThis.EventSource = class extends EventSource {
    constructor(...given) { super(...given); (globalThis.sources ??= []).push(this) }
  }`)
  await page.goto(url)
  await page.locator('.tile').nth(2).waitFor()
  const network = await page.context().newCDPSession(page)
  const heap = async () => {
    for (let i = 0; i < 3; i++) await network.send('HeapProfiler.collectGarbage')
    return (await network.send('Runtime.getHeapUsage')).usedSize / 1_048_576
  }
  const pulses = (minutes * 60) / 2
  const play = async count =>
    page.evaluate(`(async () => {
      const source = globalThis.sources.at(-1)
      const tiles = [1, 2, 3].map(line => 'line-' + line)
      for (let i = 0; i < ${count}; i++) {
        const at = Date.now()
        const pulse = { at, startedAt: 1, ready: true, reasons: [], role: 'all', learned: i, lag: {}, waiting: { observations: 0, labels: 0 },
          tiles: tiles.map(line => ({ line, station: 'mill', parts: i, recent: 500, flagged: i % 90, last: { observation: line + '-' + i, time: at, flagged: i % 9 === 0, task: 'failure', class: 'ok', probability: (i % 100) / 100 } })) }
        source.dispatchEvent(new MessageEvent('status', { data: JSON.stringify(pulse) }))
        if (i % 30 === 0) source.dispatchEvent(new MessageEvent('signal', { data: JSON.stringify({ id: String(i), message: 'x' }) }))
        if (i % 20 === 0) await new Promise(resolve => requestAnimationFrame(resolve))
      }
    })()`)
  await play(200)
  const before = await heap()
  await play(pulses)
  const after = await heap()
  await page.close()
  return { beforeMiB: before, afterMiB: after, pulses }
}

/** Examples learned a second while it is fed more than it can learn, over some seconds. */
async function pace(url) {
  const before = await learnedAt(url)
  const began = performance.now()
  await sleep(1000 * seconds)
  return ((await learnedAt(url)) - before) / ((performance.now() - began) / 1000)
}

async function withListeners(url, count, measure) {
  const stop = new AbortController()
  const drains = []
  for (let i = 0; i < count; i++) {
    const { body, status } = await fetch(`${url}/api/stream`, { signal: stop.signal })
    if (status !== 200) throw new Error(`expected a stream, got ${status}`)
    drains.push(
      (async () => {
        for await (const _ of body);
      })().catch(() => undefined)
    )
  }
  const result = await measure()
  stop.abort()
  await Promise.all(drains)
  return result
}

async function withBrowsers(url, count, measure) {
  const browser = await launch()
  try {
    // Some at a time, and none is waited for longer than a minute: fifty browsers on two cores take theirs.
    for (let i = 0; i < count; i += 5)
      await Promise.all(
        Array.from({ length: Math.min(5, count - i) }, async () => {
          const page = await (await browser.newContext()).newPage()
          await page.goto(url, { waitUntil: 'domcontentloaded', timeout: 60_000 })
        })
      )
    return await measure()
  } finally {
    await browser.close()
  }
}

const gentle = await running(100)
const browser = await launch()
await sleep(5000)
const paint = await firstPaint(browser, gentle.url)
const views = ['board', 'quality', 'experts', 'learner']
const bytes = {}
for (const view of views) bytes[view] = await bytesPerMinute(browser, gentle.url, view)
const heap = await memory(browser, gentle.url)
await browser.close()
await gentle.stop()

// Each twice and by turns: a learner grows cheaper with its first thousands of examples.
const paces = { nobody: [], listeners: [], browsers: [] }
if (browsers > 0) {
  const hard = await running(5000)
  try {
    await sleep(8000)
    for (let turn = 0; turn < 2; turn++) {
      paces.nobody.push(await pace(hard.url))
      paces.listeners.push(await withListeners(hard.url, browsers, () => pace(hard.url)))
      paces.browsers.push(await withBrowsers(hard.url, browsers, () => pace(hard.url)))
    }
  } finally {
    hard.kill()
  }
}

const mean = values => values.reduce((a, b) => a + b) / values.length
const figures = { paint, bytesPerMinute: bytes, heap, paces, browsers }
if (flags.json) process.stdout.write(`${JSON.stringify(figures, null, 2)}\n`)
else {
  const ms = value => `${value.toFixed(0)} ms`
  const share = values => `${((100 * mean(values)) / mean(paces.nobody)).toFixed(0)} %`
  const rows = [
    ['first paint, nothing cached', ms(paint.cold.paintMs)],
    ['stations on the board, nothing cached', ms(paint.cold.boardMs)],
    ['first paint, files cached', ms(paint.warm.paintMs)],
    ['stations on the board, files cached', ms(paint.warm.boardMs)],
    ...views.map(view => [`bytes a minute, ${view}`, `${(bytes[view] / 1024).toFixed(0)} KiB`]),
    [`heap before ${minutes} minutes of events`, `${heap.beforeMiB.toFixed(1)} MiB`],
    [`heap after ${minutes} minutes of events`, `${heap.afterMiB.toFixed(1)} MiB`],
    ...(browsers === 0
      ? []
      : [
          ['learned a second, nobody looks', `${mean(paces.nobody).toFixed(0)}`],
          [`learned a second, ${browsers} listen`, `${mean(paces.listeners).toFixed(0)} (${share(paces.listeners)})`],
          [`learned a second, ${browsers} browsers on the same cores`, `${mean(paces.browsers).toFixed(0)} (${share(paces.browsers)})`]
        ])
  ]
  process.stdout.write(`${table([['page', ''], ...rows])}\n`)
}
