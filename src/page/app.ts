/** The page: which view is open, what stands above all of them, and the live stream. */
import { alertsView } from './alerts-view.ts'
import { boardView, plantLight } from './board-view.ts'
import { committeeView } from './committee-view.ts'
import { fill, h, setAttribute, setText } from './dom.ts'
import { expertsView } from './experts-view.ts'
import { learnerView } from './learner-view.ts'
import { ALL_LINES, isAcknowledged, wordOf } from './light.ts'
import { listen } from './live.ts'
import { partView } from './part-view.ts'
import { qualityView } from './quality-view.ts'
import { addAccount, logIn } from './session.ts'
import { sign } from './sign.ts'
import { Store } from './store.ts'
import { choose, theme, themes } from './theme.ts'
import type { View } from './view.ts'
import { workView } from './work-view.ts'

const views: readonly View[] = [boardView, alertsView, qualityView, workView, partView, expertsView, committeeView, learnerView]

const at = (id: string): HTMLElement => document.getElementById(id)!

function start(): void {
  const store = new Store()
  const links = new Map(views.map(view => [view.name, h('a', { href: `#/${view.name}` }, view.title)]))
  at('nav').append(...[...links].map(([, link]) => h('li', {}, link)))
  addTheme()
  addLink(store)
  addAccount(store, at('account'))
  addPlantLight(store)
  addAlerts(store, links.get(alertsView.name)!)

  let left = new AbortController()
  const open = (focus: boolean): void => {
    left.abort()
    left = new AbortController()
    const [name, query = ''] = location.hash.replace(/^#\//, '').split('?')
    const view = views.find(each => each.name === name) ?? views[0]!
    for (const [each, link] of links) setAttribute(link, 'aria-current', each === view.name ? 'page' : null)
    document.title = `${view.title} · Andon`
    const main = at('main')
    main.dataset.view = view.name
    fill(main)
    view.open(main, store, new URLSearchParams(query), left.signal)
    if (focus) main.focus({ preventScroll: true })
  }
  addEventListener('hashchange', () => open(true))
  open(false)
  listen(store)
}

function addTheme(): void {
  const button = at('theme')
  const tell = (): void => setText(button, `Theme: ${theme()}`)
  button.addEventListener('click', () => {
    choose(themes[(themes.indexOf(theme()) + 1) % themes.length]!)
    tell()
    // Charts are drawn, not styled: they draw themselves anew.
    dispatchEvent(new Event('andon-theme'))
  })
  tell()
}

/** Whether what is shown is of now. */
function addLink(store: Store): void {
  const update = (): void => {
    const link = at('link')
    link.dataset.link = store.link
    setText(link, { starting: 'Connecting', live: 'Live', waiting: 'No connection', locked: 'Locked' }[store.link])
    const banner = at('banner')
    const reasons = store.pulse?.ready === false && store.link === 'live' ? store.pulse.reasons.join('; ') : null
    if (store.link === 'waiting') fill(banner, 'The server does not answer. What is shown is from before; the page comes back by itself.')
    else if (store.link === 'locked') setText(banner, 'This server shows nothing without a token: log in.')
    else if (reasons !== null) setText(banner, `Not ready: ${reasons}`)
    banner.hidden = store.link !== 'waiting' && store.link !== 'locked' && reasons === null
  }
  store.on(['link', 'pulse'], update)
  store.on(['link'], () => {
    if (store.link === 'locked') logIn(store, 'This server shows nothing without a token.')
  })
  update()
}

/** How many wait to be acknowledged, mere information aside, stands beside their view; each new one is said once, wherever the reader is. */
function addAlerts(store: Store, link: HTMLElement): void {
  const badge = h('span', { class: 'badge', hidden: true })
  link.append(badge)
  let said: Set<string> | null = null
  store.on(['alerts'], () => {
    if (store.alerts === null) return
    const waiting = store.alerts.open.filter(alert => !isAcknowledged(alert) && alert.severity !== 'information')
    setText(badge, String(waiting.length))
    setAttribute(badge, 'aria-label', `${waiting.length} to acknowledge`)
    badge.hidden = waiting.length === 0
    const fresh = said === null ? [] : waiting.filter(({ id }) => !said!.has(id))
    said = new Set(waiting.map(({ id }) => id))
    for (const { severity, line, message } of fresh)
      at('said').append(h('p', {}, `New ${severity} alert on ${line === ALL_LINES ? 'all lines' : line}: ${message}`))
    while (at('said').childElementCount > 5) at('said').firstElementChild!.remove()
  })
}

function addPlantLight(store: Store): void {
  let shown: string | null = null
  const update = (): void => {
    const light = plantLight(store)
    const word = wordOf(light, store.alerts !== null)
    if (word === shown) return
    shown = word
    fill(at('plant-light'), sign(light), h('span', { class: 'unseen' }, `Plant: ${word}. `))
  }
  store.on(['pulse', 'alerts'], update)
  update()
}

start()
