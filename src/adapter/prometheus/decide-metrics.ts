/** The metrics of decisions: what was decided, how promises are kept, how the inspection budget is spent. */
import type { Corrected } from '../../decide/corrected.ts'
import type { ClassReport, DecideReport, TaskDecideReport } from '../../decide/report.ts'
import { type Metric, pooled, type Sample, type Seen } from './metric.ts'

const actions = ['pass', 'flag', 'abstain'] as const

const scores: readonly (readonly [name: string, help: string, value: (corrected: Corrected) => number | null])[] = [
  ['accuracy_ratio', 'Share of right answers.', ({ accuracy }) => accuracy?.value ?? null],
  ['kappa_ratio', "Cohen's kappa.", ({ kappa }) => kappa],
  ['g_mean_ratio', 'Geometric mean of the recalls of the classes with labels.', ({ gMean }) => gMean]
]

export const decideMetrics: readonly Metric[] = [
  {
    name: 'decisions_total',
    type: 'counter',
    labels: ['task', 'action'],
    help: 'Decisions about parts: pass, flag or abstain (left to a person).',
    read: seen => tasksOf(seen).flatMap(({ task, decided }) => actions.map((action): Sample => [[task, action], decided[action]]))
  },
  {
    name: 'decided_labels_total',
    type: 'counter',
    labels: ['task', 'class'],
    help: 'Labels of parts that had been decided.',
    read: seen => added(seen, each => each.labels)
  },
  {
    name: 'decided_passed_labels_total',
    type: 'counter',
    labels: ['task', 'class'],
    help: 'Of them, those whose part had passed: of a defect class, the defects missed.',
    read: seen => added(seen, each => each.passed)
  },
  {
    name: 'decided_uncovered_labels_total',
    type: 'counter',
    labels: ['task', 'class'],
    help: 'Of them, those whose class had been ruled out: what a promised miss rate bounds.',
    read: seen => added(seen, each => each.outside)
  },
  {
    name: 'decision_coverage_ratio',
    type: 'gauge',
    labels: ['task', 'class'],
    help: 'Share of the last labels of a class, at most 200, that had not been ruled out; absent without a promise or a label.',
    read: seen => byClass(seen, each => (each.promise === null ? null : each.recent.coverage))
  },
  {
    name: 'decision_promised_ratio',
    type: 'gauge',
    labels: ['task', 'class'],
    help: 'What that share is promised to be at least; absent without a promise.',
    read: seen => byClass(seen, each => (each.promise === null ? null : 1 - each.promise))
  },
  {
    name: 'decision_threshold_ratio',
    type: 'gauge',
    labels: ['task', 'class'],
    help: 'The least reported probability at which a class is not ruled out: 0 while its promise has too few labels; absent without one.',
    read: seen => byClass(seen, each => each.threshold)
  },
  {
    name: 'corrected_rate_ratio',
    type: 'gauge',
    labels: ['task', 'class'],
    help: 'Share of all parts that are of a class, from the labels of those inspected, each weighed by one over its propensity.',
    read: seen => corrected(seen, each => each.rate?.value ?? null)
  },
  {
    name: 'corrected_recall_ratio',
    type: 'gauge',
    labels: ['task', 'class'],
    help: 'Share of a class chosen right, corrected in the same way.',
    read: seen => corrected(seen, each => each.recall?.value ?? null)
  },
  {
    name: 'corrected_precision_ratio',
    type: 'gauge',
    labels: ['task', 'class'],
    help: 'Share of the parts for which a class was chosen that are of it, corrected in the same way.',
    read: seen => corrected(seen, each => each.precision?.value ?? null)
  },
  ...scores.map(
    ([name, help, value]): Metric => ({
      name: `corrected_${name}`,
      type: 'gauge',
      labels: ['task'],
      help: `${help} Of all parts, corrected in the same way.`,
      read: seen => tasksOf(seen).map(({ task, corrected }): Sample => [[task], value(corrected)])
    })
  ),
  {
    name: 'inspections_total',
    type: 'counter',
    labels: ['line', 'why'],
    help: 'Parts sent to inspection: drawn for what their label teaches, or since they must not be left to a machine.',
    read: seen =>
      pooled(
        reportOf(seen).flatMap(({ budgets }) =>
          budgets.flatMap(({ line, drawn, musts }): Sample[] => [
            [[line, 'drawn'], drawn],
            [[line, 'must'], musts]
          ])
        ),
        0,
        seen.limits.domains
      )
  },
  {
    name: 'inspection_budget_parts',
    type: 'gauge',
    labels: ['line'],
    help: 'Inspections saved up on a line; below 0 taken in advance.',
    read: seen =>
      reportOf(seen).flatMap(({ budgets }) => budgets.slice(0, seen.limits.domains).map(({ line, tokens }): Sample => [[line], tokens]))
  },
  {
    name: 'inspections_waiting',
    type: 'gauge',
    labels: [],
    help: 'Entries on the work list: parts sent to inspection and not labelled yet.',
    read: seen => reportOf(seen).map(({ waiting }): Sample => [[], waiting])
  }
]

/** One or none. */
function reportOf({ status }: Seen): readonly DecideReport[] {
  return status.decisions === undefined ? [] : [status.decisions]
}

function tasksOf(seen: Seen): readonly TaskDecideReport[] {
  return reportOf(seen).flatMap(({ tasks }) => tasks.slice(0, seen.limits.tasks))
}

function byClass(seen: Seen, value: (report: ClassReport) => number | null): readonly Sample[] {
  return tasksOf(seen).flatMap(({ task, classes }) =>
    classes.slice(0, seen.limits.classes).map((each): Sample => [[task, each.class], value(each)])
  )
}

/** Counts: classes beyond the limit are added up. */
function added(seen: Seen, value: (report: ClassReport) => number): readonly Sample[] {
  return tasksOf(seen).flatMap(({ task, classes }) =>
    pooled(
      classes.map((each): Sample => [[task, each.class], value(each)]),
      1,
      seen.limits.classes
    )
  )
}

function corrected(seen: Seen, value: (report: TaskDecideReport['corrected']['classes'][number]) => number | null): readonly Sample[] {
  return tasksOf(seen).flatMap(({ task, corrected: { classes } }) =>
    classes.slice(0, seen.limits.classes).map((each): Sample => [[task, each.class], value(each)])
  )
}
