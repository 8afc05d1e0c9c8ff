/** Quality: of each class, how many were found and how many calls were right, over time with intervals, and what happened meanwhile. */

import type { Corrected } from '../decide/corrected.ts'
import type { ClassReport, DecideReport } from '../decide/report.ts'
import type { Signal } from '../events/event.ts'
import type { DriftReport } from '../learner/drift-report.ts'
import type { HistoryReport, Range, Series } from '../pipeline/board.ts'
import { get } from './api.ts'
import { Chart, legend, type Mark, tableBeside } from './chart.ts'
import { choice, follow, h, keyed, type Part, setText } from './dom.ts'
import { clock, percent, whole } from './format.ts'
import { Past } from './past.ts'
import type { Task } from './shapes.ts'
import type { Store } from './store.ts'
import { type Curve, LOOK_BACK, precisionOf, recallOf } from './trailing.ts'
import { every, type View } from './view.ts'

const REFRESH_MS = 5000
/** Rows of a table beside a chart: the newest. */
const TABLE_ROWS = 60
const rangeNames: readonly (readonly [Range, string])[] = [
  ['hour', 'Last hour'],
  ['day', 'Last day'],
  ['month', 'Last 30 days']
]
const recall = { name: 'Recall: found of those that were', colour: 'c1' }
const precision = { name: 'Precision: right of those called so', colour: 'c2', dashed: true }

interface ClassItem {
  readonly series: Series
  readonly report: HistoryReport
  readonly promise: ClassReport | null
  readonly drift: readonly DriftReport[]
}

export const qualityView: View = {
  name: 'quality',
  title: 'Quality',
  open(root, store, rest, left) {
    const past = new Past()
    const picked = { task: rest.get('task') ?? '', line: rest.get('line') ?? '', range: (rest.get('range') ?? 'hour') as Range }
    const show = (): void => void refresh().catch(() => undefined)
    const pick = (name: 'task' | 'line' | 'range') => (value: string) => {
      Object.assign(picked, { [name]: value })
      show()
    }
    const task = choice('Task', [], '', pick('task'))
    const line = choice('Line', [['', 'All lines']], picked.line, pick('line'))
    const range = choice('Time', rangeNames, picked.range, pick('range'))
    const overall = h('p', { class: 'overall' })
    const none = h('p', { class: 'none' }, 'No labels yet: a class is judged from its first label on.')
    const more = h(
      'p',
      { class: 'none', hidden: true },
      'More classes than are kept apart here have come: their labels and calls are not shown.'
    )
    const cards = h('div', { class: 'cards' })
    const marks = h('section', { class: 'marks', 'aria-label': 'What happened to the model' })
    const drifts = h('section', { class: 'marks', 'aria-label': 'Drift' })
    root.append(
      h('div', { class: 'view-head' }, h('h1', {}, 'Quality'), h('div', { class: 'choices' }, task.node, line.node, range.node)),
      overall,
      legend([recall, precision, { name: '95 % interval of the recall (Wilson)', colour: 'c1', band: true }]),
      none,
      cards,
      more,
      drifts,
      marks
    )
    // What stands there is not made anew without need: somebody may have opened a part of it.
    let shown = ''
    const showCards = keyed<ClassItem>(
      cards,
      ({ series }) => JSON.stringify([series.task, series.class]),
      item => classPart(item, left)
    )

    const refresh = async (): Promise<void> => {
      const report = await past.upToNow(picked.range, picked.line === '' ? null : picked.line, store.pulse?.startedAt ?? 0)
      if (report === null || left.aborted) return
      const tasks = [...new Set(report.series.map(series => series.task))]
      if (!tasks.includes(picked.task)) picked.task = tasks[0] ?? ''
      task.offer(
        tasks.map(name => [name, name]),
        picked.task
      )
      line.offer([['', 'All lines'], ...[...report.lines].sort().map(name => [name, name] as const)], picked.line)
      const known = taskOf(store, picked.task)
      const decided = store.offers.includes('/api/decisions/report') ? await get<DecideReport>('/api/decisions/report', left) : null
      const promised = decided?.tasks.find(each => each.task === picked.task)
      const sum = (counts: readonly number[]): number => counts.reduce((all, count) => all + count, 0)
      const drift = (known?.drift ?? []).filter(({ domain }) => picked.line === '' || domain === picked.line)
      const items = report.series
        .filter(series => series.task === picked.task)
        .sort((a, b) => sum(a.support) - sum(b.support))
        .map(series => ({ series, report, promise: promised?.classes.find(each => each.class === series.class) ?? null, drift }))
      none.hidden = items.length > 0
      more.hidden = report.untold === 0
      showCards(items)
      setText(overall, overallText(known, decided?.labels === 'inspected' ? (promised?.corrected ?? null) : null))
      const told = JSON.stringify([drift, report.marks])
      if (told === shown) return
      shown = told
      showDrift(drifts, drift)
      showMarks(marks, report.marks)
    }
    every(REFRESH_MS, left, async () => {
      await store.refreshStatus(['asServed', 'testThenTrain', 'drift'])
      await refresh()
    })
  }
}

const taskOf = (store: Store, name: string): Task | null => store.status?.learner?.tasks.find(each => each.task === name) ?? null

/** `corrected` where only some parts are labelled, and not the same share of each kind. */
function overallText(task: Task | null, corrected: Corrected | null): string {
  const { asServed, testThenTrain } = task ?? {}
  if (asServed === undefined || testThenTrain === undefined) return ''
  const served = asServed.n > 0 ? asServed : testThenTrain
  const { kappa, gMean, logLoss } = served.scores
  const figure = (value: number | null): string => (value === null ? '–' : value.toFixed(3))
  const base = served.baselines
  return `Over ${whole(served.n)} labelled parts: κ ${figure(kappa)} (always the most frequent class ${figure(base.majority.kappa)}, repeating the last label ${figure(base.noChange.kappa)}), G-mean ${figure(gMean)}, log loss ${figure(logLoss)}.${correctedText(corrected, figure)}`
}

