/** One prediction explained: from a typical part of its line to this one, what each feature did, as a waterfall; then who said what. */
import type { ExplainedPart, KnownPart, Push } from '../pipeline/board.ts'
import { get } from './api.ts'
import { choice, fill, h, keyed, type Part, setAttribute, setText } from './dom.ts'
import { ago, clock, figure, percent, signed, whole } from './format.ts'
import { heatTable } from './heat.ts'
import type { Store } from './store.ts'
import { address, every, type View } from './view.ts'

const REFRESH_MS = 5000
const NEWEST = 12
/** Bars of their own; the rest stands together, as nobody reads fifty. */
const BARS = 12

export const partView: View = {
  name: 'part',
  title: 'Part',
  open(root, store, rest, left) {
    const id = rest.get('observation')
    const input = h('input', {
      name: 'observation',
      value: id ?? '',
      autocomplete: 'off',
      spellcheck: 'false',
      placeholder: 'Id of a part'
    })
    const form = h(
      'form',
      {
        class: 'find',
        onsubmit: event => {
          event.preventDefault()
          location.hash = address('part', { observation: input.value.trim(), task: rest.get('task') })
        }
      },
      h('label', {}, h('span', { class: 'unseen' }, 'Id of a part'), input),
      h('button', { type: 'submit' }, 'Explain')
    )
    const body = h('div', { class: 'stack' })
    const newest = h('ul', { class: 'newest' })
    root.append(
      h('div', { class: 'view-head' }, h('h1', {}, 'One part explained'), form),
      body,
      h('section', { class: 'panel' }, h('h2', {}, 'The last parts'), newest)
    )
    const showNewest = keyed<KnownPart>(
      newest,
      ({ observation }) => observation,
      () => newestPart(store)
    )
    every(REFRESH_MS, left, async () => {
      const answer = await get<{ parts: readonly KnownPart[] }>(`/api/parts?limit=${NEWEST}`, left)
      showNewest(answer?.parts ?? [])
    })
    if (id === null || id === '') fill(body, h('p', { class: 'none' }, 'Choose one of the last parts, or give its id.'))
    else void explain(body, id, rest.get('task'), left)
  }
}

async function explain(body: HTMLElement, id: string, task: string | null, left: AbortSignal): Promise<void> {
  fill(body, h('p', { class: 'none' }, 'Asking …'))
  try {
    const query = new URLSearchParams({ observation: id, ...(task === null ? {} : { task }) })
    const explained = await get<ExplainedPart>(`/api/explain?${query}`, left)
    if (left.aborted) return
    if (explained === null)
      fill(body, h('p', { class: 'none', role: 'status' }, `Of ${id} nothing is known here: only the last parts are remembered.`))
    else fill(body, ...panels(explained))
  } catch (error) {
    if (!left.aborted) fill(body, h('p', { class: 'none', role: 'status' }, (error as Error).message))
  }
}

function panels(explained: ExplainedPart): HTMLElement[] {
  const { part, task, total } = explained
  const tasks = part.prediction?.tasks.map(each => each.task) ?? [task]
  const pick = choice(
    'Task',
    tasks.map(name => [name, name]),
    task,
    value => {
      location.hash = address('part', { observation: part.observation, task: value })
    }
  )
  const served = part.prediction?.tasks.find(each => each.task === task)
  const servedAt = served === undefined ? null : (served.probabilities[served.classes.indexOf(served.chosen)] ?? null)
  const label = part.labels[task]
  const now = explained.probabilities[explained.classes.indexOf(explained.class)] ?? 0
  return [
    h(
      'section',
      { class: 'panel' },
      h('div', { class: 'view-head' }, h('h2', {}, `${part.observation}: ${explained.class} at ${percent(now)}`), pick.node),
      h(
        'p',
        { class: 'note' },
        `${part.line}${part.station === null ? '' : `, ${part.station}`}, ${clock(part.time)}. ` +
          (served === undefined ? 'Not served yet. ' : `Served as ${served.chosen} at ${percent(servedAt)}. `) +
          (label === undefined ? 'No label yet. ' : `Labelled ${label}. `) +
          `Explained by the present state, ${whole(explained.learned)} examples.`
      ),
      h(
        'p',
        {},
        `For ${explained.class} and against ${explained.rival}: a typical part of ${part.line} (the middle of the last ${whole(explained.typicalOf)}) stands at ${signed(explained.base)}, this one at ${signed(total)}. Above 0 ${explained.class} is likelier.`
      ),
      waterfall(explained)
    ),
    h(
      'section',
      { class: 'panel' },
      heatTable(
        'What each bank says of this part, and how much it counts',
        'Bank',
        ['Counts', ...explained.classes],
        explained.banks.map(({ bank, weight, opinion, shares }) => ({
          name: bank,
          note: speakersOf(shares),
          values: [weight, ...opinion]
        })),
        percent
      )
    )
  ]
}

