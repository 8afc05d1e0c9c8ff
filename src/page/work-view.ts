/**
 * The work list: parts sent to inspection, to be labelled without a mouse. A scanner (or a hand) gives an id and Enter, a number
 * chooses the class, Enter sends. Where nothing is sent to inspection the last parts without a label stand here.
 */
import { post } from './api.ts'
import { choice, fill, h, keyed, type Part, setAttribute, setText } from './dom.ts'
import { ago, percent } from './format.ts'
import { inspectionsAt, inspectionsOf, partOf, unlabelledAt } from './inspections.ts'
import { logIn, may } from './session.ts'
import type { Inspection } from './shapes.ts'
import type { Store } from './store.ts'
import { every, type View } from './view.ts'

const REFRESH_MS = 4000

interface Receipts {
  readonly accepted: number
  readonly receipts: readonly { readonly accepted: boolean; readonly rejection?: { readonly reason: string } | null }[]
}

const keyOf = ({ observation, task }: Pick<Inspection, 'observation' | 'task'>): string => JSON.stringify([observation, task])

export const workView: View = {
  name: 'work',
  title: 'Work list',
  open(root, store, rest, left) {
    new Work(root, store, rest, left)
  }
}

class Work {
  readonly #store: Store
  readonly #left: AbortSignal
  #listed: readonly Inspection[] = []
  /** Labelled here, and perhaps still in the next answers. */
  readonly #done = new Set<string>()
  #line: string
  #current: Inspection | null = null
  /** The id that is being looked up. An answer that something else has overtaken is dropped. */
  #sought: string | null = null
  /** What is known of the current part already. */
  #label: string | null = null
  #chosen: string | null = null
  readonly #scan = h('input', {
    name: 'scan',
    autocomplete: 'off',
    spellcheck: 'false',
    placeholder: 'Scan or type a part’s id',
    'aria-describedby': 'work-told'
  })
  readonly #told = h('p', { class: 'told', id: 'work-told', role: 'status' })
  readonly #desk = h('section', { class: 'panel desk', 'aria-label': 'The part in hand' })
  readonly #none = h('p', { class: 'none' })
  readonly #heading = h('h2', {}, 'To inspect')
  readonly #list = h('ol', { class: 'worklist' })
  readonly #show: (items: readonly Inspection[]) => void
  readonly #lines: ReturnType<typeof choice>

  constructor(root: HTMLElement, store: Store, rest: URLSearchParams, left: AbortSignal) {
    this.#store = store
    this.#left = left
    this.#line = rest.get('line') ?? ''
    this.#lines = choice('Line', [['', 'All lines']], this.#line, value => {
      this.#line = value
      void this.#refresh()
    })
    const form = h(
      'form',
      { class: 'find', onsubmit: event => this.#enter(event) },
      h('label', {}, h('span', { class: 'unseen' }, 'Part’s id'), this.#scan)
    )
    root.append(
      h('div', { class: 'view-head' }, h('h1', {}, 'Work list'), h('div', { class: 'choices' }, this.#lines.node)),
      h(
        'div',
        { class: 'work' },
        h('div', { class: 'stack' }, form, this.#told, this.#desk),
        h('section', { class: 'panel' }, this.#heading, this.#none, this.#list)
      )
    )
    this.#show = keyed<Inspection>(this.#list, keyOf, () => this.#entry())
    const keys = (event: KeyboardEvent): void => this.#key(event)
    document.addEventListener('keydown', keys)
    left.addEventListener('abort', () => document.removeEventListener('keydown', keys))
    this.#drawDesk()
    this.#scan.focus()
    every(REFRESH_MS, left, () => this.#refresh())
  }

  async #refresh(): Promise<void> {
    const sent = this.#store.offers.includes('/api/inspections') ? await inspectionsAt(this.#line, this.#left) : []
    const items = (sent.length > 0 ? sent : await unlabelledAt(this.#line, this.#left)).filter(item => !this.#done.has(keyOf(item)))
    if (this.#left.aborted) return
    this.#listed = items
    setText(this.#heading, sent.length > 0 ? `To inspect: ${items.length}` : 'Nothing is sent to inspection')
    setText(
      this.#none,
      sent.length > 0
        ? ''
        : items.length > 0
          ? 'The last parts without a label stand here; each label teaches.'
          : 'No part waits for a label.'
    )
    this.#none.hidden = sent.length > 0
    const lines = [...new Set([...this.#store.tiles.values()].map(tile => tile.line))].sort()
    this.#lines.offer([['', 'All lines'], ...lines.map(line => [line, line] as const)], this.#line)
    this.#show(items)
    if (this.#current === null && this.#sought === null && items[0] !== undefined && this.#scan.value === '') this.#take(items[0], null)
  }

  /** A scanner types fast and ends with Enter: with an id it takes that part up, with none it sends what is chosen. */
  #enter(event: Event): void {
    event.preventDefault()
    const id = this.#scan.value.trim()
    this.#scan.value = ''
    if (id === '') void this.#send()
    else void this.#find(id)
  }

  /** Until the answer no part is in hand: Enter pressed at once must not send a label for the part before. */
  async #find(id: string): Promise<void> {
    this.#sought = id
    this.#current = null
    this.#drawDesk()
    this.#show(this.#listed)
    const listed = this.#listed.find(item => item.observation === id)
    const part = await partOf(id, this.#left).catch(() => null)
    if (this.#sought !== id) return
    this.#sought = null
    const found = listed ?? (part === null ? undefined : inspectionsOf(part)[0])
    if (found === undefined) this.#tell(`Part ${id} is not known here: check the id, or wait until it is predicted.`, 'bad')
    else {
      this.#take(found, part?.labels[found.task] ?? null)
      this.#tell(`Part ${id} in hand.`, 'good')
    }
  }

  /** Numbers choose a class, arrows another part; not while an id or anything else is being typed. */
  #key(event: KeyboardEvent): void {
    if (event.ctrlKey || event.altKey || event.metaKey || this.#scan.value !== '') return
    const { target } = event
    if (target instanceof HTMLSelectElement || (target instanceof HTMLInputElement && target !== this.#scan)) return
    if (document.querySelector('dialog[open]') !== null) return
    const number = Number(event.key)
    const name = this.#current?.classes[number - 1]
    // An id may begin with a digit: a scanner’s next key comes within 50 ms, so the choice waits a moment for it.
    if (/^[1-9]$/.test(event.key) && name !== undefined) {
      if (event.target === this.#scan) {
        setTimeout(() => {
          if (this.#scan.value !== event.key) return
          this.#scan.value = ''
          this.#choose(name)
        }, 80)
      } else this.#choose(name)
    } else if (event.key === 'ArrowDown' || event.key === 'ArrowUp') {
      event.preventDefault()
      const at = this.#listed.findIndex(item => this.#current !== null && keyOf(item) === keyOf(this.#current))
      const next = this.#listed[at + (event.key === 'ArrowDown' ? 1 : -1)]
      if (next !== undefined) this.#take(next, null)
    }
  }

  #take(item: Inspection, label: string | null): void {
    this.#sought = null
    this.#current = item
    this.#label = label
    this.#chosen = null
    this.#drawDesk()
    this.#show(this.#listed)
  }

  #choose(name: string): void {
    this.#chosen = name
    this.#drawDesk()
    this.#scan.focus()
  }

  async #send(): Promise<void> {
    const [item, name] = [this.#current, this.#chosen]
    if (item === null) return this.#tell('No part is in hand: scan one, or choose from the list.', 'bad')
    if (name === null) return this.#tell('No class is chosen: press its number.', 'bad')
    if (!may(this.#store, 'label')) return void logIn(this.#store, 'Labelling needs a token, so that it is known where a label came from.')
    const label = {
      observation: item.observation,
      line: item.line,
      time: Math.max(item.time, Math.round(this.#store.now())),
      labels: { [item.task]: name }
    }
    try {
      const answer = await post<Receipts>('/labels', label)
      const [receipt] = answer.receipts
      if (receipt?.accepted !== true) return this.#tell(`Not taken: ${receipt?.rejection?.reason ?? 'no reason given'}`, 'bad')
      this.#tell(`${item.observation} is ${name}: written.`, 'good')
      this.#done.add(keyOf(item))
      this.#listed = this.#listed.filter(each => keyOf(each) !== keyOf(item))
      // Who has taken up another part meanwhile keeps it in hand.
      if (this.#current === item) this.#goOn()
      this.#show(this.#listed)
    } catch (error) {
      this.#tell(`Not taken: ${(error as Error).message}`, 'bad')
    }
  }

  /** The next part of the list, if there is one. */
  #goOn(): void {
    const [next] = this.#listed
    if (next !== undefined) this.#take(next, null)
    else {
      this.#current = null
      this.#drawDesk()
    }
  }

  #tell(text: string, mood: 'good' | 'bad'): void {
    this.#told.dataset.mood = mood
    setText(this.#told, text)
  }

  #drawDesk(): void {
    const item = this.#current
    if (item === null) {
      fill(this.#desk, h('p', { class: 'none' }, 'Scan a part, or choose one from the list.'))
      return
    }
    const buttons = item.classes.map((name, i) => {
      const chosen = name === this.#chosen
      return h(
        'button',
        { type: 'button', class: 'class', 'aria-pressed': String(chosen), onclick: () => this.#choose(name) },
        i < 9 ? h('kbd', {}, String(i + 1)) : null,
        h('span', {}, name)
      )
    })
    const send = h(
      'button',
      { type: 'button', class: 'main send', disabled: this.#chosen === null, onclick: () => void this.#send() },
      this.#chosen === null ? 'Choose a class' : `Send ${this.#chosen}`,
      h('kbd', {}, 'Enter')
    )
    fill(
      this.#desk,
      h('h2', { class: 'desk-id' }, item.observation),
      h(
        'p',
        { class: 'note' },
        `${item.line}${item.station === null ? '' : `, ${item.station}`} · ${item.task} · ${ago(item.time, this.#store.now())}`
      ),
      h(
        'p',
        {},
        item.chosen === null ? 'Nothing is predicted.' : `Predicted ${item.chosen} at ${percent(item.probability)}. ${item.reason}`
      ),
      this.#label === null ? null : h('p', { class: 'note' }, `Labelled ${this.#label} before: another class corrects it.`),
      h('div', { class: 'classes', role: 'group', 'aria-label': `Class of ${item.task}` }, ...buttons),
      send
    )
  }

  #entry(): Part<Inspection> {
    let item: Inspection | null = null
    const id = h('span', { class: 'entry-id' })
    const about = h('span', { class: 'note' })
    const button = h('button', { type: 'button', class: 'entry', onclick: () => item !== null && this.#take(item, null) }, id, about)
    return {
      node: h('li', {}, button),
      update: now => {
        item = now
        setText(id, now.observation)
        setText(
          about,
          `${now.line} · ${now.task}: ${now.chosen ?? 'unknown'} ${percent(now.probability)} · ${ago(now.time, this.#store.now())}`
        )
        setAttribute(button, 'aria-current', this.#current !== null && keyOf(now) === keyOf(this.#current) ? 'true' : null)
      }
    }
  }
}
