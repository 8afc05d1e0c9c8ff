/** The metrics of readiness: which class may be relied on where. */
import type { TaskStatus } from '../../learner/status.ts'
import { type Metric, type Sample, type Seen, tasksOf } from './metric.ts'

type ReadinessReport = TaskStatus['readiness'][number]

export const readinessMetrics: readonly Metric[] = [
  {
    name: 'class_ready',
    type: 'gauge',
    labels: ['task', 'domain', 'class'],
    help: '1 where a class may be relied on, 0 where that is not known yet, -1 where it is unfit.',
    read: seen => byClass(seen, ({ state }) => (state === 'ready' ? 1 : state === 'unfit' ? -1 : 0))
  },
  {
    name: 'class_missing_labels',
    type: 'gauge',
    labels: ['task', 'domain', 'class'],
    help: 'Labels of a class until it is known whether it may be relied on, at its recall of late; absent beyond 1,000.',
    read: seen => byClass(seen, ({ missing }) => missing)
  }
]

/** Those domains and classes that are told of each task. */
function byClass(seen: Seen, value: (report: ReadinessReport) => number | null): readonly Sample[] {
  return tasksOf(seen).flatMap(({ task, classes, readiness }) => {
    const domains = [...new Set(readiness.map(({ domain }) => domain))].slice(0, seen.limits.domains)
    const named = new Set(classes.slice(0, seen.limits.classes))
    return readiness
      .filter(each => named.has(each.class) && domains.includes(each.domain))
      .map((each): Sample => [[task, each.domain, each.class], value(each)])
  })
}