/** Which experts of a bank spoke. */
function speakersOf(shares: readonly number[]): string {
  if (shares.length < 2) return ''
  const loud = shares
    .map((share, k) => ({ share, k }))
    .filter(({ share }) => share >= 0.1)
    .sort((a, b) => b.share - a.share)
    .slice(0, 3)
  return loud.length === 0 ? '' : `by expert ${loud.map(({ share, k }) => `${k} (${percent(share)})`).join(', ')}`
}

function waterfall({ base, total, pushes, class: name }: ExplainedPart): HTMLElement {
  const shown = pushes.slice(0, BARS)
  const others = pushes.slice(BARS)
  const rest = others.reduce((sum, { push }) => sum + push, 0)
  const steps = [base, ...shown.map(({ push }) => push), ...(others.length > 0 ? [rest] : [])]
  let reached = 0
  const levels = steps.map(step => (reached += step))
  const low = Math.min(0, total, ...levels)
  const high = Math.max(0, total, ...levels)
  const span = Math.max(1e-9, high - low)
  const place = (value: number): number => (100 * (value - low)) / span
  const bar = (from: number, to: number, kind: string): HTMLElement => {
    const node = h('span', { class: `fall ${kind}` })
    node.style.setProperty('left', `${place(Math.min(from, to)).toFixed(2)}%`)
    node.style.setProperty('width', `${Math.max(0.4, place(Math.max(from, to)) - place(Math.min(from, to))).toFixed(2)}%`)
    const zero = h('span', { class: 'zero' })
    zero.style.setProperty('left', `${place(0).toFixed(2)}%`)
    return h('span', { class: 'fall-track', 'aria-hidden': 'true' }, zero, node)
  }
  const row = (title: string, seen: string, text: string, track: HTMLElement, kind = ''): HTMLElement =>
    h(
      'tr',
      { class: kind },
      h('th', { scope: 'row' }, title),
      h('td', {}, seen),
      h('td', { class: 'fall-cell' }, track),
      h('td', { class: 'number' }, text)
    )
  const rows = shown.map((push, i) => {
    const from = levels[i]!
    return row(push.feature, seenOf(push), signed(push.push), bar(from, from + push.push, push.push < 0 ? 'down' : 'up'))
  })
  const together =
    others.length === 0 ? [] : [row(`${others.length} others`, '', signed(rest), bar(total - rest, total, rest < 0 ? 'down' : 'up'))]
  return h(
    'table',
    { class: 'waterfall' },
    h('caption', { class: 'unseen' }, `What each feature adds for ${name}, in log odds`),
    h(
      'thead',
      {},
      h(
        'tr',
        {},
        ...['Feature', 'This part (typical)', '', 'Adds'].map(text =>
          h('th', { scope: 'col' }, text === '' ? h('span', { class: 'unseen' }, 'Drawn') : text)
        )
      )
    ),
    h(
      'tbody',
      {},
      row('A typical part', '', signed(base), bar(0, base, 'whole'), 'sum'),
      ...rows,
      ...together,
      row('This part', '', signed(total), bar(0, total, 'whole'), 'sum')
    )
  )
}

function seenOf({ value, typical }: Push): string {
  const text = (seen: Push['value']): string => (seen === null ? 'missing' : typeof seen === 'number' ? figure(seen) : seen)
  return `${text(value)} (${text(typical)})`
}

function newestPart(store: Store): Part<KnownPart> {
  const link = h('a')
  return {
    node: h('li', {}, link),
    update({ observation, line, station, time, prediction }) {
      const said = prediction?.tasks.map(({ task, chosen }) => `${task} ${chosen}`).join(', ') ?? ''
      setText(link, `${observation} · ${line}${station === null ? '' : `, ${station}`} · ${said} · ${ago(time, store.now())}`)
      setAttribute(link, 'href', address('part', { observation }))
    }
  }
}
