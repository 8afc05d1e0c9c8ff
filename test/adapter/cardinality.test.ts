/** However many names a plant has, and however often they change, the number of series is bounded and their labels are closed. */
import { describe, expect, test } from 'vitest'
import { openMetrics } from '../../src/adapter/prometheus/open-metrics.ts'
import { leftOut, sections } from '../../src/adapter/prometheus/table.ts'
import type { Beside, PipelineStatus } from '../../src/pipeline/gateway.ts'
import { fullBeside, fullStatus, reportOf, taskOf } from './prometheus.status.ts'

const limits = { tasks: 2, classes: 3, domains: 4, banks: 2, experts: 3, sinks: 2, series: 60 }
const named = (name: string, count: number) => Array.from({ length: count }, (_, i) => `${name}-${i}`)

/** A status with many times as many of everything as is told. `run` makes all names others. */
function crowd(run = ''): { status: PipelineStatus; beside: Beside } {
  const classes = named(`class${run}`, 20)
  const lines = named(`line${run}`, 20)
  const report = reportOf(classes)
  const sample = taskOf('t', classes)
  const bank = sample.banks[0]!
  const of = <T>(value: T) => Object.fromEntries(lines.map(line => [line, value]))
  const tasks = named(`task${run}`, 10).map(task =>
    taskOf(task, classes, {
      testThenTrain: report,
      window: report,
      forgetting: report,
      asServed: report,
      single: report,
      perDomain: of(report),
      banks: named(`bank${run}`, 6).map(name => ({
        ...bank,
        bank: name,
        experts: Array.from({ length: 10 }, (_, expert) => ({ ...bank.experts[0]!, expert }))
      })),
      committee: of(sample.committee.l1!),
      sharingAsServed: of(sample.sharingAsServed.l1!),
      affinity: lines.flatMap(from => lines.map(to => ({ from, to, n: 20, gain: 0.1 })))
    })
  )
  const status = fullStatus(tasks)
  const decided = status.decisions!
  const [task] = decided.tasks
  return {
    status: {
      ...status,
      learner: {
        ...status.learner!,
        domains: lines,
        affinity: tasks.flatMap(from => tasks.map(to => ({ from: from.task, to: to.task, n: 9, gain: 0.1 })))
      },
      following: named(`shard${run}`, 100).map(shard => ({ ...status.following![0]!, shard })),
      lag: Object.fromEntries(named(`topic${run}`, 100).map(topic => [topic, 1])),
      events: named(`topic${run}`, 100).flatMap(topic => named('outcome', 5).map(outcome => ({ topic, outcome, count: 1 }))),
      costs: Object.fromEntries(named(`part${run}`, 100).map(part => [part, 1])),
      decisions: {
        ...decided,
        tasks: tasks.map(each => ({
          ...task!,
          task: each.task,
          classes: classes.map(name => ({ ...task!.classes.at(-1)!, class: name })),
          corrected: { ...task!.corrected, classes: classes.map(name => ({ ...task!.corrected.classes.at(-1)!, class: name })) }
        })),
        budgets: lines.map(line => ({ ...decided.budgets[0]!, line }))
      }
    },
    beside: fullBeside({
      alerts: { ...fullBeside().alerts!, sinks: named(`sink${run}`, 9).map(name => ({ ...fullBeside().alerts!.sinks[0]!, name })) }
    })
  }
}

/** The labels of every series of a rendering, by metric. */
function seriesOf(text: string): Map<string, Record<string, string>[]> {
  const found = new Map<string, Record<string, string>[]>()
  for (const line of text.split('\n').filter(each => each.startsWith('andon_'))) {
    const [, name, labels = ''] = /^(\w+?)(?:_(?:bucket|sum|count))?(?:\{(.*)\})? /.exec(line)!
    const pairs = Object.fromEntries([...labels.matchAll(/(\w+)="([^"]*)"/g)].map(([, label, value]) => [label!, value!]))
    found.set(name!, [...(found.get(name!) ?? []), pairs])
  }
  return found
}

describe('a plant with more of everything than is told', () => {
  const bounds: Readonly<Record<string, number>> = {
    task: limits.tasks,
    from: limits.tasks,
    to: limits.tasks,
    class: limits.classes,
    domain: limits.domains,
    line: limits.domains,
    bank: limits.banks,
    expert: limits.experts,
    sink: limits.sinks
  }

  test('has no more values of a label than its limit and one for the rest, and no metric more series than the limit', async () => {
    const metrics = openMetrics({ limits: { ...limits, series: 400 } })
    const { status, beside } = crowd()
    metrics.observe(status, beside)
    const series = seriesOf(await metrics.text())
    expect(series.size).toBeGreaterThan(60)
    for (const [name, each] of series) {
      if (name === `andon_${leftOut.name}`) continue
      expect(each.length, name).toBeLessThanOrEqual(400)
      for (const [label, most] of Object.entries(bounds)) {
        const values = new Set(each.flatMap(labels => (labels[label] === undefined ? [] : [labels[label]])))
        expect(values.size, `${name} ${label}`).toBeLessThanOrEqual(most + 1)
        if (values.size > most) expect([name, label, values.has('other')]).toEqual([name, label, true])
      }
    }
  })

  test('whose names are new at each scrape never adds up to more series than the limit, and says that some were left out', async () => {
    const metrics = openMetrics({ limits })
    for (let run = 0; run < 12; run++) {
      const { status, beside } = crowd(`-${run}-`)
      metrics.observe(status, beside)
      await metrics.text()
    }
    const series = seriesOf(await metrics.text())
    const most = Math.max(...sections.flatMap(section => section.metrics).map(({ name }) => series.get(`andon_${name}`)?.length ?? 0))
    expect(most).toBeLessThanOrEqual(limits.series)
    const left = series.get(`andon_${leftOut.name}`)!.map(({ metric }) => metric)
    expect(left).toContain('andon_inspections_total')
  })
})