function correctedText(corrected: Corrected | null, figure: (value: number | null) => string): string {
  if (corrected === null || corrected.labels === 0) return ''
  const { labels, effective, kappa, gMean } = corrected
  return ` Only inspected parts are labelled; of all parts, corrected for who was inspected: κ ${figure(kappa)}, G-mean ${figure(gMean)} (${whole(labels)} labels, worth ${whole(effective)} picked evenly).`
}

function classPart({ series }: ClassItem, left: AbortSignal): Part<ClassItem> {
  const ended = new AbortController()
  const chart = new Chart(
    { label: `Recall and precision of ${series.class} over time`, height: 168, format: value => percent(value), range: [0, 1] },
    AbortSignal.any([left, ended.signal])
  )
  const found = h('span', { class: 'card-figure' })
  const foundOf = h('span', { class: 'card-of' })
  const right = h('span', { class: 'card-figure second' })
  const rightOf = h('span', { class: 'card-of' })
  const kept = h('p', { class: 'note' })
  const table = tableBeside(`${series.class}: recall and precision over time`)
  const node = h(
    'section',
    { class: 'card' },
    h('h2', {}, series.class),
    h('div', { class: 'card-figures' }, h('p', {}, found, foundOf), h('p', {}, right, rightOf)),
    kept,
    chart.node,
    table.node
  )
  return {
    node,
    gone: () => ended.abort(),
    update({ series: now, report, promise, drift }) {
      setText(kept, promiseText(promise))
      kept.hidden = promise === null || promise.promise === null
      const [found1, right1] = [recallOf(now), precisionOf(now)]
      setText(found, percent(found1.share.at(-1)))
      setText(foundOf, ` found ${withInterval(found1, 'labels')}`)
      setText(right, percent(right1.share.at(-1)))
      setText(rightOf, ` of calls right ${withInterval(right1, 'calls')}`)
      chart.draw({
        times: report.starts,
        lines: [
          { ...recall, values: found1.share, low: found1.low, high: found1.high },
          { ...precision, values: right1.share }
        ],
        marks: marksOf(now, drift)
      })
      const newest = report.starts
        .map((_, i) => i)
        .slice(-TABLE_ROWS)
        .reverse()
      const cell = (curve: Curve, i: number): string =>
        curve.share[i] === null ? '–' : `${percent(curve.share[i])} (${percent(curve.low[i])} to ${percent(curve.high[i])})`
      table.update(
        ['Time', 'Labels', 'Recall', 'Precision'],
        newest.map(i => [clock(report.starts[i]!), String(now.support[i]), cell(found1, i), cell(right1, i)])
      )
    }
  }
}

/** What was promised of a class, and whether it is kept. */
function promiseText(promise: ClassReport | null): string {
  if (promise === null || promise.promise === null) return ''
  const { coverage, interval, labels, passed } = promise
  const promised = `Promised: at most ${percent(promise.promise)} pass unflagged. `
  if (coverage === null || interval === null) return `${promised}No label of a decided part yet.`
  return `${promised}Kept: ${percent(coverage)} within the promise (${percent(interval[0])} to ${percent(interval[1])}), ${whole(passed)} of ${whole(labels)} passed.`
}

/** Over which labels, and how sure. */
function withInterval(curve: Curve, what: string): string {
  const [low, high, of] = [curve.low.at(-1), curve.high.at(-1), curve.of.at(-1)]
  if (low === null || low === undefined || high === null || high === undefined) return ''
  const few = (of ?? 0) < LOOK_BACK ? ': few yet' : ''
  return `(${percent(low)} to ${percent(high)}, last ${whole(of)} ${what}${few})`
}

/** Where a drift of a class began, or one of all classes that labels showed: what inputs and gates tell stands in the list alone. */
function marksOf(of: Series, drift: readonly DriftReport[]): readonly Mark[] {
  return drift
    .filter(each => (each.class === null ? !each.labelFree : each.class === of.class))
    .map(({ since, message }) => ({ at: since, text: message }))
}

/** Drifts in a sentence each, with what else shows them. */
function showDrift(section: HTMLElement, drift: readonly DriftReport[]): void {
  follow(
    section,
    h('h2', {}, 'Drift'),
    drift.length === 0
      ? h('p', { class: 'none' }, 'None found.')
      : h(
          'ol',
          { class: 'events' },
          ...drift.map(({ at, message, evidence }) =>
            h(
              'li',
              { 'data-key': message },
              h('time', {}, clock(at)),
              ` ${message}`,
              evidence.length === 0
                ? null
                : h(
                    'details',
                    { class: 'beside' },
                    h('summary', {}, 'What else shows it'),
                    h('ul', {}, ...evidence.map(text => h('li', {}, text)))
                  )
            )
          )
        )
  )
}

function showMarks(section: HTMLElement, marks: readonly Signal[]): void {
  const newest = [...marks].reverse().slice(0, 20)
  follow(
    section,
    h('h2', {}, 'What happened to the model'),
    newest.length === 0
      ? h('p', { class: 'none' }, 'Nothing yet. Drift, new classes and unstable experts are marked here and in the charts.')
      : h('ol', { class: 'events' }, ...newest.map(({ time, message }) => h('li', {}, h('time', {}, clock(time)), ' ', message)))
  )
}
