/** The experts: who speaks on which line and for which class, what each is like, and what would help. */

import type { Readiness, ReadinessReport } from '../judge/readiness.ts'
import type { BankReport as Bank, ExpertReport as Expert } from '../stability/expert-report.ts'
import { noneText } from './committee-view.ts'
import { choice, follow, h, scrolling } from './dom.ts'
import { figure, percent, whole } from './format.ts'
import { type HeatRow, heatTable } from './heat.ts'
import { every, type View } from './view.ts'

/** States turn at probes, some hundred examples apart. */
const REFRESH_MS = 15_000
/** Below it an expert hardly speaks: it stands in the list, not among the first. */
const HARDLY = 0.01

export const expertsView: View = {
  name: 'experts',
  title: 'Experts',
  open(root, store, rest, left) {
    const picked = { task: rest.get('task') ?? '', bank: rest.get('bank') ?? '' }
    const body = h('div', { class: 'stack' })
    const pick = (name: 'task' | 'bank') => (value: string) => {
      picked[name] = value
      update()
    }
    const task = choice('Task', [], '', pick('task'))
    const bank = choice('Bank', [], '', pick('bank'))
    root.append(h('div', { class: 'view-head' }, h('h1', {}, 'Experts'), h('div', { class: 'choices' }, task.node, bank.node)), body)
    let shown = ''
    const update = (): void => {
      const tasks = store.status?.learner?.tasks ?? []
      if (!tasks.some(each => each.task === picked.task)) picked.task = tasks[0]?.task ?? ''
      const now = tasks.find(each => each.task === picked.task)
      const banks = now?.banks ?? []
      if (!banks.some(each => nameOf(each) === picked.bank)) picked.bank = banks[0] === undefined ? '' : nameOf(banks[0])
      task.offer(
        tasks.map(each => [each.task, each.task]),
        picked.task
      )
      bank.offer(
        banks.map(each => [nameOf(each), nameOf(each)]),
        picked.bank
      )
      const of = banks.find(each => nameOf(each) === picked.bank)
      const key = JSON.stringify([picked, of, now?.readiness, store.status?.role])
      if (key === shown) return
      shown = key
      if (of !== undefined) follow(body, ...panels(of, now?.readiness ?? []))
      else if (now === undefined || now.banks !== undefined) follow(body, h('p', { class: 'none' }, noneText(store.status?.role)))
    }
    const off = store.on(['status'], update)
    left.addEventListener('abort', off)
    every(REFRESH_MS, left, () => store.refreshStatus(['banks', 'readiness']))
    update()
  }
}

const nameOf = ({ bank, domain }: Bank): string => (domain === null ? bank : `${bank} of ${domain}`)

function panels(bank: Bank, ready: readonly ReadinessReport[]): HTMLElement[] {
  const experts = [...bank.experts].sort((a, b) => b.utilisation - a.utilisation)
  const heads = experts.map(({ expert }) => String(expert))
  const bare = (value: number): string => (value < 0.005 ? '' : String(Math.round(100 * value)))
  return [
    h(
      'div',
      { class: 'halves' },
      h(
        'section',
        { class: 'panel' },
        heatTable('Who speaks on which line, % of what is said', 'Line', heads, rowsOf(experts, 'perDomain'), bare)
      ),
      h('section', { class: 'panel' }, heatTable('Who answers for which class, %', 'Class', heads, rowsOf(experts, 'perClass'), bare))
    ),
    list(bank, experts),
    readiness(ready)
  ].filter(panel => panel !== null)
}

function rowsOf(experts: readonly Expert[], what: 'perDomain' | 'perClass'): readonly HeatRow[] {
  const names = [...new Set(experts.flatMap(expert => Object.keys(expert[what])))]
  return names.map(name => ({ name, values: experts.map(expert => expert[what][name] ?? null) }))
}

