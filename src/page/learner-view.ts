/** The learner: how fast it learns, how far it is behind, how late labels come, and what it costs. */
import type { Range } from '../pipeline/board.ts'
import { Chart, type Line, legend, tableBeside } from './chart.ts'
import { choice, follow, h, scrolling, setText } from './dom.ts'
import { ago, clock, duration, figure, mebi, whole } from './format.ts'
import { Past } from './past.ts'
import type { Status } from './shapes.ts'
import { every, type View } from './view.ts'

const REFRESH_MS = 5000
const parts = { name: 'Parts predicted', colour: 'c1' }
const labels = { name: 'Labels learned', colour: 'c2', dashed: true }
const mean = { name: 'Mean', colour: 'c1' }
const longest = { name: 'Longest', colour: 'c2', dashed: true }

export const learnerView: View = {
  name: 'learner',
  title: 'Learner',
  open(root, store, rest, left) {
    const past = new Past()
    let picked = (rest.get('range') ?? 'hour') as Range
    const range = choice(
      'Time',
      [
        ['hour', 'Last hour'],
        ['day', 'Last day'],
        ['month', 'Last 30 days']
      ],
      picked,
      value => {
        picked = value as Range
        void refresh().catch(() => undefined)
      }
    )
    const figures = h('dl', { class: 'figures' })
    const pace = new Chart({ label: 'Parts and labels a second over time', height: 180, format: value => `${figure(value)}/s` }, left)
    const delay = new Chart({ label: 'Delay of labels over time', height: 180, format: value => duration(1000 * value) }, left)
    const [paceTable, delayTable] = [tableBeside('Pace over time'), tableBeside('Delay of labels over time')]
    const paceFigure = h('p', { class: 'card-of' })
    const delayFigure = h('p', { class: 'card-of' })
    const more = h('div', { class: 'stack' })
    root.append(
      h('div', { class: 'view-head' }, h('h1', {}, 'Learner'), h('div', { class: 'choices' }, range.node)),
      figures,
      h(
        'div',
        { class: 'cards' },
        h('section', { class: 'card' }, h('h2', {}, 'Pace'), paceFigure, legend([parts, labels]), pace.node, paceTable.node),
        h('section', { class: 'card' }, h('h2', {}, 'Delay of labels'), delayFigure, legend([mean, longest]), delay.node, delayTable.node)
      ),
      more
    )
    const refresh = async (): Promise<void> => {
      const report = await past.upToNow(picked, null, store.pulse?.startedAt ?? 0)
      if (report === null || left.aborted) return
      const perSecond = (counts: readonly number[]): number[] => counts.map(count => (1000 * count) / report.widthMs)
      const draw = (chart: Chart, lines: readonly Line[]): void => chart.draw({ times: report.starts, lines, marks: [] })
      draw(pace, [
        { ...parts, values: perSecond(report.parts) },
        { ...labels, values: perSecond(report.learned) }
      ])
      const seconds = (ms: readonly (number | null)[]): (number | null)[] => ms.map(each => (each === null ? null : each / 1000))
      draw(delay, [
        { ...mean, values: seconds(report.delayMean) },
        { ...longest, values: seconds(report.delayMost) }
      ])
      // The bucket under way is not whole yet: the one before tells the pace.
      const at = Math.max(0, report.starts.length - 2)
      setText(paceFigure, `${figure(perSecond(report.parts)[at])} parts and ${figure(perSecond(report.learned)[at])} labels a second`)
      setText(delayFigure, `A label comes ${duration(report.delayMean[at])} after its part, ${duration(report.delayMost[at])} at most`)
      const newest = report.starts
        .map((_, i) => i)
        .slice(-60)
        .reverse()
      paceTable.update(
        ['Time', 'Parts', 'Labels'],
        newest.map(i => [clock(report.starts[i]!), whole(report.parts[i]), whole(report.learned[i])])
      )
      delayTable.update(
        ['Time', 'Mean', 'Longest'],
        newest.map(i => [clock(report.starts[i]!), duration(report.delayMean[i]), duration(report.delayMost[i])])
      )
    }
    const update = (): void => {
      if (store.status === null) return
      follow(figures, ...facts(store.status, store.now()))
      follow(more, events(store.status))
    }
    const off = store.on(['status'], update)
    left.addEventListener('abort', off)
    every(REFRESH_MS, left, async () => {
      await Promise.all([store.refreshStatus([]), refresh()])
    })
    update()
  }
}

function facts(status: Status, now: number): HTMLElement[] {
  const { learner, lag, waiting, snapshot, costs, role, startedAt, following } = status
  const behind = Object.entries(lag)
    .filter(([, records]) => records > 0)
    .map(([topic, records]) => `${whole(records)} ${topic}`)
  const rows: readonly (readonly [string, string, string])[] = [
    [
      'Learned',
      learner === null ? '–' : whole(learner.learned),
      learner === null ? 'this process does not learn' : `${whole(learner.repeated)} repeated, ${whole(learner.corrected)} corrected`
    ],
    [
      'Behind',
      whole(Object.values(lag).reduce((sum, records) => sum + records, 0)),
      behind.length === 0 ? 'everything in the log is taken' : behind.join(', ')
    ],
    ['Waiting for labels', whole(waiting.observations), `${whole(waiting.labels)} labels wait for their part`],
    [
      'Snapshot',
      snapshot === null ? 'none yet' : ago(snapshot.at, now),
      snapshot === null ? '' : `after ${whole(snapshot.learned)} examples, ${mebi(snapshot.bytes)}`
    ],
    ['Cost of a part', `${figure(costs.predict)} µs`, `to predict; ${figure(costs.learn)} µs to learn`],
    [
      'Role',
      role,
      `since ${clock(startedAt)}${learner === null ? '' : `; fold ${learner.fold}, ${learner.kernel === 'simd' ? 'SIMD' : 'plain, about ten times slower'}`}`
    ],
    ...(learner === null
      ? []
      : [
          ['Memory of the model', mebi(learner.bytes), `${whole(learner.features)} inputs, ${whole(learner.domains.length)} lines`] as const
        ]),
    ...(following ?? []).map(({ shard, behind: examples }) => [`Follows ${shard}`, whole(examples), 'examples behind'] as const)
  ]
  return rows.map(([name, value, note]) =>
    h('div', { class: 'fact' }, h('dt', {}, name), h('dd', { class: 'fact-value' }, value), h('dd', { class: 'note' }, note))
  )
}

function events({ events: rows }: Status): HTMLElement {
  return h(
    'section',
    { class: 'panel' },
    h('h2', {}, 'What became of the events'),
    scrolling(
      'Events by topic and outcome',
      h(
        'table',
        {},
        h('caption', { class: 'unseen' }, 'Events by topic and outcome'),
        h('thead', {}, h('tr', {}, ...['Topic', 'Outcome', 'Count'].map(text => h('th', { scope: 'col' }, text)))),
        h(
          'tbody',
          {},
          ...rows.map(({ topic, outcome, count }) =>
            h('tr', {}, h('th', { scope: 'row' }, topic), h('td', {}, outcome), h('td', {}, whole(count)))
          )
        )
      )
    )
  )
}
