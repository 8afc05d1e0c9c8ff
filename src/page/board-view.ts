/** The board: every station of every line with its light, what is wrong there, how many parts are predicted defective, and the last one. */
import type { Tile } from '../pipeline/board.ts'
import { fill, h, keyed, type Part, setAttribute, setText } from './dom.ts'
import { ago, percent, whole } from './format.ts'
import { alertsOf, gravest, type Light, lightOf, wordOf } from './light.ts'
import { sign } from './sign.ts'
import { type Store, tileKey } from './store.ts'
import { address, type View } from './view.ts'

const order: readonly Light[] = ['red', 'amber', 'grey', 'green']
const counted: Readonly<Record<Light, string>> = { red: 'to act on', amber: 'to look at', grey: 'without parts', green: 'running well' }
const natural = new Intl.Collator('en', { numeric: true })

export const boardView: View = {
  name: 'board',
  title: 'Board',
  open(root, store, _rest, left) {
    const summary = h('p', { class: 'summary', id: 'summary' })
    const list = h('ul', { class: 'tiles' })
    const none = h('p', { class: 'none' }, 'No parts yet: stations appear here with the first part that is predicted.')
    root.append(h('h1', { class: 'unseen' }, 'Board'), summary, none, list)
    const show = keyed<Tile>(list, tileKey, () => tilePart(store))
    const update = (): void => {
      const tiles = [...store.tiles.values()].sort(
        (a, b) => natural.compare(a.line, b.line) || natural.compare(a.station ?? '', b.station ?? '')
      )
      none.hidden = tiles.length > 0
      list.classList.toggle('few', tiles.length <= 3)
      show(tiles)
      const lights = tiles.map(tile => lightOfTile(store, tile))
      const counts = order.map(light => [light, lights.filter(each => each === light).length] as const).filter(([, count]) => count > 0)
      const text =
        store.alerts === null ? 'alerts are not known here' : counts.map(([light, count]) => `${count} ${counted[light]}`).join(', ')
      setText(summary, tiles.length === 0 ? '' : `${tiles.length} ${tiles.length === 1 ? 'station' : 'stations'}: ${text}`)
    }
    const off = store.on(['pulse', 'alerts'], update)
    left.addEventListener('abort', off)
    update()
  }
}

export function lightOfTile(store: Store, tile: Tile): Light {
  return lightOf(store.alerts === null ? null : alertsOf(tile, store.alerts.open), tile.last.time, store.now())
}

/** The gravest light of all stations. */
export function plantLight(store: Store): Light {
  return gravest([...store.tiles.values()].map(tile => lightOfTile(store, tile)))
}

function tilePart(store: Store): Part<Tile> {
  const head = h('div', { class: 'tile-light' })
  const word = h('span', { class: 'tile-word' })
  const name = h('h2', { class: 'tile-name' })
  const place = h('span', { class: 'tile-station' })
  const what = h('p', { class: 'tile-alert' })
  const rate = h('span', { class: 'tile-rate' })
  const of = h('span', { class: 'tile-of' })
  const last = h('a', { class: 'tile-last' })
  const node = h(
    'li',
    { class: 'tile' },
    h('div', { class: 'tile-head' }, head, h('div', { class: 'tile-title' }, name, place), word),
    what,
    h('p', { class: 'tile-figures' }, rate, of),
    h('p', { class: 'tile-foot' }, last)
  )
  let shown: Light | null = null
  return {
    node,
    update(tile) {
      const alerts = alertsOf(tile, store.alerts?.open ?? [])
      const light = lightOfTile(store, tile)
      if (light !== shown) {
        fill(head, sign(light))
        shown = light
        node.dataset.light = light
      }
      setText(word, wordOf(light, store.alerts !== null))
      setText(name, tile.line)
      setText(place, tile.station ?? '')
      const [first] = alerts
      const more = alerts.length > 1 ? ` (and ${alerts.length - 1} more)` : ''
      setText(what, first === undefined ? '' : first.message + more)
      what.hidden = first === undefined
      setText(rate, percent(tile.recent === 0 ? null : tile.flagged / tile.recent))
      setText(of, `predicted defective, of the last ${whole(tile.recent)} parts`)
      const { last: part } = tile
      setText(last, `${part.class} ${percent(part.probability)} · ${part.task} · ${ago(part.time, store.now())}`)
      setAttribute(last, 'href', address('part', { observation: part.observation, task: part.task }))
      setAttribute(last, 'title', `Last part ${part.observation}: explain`)
    }
  }
}
