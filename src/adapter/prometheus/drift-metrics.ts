/** The metrics of drift: what has changed of late. Which class and which line, the signal tells. */
import { driftKinds } from '../../learner/drift-report.ts'
import { type Metric, type Sample, tasksOf } from './metric.ts'

export const driftMetrics: readonly Metric[] = [
  {
    name: 'drift_marks',
    type: 'gauge',
    labels: ['task', 'what'],
    help: 'Changes found, among the last 32 of a task, by the figure that moved.',
    read: seen =>
      tasksOf(seen).flatMap(({ task, drift }) =>
        driftKinds.map((what): Sample => [[task, what], drift.filter(mark => mark.what === what).length])
      )
  },
  {
    name: 'drift_found_time_seconds',
    type: 'gauge',
    labels: ['task', 'what'],
    help: 'When the newest of them was found, seconds since 1970 by the times that events carry; absent where there is none.',
    read: seen =>
      tasksOf(seen).flatMap(({ task, drift }) =>
        driftKinds.map((what): Sample => {
          const newest = drift.find(mark => mark.what === what)
          return [[task, what], newest === undefined ? null : newest.at / 1000]
        })
      )
  }
]