function list(bank: Bank, experts: readonly Expert[]): HTMLElement {
  const speaking = experts.filter(({ utilisation }) => utilisation >= HARDLY)
  const rest = experts.filter(({ utilisation }) => utilisation < HARDLY)
  const entropy = `${figure(bank.gateEntropy)} of at most ${figure(Math.log(Math.max(1, bank.experts.length)))} nats`
  const rows = (some: readonly Expert[]): HTMLElement =>
    h(
      'div',
      { class: 'scroll wide', tabindex: 0, role: 'region', 'aria-label': 'Experts one by one' },
      h(
        'table',
        {},
        h('caption', { class: 'unseen' }, 'Experts one by one'),
        h(
          'thead',
          {},
          h('tr', {}, ...['Expert', 'State', 'Speaks', 'Learned from', 'In a sentence'].map(text => h('th', { scope: 'col' }, text)))
        ),
        h('tbody', {}, ...some.map(expert => row(expert)))
      )
    )
  return h(
    'section',
    { class: 'panel' },
    h('h2', {}, `Stability of ${nameOf(bank)}`),
    h(
      'p',
      { class: 'note' },
      `${speaking.length} of ${experts.length} experts speak. The gate’s entropy is ${entropy}: low where one expert speaks at a time.`
    ),
    rows(speaking),
    rest.length === 0 ? null : h('details', { class: 'beside' }, h('summary', {}, `${rest.length} that hardly speak`), rows(rest))
  )
}

function row(expert: Expert): HTMLElement {
  const from = Object.entries(expert.effectiveSampleSize)
    .filter(([, size]) => size >= 0.5)
    .sort((a, b) => b[1] - a[1])
    .map(([name, size]) => `${whole(size)} ${name}`)
    .join(', ')
  const { state } = expert
  const marks = [!expert.interpretable ? 'not interpretable' : '', expert.dominating ? 'dominating' : ''].filter(mark => mark !== '')
  return h(
    'tr',
    {},
    h('th', { scope: 'row' }, String(expert.expert)),
    h(
      'td',
      {},
      h('span', { class: 'state', 'data-state': state }, state),
      marks.length === 0 ? null : h('span', { class: 'note' }, ` ${marks.join(', ')}`)
    ),
    h('td', {}, percent(expert.utilisation)),
    h('td', {}, from === '' ? '–' : from),
    h('td', {}, expert.cure)
  )
}

const settled: Readonly<Record<Readiness, string>> = {
  ready: 'may be relied on',
  unfit: 'more labels of this kind do not help',
  'not yet': ''
}

function readiness(rows: readonly ReadinessReport[]): HTMLElement | null {
  if (rows.length === 0) return null
  const recallOf = ({ recall, interval }: ReadinessReport): string =>
    interval === null ? '–' : `${percent(recall)} (${percent(interval[0])} to ${percent(interval[1])})`
  const missingOf = ({ state, missing }: ReadinessReport): string =>
    state !== 'not yet'
      ? settled[state]
      : missing === null
        ? 'more than 1 000 labels are missing'
        : `about ${whole(missing)} labels are missing`
  return h(
    'section',
    { class: 'panel' },
    h('h2', {}, 'What is ready where'),
    scrolling(
      'Readiness by line and class',
      h(
        'table',
        {},
        h('caption', { class: 'unseen' }, 'Readiness by line and class'),
        h(
          'thead',
          {},
          h('tr', {}, ...['Line', 'Class', 'State', 'Recall', 'What that means'].map(text => h('th', { scope: 'col' }, text)))
        ),
        h(
          'tbody',
          {},
          ...rows.map(row =>
            h(
              'tr',
              {},
              h('th', { scope: 'row' }, row.domain),
              h('td', {}, row.class),
              h('td', {}, h('span', { class: 'state', 'data-state': row.state }, row.state)),
              h('td', {}, recallOf(row)),
              h('td', {}, missingOf(row))
            )
          )
        )
      )
    )
  )
}
