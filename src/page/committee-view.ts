/** The committee: how much each bank counts on each line, and what it gains or costs a line to share with the others. */
import { choice, follow, h, scrolling } from './dom.ts'
import { percent, signed, whole } from './format.ts'
import { heatTable } from './heat.ts'
import type { Task } from './shapes.ts'
import { every, type View } from './view.ts'

const REFRESH_MS = 5000

export const committeeView: View = {
  name: 'committee',
  title: 'Committee',
  open(root, store, rest, left) {
    let picked = rest.get('task') ?? ''
    const body = h('div', { class: 'stack' })
    const task = choice('Task', [], '', value => {
      picked = value
      update()
    })
    root.append(h('div', { class: 'view-head' }, h('h1', {}, 'Committee'), h('div', { class: 'choices' }, task.node)), body)
    let shown = ''
    const update = (): void => {
      const tasks = store.status?.learner?.tasks ?? []
      if (!tasks.some(each => each.task === picked)) picked = tasks[0]?.task ?? ''
      task.offer(
        tasks.map(each => [each.task, each.task]),
        picked
      )
      const now = tasks.find(each => each.task === picked)
      const { committee, sharingAsServed } = now ?? {}
      const key = JSON.stringify([now?.task, committee, sharingAsServed, store.status?.role])
      if (key === shown) return
      shown = key
      if (committee !== undefined && sharingAsServed !== undefined) follow(body, ...panels({ committee, sharingAsServed }))
      else if (now === undefined) follow(body, h('p', { class: 'none' }, noneText(store.status?.role)))
    }
    const off = store.on(['status'], update)
    left.addEventListener('abort', off)
    every(REFRESH_MS, left, () => store.refreshStatus(['committee', 'sharingAsServed']))
    update()
  }
}

export function noneText(role: string | undefined): string {
  return role === 'join' || role === 'predict'
    ? 'This process does not learn. Open the page of the one that learns.'
    : 'Nothing has been learned yet: the first label begins it.'
}

type Shared = Required<Pick<Task, 'committee' | 'sharingAsServed'>>

function panels(task: Shared): HTMLElement[] {
  const lines = Object.entries(task.committee)
  const banks = [...new Set(lines.flatMap(([, report]) => report.banks.map(({ bank }) => bank)))]
  const rows = lines.map(([name, report]) => ({
    name,
    note: `${whole(report.learned)} labels`,
    values: banks.map(bank => report.banks.find(each => each.bank === bank)?.weight ?? null)
  }))
  const resting = lines.flatMap(([name, { banks: all }]) => all.filter(each => each.resting).map(({ bank }) => `${bank} on ${name}`))
  return [
    h(
      'section',
      { class: 'panel' },
      heatTable('How much each bank counts, by line', 'Line', banks, rows, percent),
      h('p', { class: 'note' }, resting.length === 0 ? 'No bank rests.' : `At rest, as its weight has gone: ${resting.join(', ')}.`)
    ),
    sharing(task)
  ]
}

function sharing(task: Shared): HTMLElement {
  const rows = Object.entries(task.committee).flatMap(([line, { transfer }]) => {
    const served = task.sharingAsServed[line]
    const report = served !== undefined && served.n > 0 ? served : transfer
    return report === null || report === undefined ? [] : [{ line, ...report, served: report === served }]
  })
  const most = Math.max(0.01, ...rows.map(({ recent, perExample }) => Math.max(Math.abs(recent), Math.abs(perExample))))
  const panel = h('section', { class: 'panel' }, h('h2', {}, 'Gain and harm by sharing'))
  if (rows.length === 0) {
    panel.append(
      h('p', { class: 'none' }, 'No line has a bank of its own yet, or there is but one line: there is nothing to compare with.')
    )
    return panel
  }
  panel.append(
    h(
      'p',
      { class: 'note' },
      'Against a line’s own bank, which knows nothing but that line: by how much likelier the committee holds what turns out true.'
    ),
    scrolling(
      'Gain and harm by sharing',
      h(
        'table',
        { class: 'sharing' },
        h('caption', { class: 'unseen' }, 'Gain and harm by sharing, by line'),
        h(
          'thead',
          {},
          h('tr', {}, ...['Line', 'Last 1 000 parts', 'Since the start', 'Labels', 'In words'].map(text => h('th', { scope: 'col' }, text)))
        ),
        h(
          'tbody',
          {},
          ...rows.map(({ line, recent, perExample, n, served }) =>
            h(
              'tr',
              {},
              h('th', { scope: 'row' }, line),
              h('td', {}, gainBar(recent, most)),
              h('td', {}, gainBar(perExample, most)),
              h('td', {}, whole(n)),
              h('td', {}, `${inWords(recent)}${served ? ', as served' : ''}`)
            )
          )
        )
      )
    )
  )
  return panel
}

/** Nats an example, and a bar to the right for gain, to the left for harm. */
function gainBar(value: number, most: number): HTMLElement {
  const bar = h('span', { class: `gain ${value < 0 ? 'harm' : 'help'}`, 'aria-hidden': 'true' })
  bar.style.setProperty('--size', `${((50 * Math.abs(value)) / most).toFixed(1)}%`)
  return h(
    'span',
    { class: 'gain-cell' },
    h('span', { class: 'gain-figure' }, `${signed(value, 3)} nats`),
    h('span', { class: 'gain-track', 'aria-hidden': 'true' }, bar)
  )
}

function inWords(nats: number): string {
  const share = Math.exp(Math.abs(nats)) - 1
  if (share < 0.002) return 'sharing makes no difference'
  return nats > 0 ? `sharing helps: ${percent(share)} likelier` : `sharing costs: ${percent(share)} less likely`
}
