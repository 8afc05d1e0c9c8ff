/** The metrics of sharing: what domains gain or lose by one another, how each weighs its banks, and which tasks say the same twice. */
import type { TaskStatus } from '../../learner/status.ts'
import { type Metric, pooled, type Sample, type Seen, tasksOf } from './metric.ts'

type Blend = TaskStatus['committee'][string]
type Account = TaskStatus['sharingAsServed'][string]

export const sharingMetrics: readonly Metric[] = [
  {
    name: 'sharing_compared_predictions',
    type: 'gauge',
    labels: ['task', 'domain', 'view'],
    help: "Predictions compared with the opinion of the domain's own bank; domains beyond the limit are added up.",
    read: seen => accounts(seen, ({ n }) => n)
  },
  {
    name: 'sharing_gain_nats',
    type: 'gauge',
    labels: ['task', 'domain', 'view'],
    help: 'Sum of ln p - ln p_solo of the labels that came: above 0 the domain gained by the others, below 0 it lost; domains beyond the limit are added up.',
    read: seen => accounts(seen, ({ gain }) => gain)
  },
  {
    name: 'sharing_recent_gain_nats',
    type: 'gauge',
    labels: ['task', 'domain', 'view'],
    help: 'The same an example, over about the last 1,000. Where labels come late as_served is the honest view.',
    read: seen =>
      tasksOf(seen).flatMap(task =>
        views(task).flatMap(([view, reports]) =>
          reports.slice(0, seen.limits.domains).map(([domain, { recent }]): Sample => [[task.task, domain, view], recent])
        )
      )
  },
  {
    name: 'bank_weight_ratio',
    type: 'gauge',
    labels: ['task', 'domain', 'bank'],
    help: 'Share of a bank in what is said in a domain.',
    read: seen =>
      domainsOf(seen).flatMap(({ task, domain, blend }) =>
        blend.banks.slice(0, seen.limits.banks).map(({ bank, weight }): Sample => [[task, domain, bank], weight])
      )
  },
  {
    name: 'domain_affinity_given_nats',
    type: 'gauge',
    labels: ['task', 'domain'],
    help: "What half the say of a domain's own bank would gain the others, nats an example of late, mean over them; below 0 it would harm.",
    read: seen => affinities(seen, 'from')
  },
  {
    name: 'domain_affinity_taken_nats',
    type: 'gauge',
    labels: ['task', 'domain'],
    help: "What half the say of the others' own banks would gain a domain, nats an example of late, mean over them; below 0 it would harm.",
    read: seen => affinities(seen, 'to')
  },
  {
    name: 'task_affinity_nats',
    type: 'gauge',
    labels: ['from', 'to'],
    help: "What the choice of a task would add to another's opinion, nats an example of late; at 0 nothing, below 0 they say the same twice.",
    read: seen => {
      const told = new Set(tasksOf(seen).map(({ task }) => task))
      const affinity = seen.status.learner?.affinity ?? []
      return affinity.flatMap(({ from, to, gain }): Sample[] => (told.has(from) && told.has(to) ? [[[from, to], gain]] : []))
    }
  }
]

/** The domains that are told of each task. */
function domainsOf(seen: Seen): readonly { readonly task: string; readonly domain: string; readonly blend: Blend }[] {
  return tasksOf(seen).flatMap(({ task, committee }) =>
    Object.entries(committee)
      .slice(0, seen.limits.domains)
      .map(([domain, blend]) => ({ task, domain, blend }))
  )
}

/** The accounts of a task by domain: as the pool keeps it, and as it was served. */
function views({ committee, sharingAsServed }: TaskStatus): readonly (readonly [view: string, reports: readonly [string, Account][]])[] {
  const onArrival = Object.entries(committee).flatMap(([domain, { transfer }]): [string, Account][] =>
    transfer === null ? [] : [[domain, transfer]]
  )
  return [
    ['test_then_train', onArrival],
    ['as_served', Object.entries(sharingAsServed)]
  ]
}

function accounts(seen: Seen, value: (account: Account) => number): readonly Sample[] {
  return tasksOf(seen).flatMap(task =>
    views(task).flatMap(([view, reports]) =>
      pooled(
        reports.map(([domain, account]): Sample => [[task.task, domain, view], value(account)]),
        1,
        seen.limits.domains
      )
    )
  )
}

/** Means over the pairs of a domain. */
function affinities(seen: Seen, end: 'from' | 'to'): readonly Sample[] {
  return tasksOf(seen).flatMap(({ task, committee, affinity }) =>
    Object.keys(committee)
      .slice(0, seen.limits.domains)
      .flatMap((domain): Sample[] => {
        const pairs = affinity.filter(pair => pair[end] === domain)
        return pairs.length === 0 ? [] : [[[task, domain], pairs.reduce((sum, { gain }) => sum + gain, 0) / pairs.length]]
      })
  )
}
