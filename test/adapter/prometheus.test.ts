import { describe, expect, test } from 'vitest'
import { openMetrics } from '../../src/adapter/prometheus/open-metrics.ts'
import { leftOut, metricsPage, sections } from '../../src/adapter/prometheus/table.ts'
import type { Beside, PipelineStatus } from '../../src/pipeline/gateway.ts'
import { fullBeside, fullStatus, noScores, reportOf, taskOf } from './prometheus.status.ts'

const declared = sections.flatMap(section => section.metrics)

async function rendered(status: PipelineStatus | null, options: Parameters<typeof openMetrics>[0] = {}, beside?: Beside) {
  const metrics = openMetrics({ now: () => 15_000, ...options })
  if (status !== null) metrics.observe(status, beside)
  return linesOf(await metrics.text())
}

const linesOf = (text: string) => text.split('\n').filter(line => line.startsWith('andon_'))
const nameOf = (line: string) => line.match(/^[a-z0-9_]+/)?.[0] ?? ''
/** The value of the one series that starts so. */
function seriesValue(lines: readonly string[], series: string): number {
  const found = lines.filter(line => line.startsWith(`${series} `))
  expect(found, series).toHaveLength(1)
  return Number(found[0]!.slice(series.length + 1))
}

describe('the table of metrics', () => {
  test('is what the page shows, word for word', async () => {
    await expect(metricsPage('andon')).toMatchFileSnapshot('../../docs/metrics.md')
  })

  test('is what is rendered: every declared metric appears, and no other', async () => {
    const many = taskOf('many', ['a'], { banks: Array.from({ length: 2 }, () => taskOf('x', ['a']).banks[0]!) })
    const metrics = openMetrics({ limits: { series: 3 } })
    metrics.observe(fullStatus([taskOf('fault', ['ok', 'scratch']), many]), fullBeside())
    const names = new Set(linesOf(await metrics.text()).map(line => nameOf(line).replace(/_(bucket|sum|count)$/, '')))
    expect([...names].sort()).toEqual([...declared, leftOut].map(metric => `andon_${metric.name}`).sort())
  })

  test('has names in snake case, each once, with a base unit, and counters alone end in _total', () => {
    const names = declared.map(metric => metric.name)
    expect(new Set(names).size).toBe(names.length)
    for (const { name, type, help, labels } of declared) {
      expect(name).toMatch(/^[a-z][a-z0-9_]*$/)
      expect(name.endsWith('_total'), name).toBe(type === 'counter')
      expect(name, name).not.toMatch(/_(ms|us|milliseconds|microseconds|kb|kib|mib|percent)(_|$)/)
      expect(help.endsWith('.'), name).toBe(true)
      for (const label of labels) expect(label).toMatch(/^[a-z]+$/)
    }
  })
})

describe('metrics', () => {
  test('tell the status in base units', async () => {
    const lines = await rendered(fullStatus())
    expect(seriesValue(lines, 'andon_ready')).toBe(1)
    expect(seriesValue(lines, 'andon_start_time_seconds')).toBe(1)
    expect(seriesValue(lines, 'andon_snapshot_age_seconds')).toBe(10)
    expect(seriesValue(lines, 'andon_event_cpu_seconds{part="learn"}')).toBe(0.0003)
    expect(seriesValue(lines, 'andon_lag_records{topic="observations"}')).toBe(4)
    expect(seriesValue(lines, 'andon_position_offset{topic="observations",partition="0"}')).toBe(77)
    expect(seriesValue(lines, 'andon_following_behind_examples{shard="shard-0"}')).toBe(10)
    expect(seriesValue(lines, 'andon_following_age_seconds{shard="shard-0"}')).toBe(6)
    expect(seriesValue(lines, 'andon_signals_total{signal="bank-restarted"}')).toBe(2)
    expect(seriesValue(lines, 'andon_signals_total{signal="task-appeared"}')).toBe(0)
    expect(lines.some(line => line.includes('topic="signals"'))).toBe(false)
    expect(seriesValue(lines, 'andon_task_kappa_ratio{task="fault",view="as_served"}')).toBe(0.8)
    expect(seriesValue(lines, 'andon_task_kappa_ratio{task="fault",view="no_change"}')).toBe(0.1)
    expect(seriesValue(lines, 'andon_class_recall_ratio{task="fault",class="ok",view="window"}')).toBe(0.5)
    expect(seriesValue(lines, 'andon_expert_effective_examples{task="fault",bank="mixture",domain="",expert="1"}')).toBe(25)
    expect(seriesValue(lines, 'andon_gate_entropy_nats{task="fault",bank="mixture",domain=""}')).toBe(0.7)
  })

  test('tell what sharing gains a domain, what its banks weigh, and who helps or harms whom', async () => {
    const lines = await rendered(fullStatus([taskOf('fault', ['ok']), taskOf('many', ['a'])]))
    expect(seriesValue(lines, 'andon_sharing_compared_predictions{task="fault",domain="l1",view="test_then_train"}')).toBe(120)
    expect(seriesValue(lines, 'andon_sharing_gain_nats{task="fault",domain="l1",view="test_then_train"}')).toBe(6)
    expect(seriesValue(lines, 'andon_sharing_gain_nats{task="fault",domain="l1",view="as_served"}')).toBe(4)
    expect(seriesValue(lines, 'andon_sharing_recent_gain_nats{task="fault",domain="l1",view="test_then_train"}')).toBe(0.02)
    expect(seriesValue(lines, 'andon_bank_weight_ratio{task="fault",domain="l1",bank="mixture"}')).toBe(0.8)
    expect(seriesValue(lines, 'andon_domain_affinity_given_nats{task="fault",domain="l1"}')).toBe(-0.3)
    expect(seriesValue(lines, 'andon_domain_affinity_taken_nats{task="fault",domain="l1"}')).toBe(0.1)
    expect(seriesValue(lines, 'andon_task_affinity_nats{from="fault",to="many"}')).toBe(-0.01)
  })

  test('tell how promises are kept, and what became of the inspection budget', async () => {
    const status = fullStatus()
    const [task] = status.decisions!.tasks
    const lines = await rendered(status)
    const crack = task!.classes.find(each => each.class === 'crack')!
    const of = (name: string, label = 'class="crack"') => seriesValue(lines, `andon_${name}{task="decided",${label}}`)
    expect(of('decision_promised_ratio')).toBe(0.9)
    expect(of('decision_coverage_ratio')).toBe(crack.recent.coverage)
    expect(of('decided_labels_total')).toBe(crack.labels)
    expect(of('decided_uncovered_labels_total')).toBe(crack.outside)
    expect(of('decisions_total', 'action="abstain"')).toBe(task!.decided.abstain)
    expect(lines.some(line => line.startsWith('andon_decision_coverage_ratio{task="decided",class="good"}'))).toBe(false)
    expect(seriesValue(lines, 'andon_inspections_waiting')).toBe(status.decisions!.waiting)
  })

  test('tell what has changed of late, and when that was found', async () => {
    const lines = await rendered(fullStatus())
    expect(seriesValue(lines, 'andon_drift_marks{task="fault",what="recall"}')).toBe(2)
    expect(seriesValue(lines, 'andon_drift_marks{task="fault",what="gate"}')).toBe(0)
    expect(seriesValue(lines, 'andon_drift_found_time_seconds{task="fault",what="recall"}')).toBe(60)
    expect(lines.some(line => line.includes('andon_drift_found_time_seconds{task="fault",what="gate"}'))).toBe(false)
  })

  test('tell which alerts are open, what became of telling them, and whether they are on trial', async () => {
    const lines = await rendered(fullStatus(), {}, fullBeside())
    expect(seriesValue(lines, 'andon_open_alerts{severity="critical"}')).toBe(2)
    expect(seriesValue(lines, 'andon_unacknowledged_alerts{severity="critical"}')).toBe(1)
    expect(seriesValue(lines, 'andon_open_alerts{severity="information"}')).toBe(0)
    expect(seriesValue(lines, 'andon_sink_notices_total{sink="pager",outcome="expired"}')).toBe(2)
    expect(seriesValue(lines, 'andon_sink_behind_notices{sink="pager"}')).toBe(5)
    expect(seriesValue(lines, 'andon_sink_failing{sink="pager"}')).toBe(1)
    expect(seriesValue(lines, 'andon_trial')).toBe(1)
    const { http } = fullBeside()
    const none = await rendered(fullStatus(), {}, { http, alerts: null })
    expect(none.filter(line => /alerts|sink|trial/.test(line))).toEqual([])
  })

  test('tell what the interface answers, and who is there', async () => {
    const lines = await rendered(fullStatus(), {}, fullBeside())
    expect(seriesValue(lines, 'andon_http_answers_total{route="/labels",code="200"}')).toBe(12)
    expect(seriesValue(lines, 'andon_http_wrong_tokens_total')).toBe(6)
    expect(seriesValue(lines, 'andon_http_sessions')).toBe(2)
    expect(seriesValue(lines, 'andon_http_full_ratio{what="streams"}')).toBe(0.25)
    expect(seriesValue(lines, 'andon_http_full_ratio{what="connections"}')).toBe(0.125)
  })

  test('of sharing stay within their limits: sums are added up, what is not one is left out', async () => {
    const task = taskOf('fault', ['ok'])
    const { l1 } = task.committee
    const crowded = { ...task, committee: { l1: l1!, l2: l1!, l3: { ...l1!, transfer: null } } }
    const lines = await rendered(fullStatus([crowded]), { limits: { domains: 1, tasks: 1 } })
    expect(seriesValue(lines, 'andon_sharing_gain_nats{task="fault",domain="other",view="test_then_train"}')).toBe(6)
    expect(lines.filter(line => /recent_gain_nats|bank_weight_ratio|affinity/.test(line)).every(line => line.includes('domain="l1"'))).toBe(
      true
    )
  })

  test('leave out what is not known instead of telling 0', async () => {
    const empty = reportOf(['a'], {
      scores: noScores,
      baselines: { noChange: { accuracy: null, kappa: null }, majority: { accuracy: null, kappa: null } }
    })
    const bare = {
      ...empty,
      perClass: [{ ...empty.perClass[0]!, recall: null, precision: null, recallInterval: null, precisionInterval: null }]
    }
    const [bank] = taskOf('t', ['a']).banks
    const task = taskOf('t', ['a'], {
      testThenTrain: bare,
      window: bare,
      forgetting: bare,
      asServed: bare,
      single: null,
      perDomain: { l1: bare },
      committee: {},
      sharingAsServed: {},
      drift: [],
      banks: [{ ...bank!, experts: bank!.experts.map(expert => ({ ...expert, change: null, shift: null, trend: null })) }]
    })
    const { decisions: _, ...status } = fullStatus([task])
    const lines = await rendered({ ...status, snapshot: null })
    expect(
      lines.filter(line => /kappa|accuracy|_recall|_precision|nats\{.*view|brier|change|shift|snapshot|g_mean|view="single"/.test(line))
    ).toEqual([])
    expect(seriesValue(lines, 'andon_class_support_examples{task="t",class="a",view="window"}')).toBe(10)
  })

  test('tell nothing of the state before the first status', async () => {
    const counts = (await rendered(null)).filter(line => !/_(bucket|sum|count)/.test(line))
    expect(counts).toEqual(
      ['learned_examples', 'repeated_examples', 'corrected_labels', 'http_wrong_tokens'].map(name => `andon_${name}_total 0`)
    )
  })

  test('forget a series that the status no longer holds', async () => {
    const metrics = openMetrics()
    metrics.observe(fullStatus())
    expect(await metrics.text()).toContain('task="fault"')
    metrics.observe(fullStatus([]))
    expect(await metrics.text()).not.toContain('task="fault"')
  })

  test('counters follow the status and never fall', async () => {
    const metrics = openMetrics()
    const told: number[] = []
    for (const count of [5, 9, 9, 4, 8, 12]) {
      metrics.observe({ ...fullStatus(), events: [{ topic: 'labels', outcome: 'taken', count }] })
      told.push(seriesValue(linesOf(await metrics.text()), 'andon_events_total{topic="labels",outcome="taken"}'))
    }
    expect(told).toEqual([5, 9, 9, 9, 9, 12])
  })

  test('asking twice tells the same', async () => {
    const metrics = openMetrics({ now: () => 0 })
    metrics.observe(fullStatus())
    const first = linesOf(await metrics.text())
    expect(linesOf(await metrics.text())).toEqual(first)
  })

  test('times become seconds in a histogram; a label before its observation counts as 0, no number as nothing', async () => {
    const metrics = openMetrics()
    for (const ms of [1_500, -1_000, Number.NaN, Number.POSITIVE_INFINITY]) metrics.timings.labelDelay(ms)
    metrics.timings.predictMs(0.2)
    metrics.timings.learnMs(2)
    const lines = linesOf(await metrics.text())
    expect(seriesValue(lines, 'andon_label_delay_seconds_sum')).toBe(1.5)
    expect(seriesValue(lines, 'andon_label_delay_seconds_count')).toBe(2)
    expect(seriesValue(lines, 'andon_label_delay_seconds_bucket{le="1"}')).toBe(1)
    expect(seriesValue(lines, 'andon_predict_duration_seconds_sum')).toBe(0.0002)
    expect(seriesValue(lines, 'andon_learn_duration_seconds_bucket{le="0.0025"}')).toBe(1)
  })

  test('names outside the closed lists fall under "other", and their counts are added', async () => {
    const events = ['x', 'y'].map(name => ({ topic: name, outcome: name, count: 2 }))
    const lines = await rendered({ ...fullStatus(), events, costs: { page: 1, mail: 2 }, lag: { x: 1, y: 2 } })
    expect(seriesValue(lines, 'andon_events_total{topic="other",outcome="other"}')).toBe(4)
    expect(seriesValue(lines, 'andon_lag_records{topic="other"}')).toBe(3)
    expect(seriesValue(lines, 'andon_event_cpu_seconds{part="other"}')).toBeCloseTo(3e-6, 12)
  })

  test('beyond a limit counts are added under "other", scores left out, and what was left out is told', async () => {
    const task = taskOf('t', ['a', 'b', 'c'], { perDomain: { l1: reportOf([]), l2: reportOf([]), l3: reportOf([]) } })
    const limits = { classes: 1, domains: 1, experts: 1 }
    const lines = await rendered(fullStatus([task]), { limits })
    expect(seriesValue(lines, 'andon_class_support_examples{task="t",class="a",view="window"}')).toBe(10)
    expect(seriesValue(lines, 'andon_class_support_examples{task="t",class="other",view="window"}')).toBe(23)
    expect(seriesValue(lines, 'andon_domain_judged_predictions{task="t",domain="other"}')).toBe(200)
    expect(seriesValue(lines, 'andon_expert_class_effective_examples{task="t",bank="mixture",domain="",expert="0",class="other"}')).toBe(25)
    expect(lines.filter(line => /class_recall_ratio|domain_kappa|expert="1"/.test(line) && !/class="a"|domain="l1"/.test(line))).toEqual([])
    const few = await rendered(fullStatus([task]), { limits: { series: 2 } })
    expect(seriesValue(few, 'andon_left_out_series{metric="andon_class_recall_ratio"}')).toBe(7)
    expect(few.filter(line => nameOf(line) === 'andon_class_recall_ratio')).toHaveLength(2)
  })

  test('the number of series is bounded whatever the status holds', async () => {
    const names = Array.from({ length: 300 }, (_, i) => `n${i}`)
    const [bank] = taskOf('t', names).banks
    const experts = names.map((_, i) => ({ ...bank!.experts[0]!, expert: i }))
    const perDomain = Object.fromEntries(names.map(name => [name, reportOf([])]))
    const tasks = names.slice(0, 30).map(name => taskOf(name, names, { perDomain, banks: [{ ...bank!, experts }] }))
    const lines = await rendered(fullStatus(tasks))
    const series = new Map<string, number>()
    for (const line of lines) series.set(nameOf(line), (series.get(nameOf(line)) ?? 0) + 1)
    expect(Math.max(...series.values())).toBe(4096)
  })
})
