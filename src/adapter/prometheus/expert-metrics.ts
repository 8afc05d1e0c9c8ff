/** The metrics of the mixture: what every expert of every bank does. */
import type { TaskStatus } from '../../learner/status.ts'
import { type Metric, pooled, type Sample, type Seen, tasksOf } from './metric.ts'

type BankReport = TaskStatus['banks'][number]
type ExpertReport = BankReport['experts'][number]

export const expertMetrics: readonly Metric[] = [
  {
    name: 'gate_entropy_nats',
    type: 'gauge',
    labels: ['task', 'bank'],
    help: 'Mean entropy of a gate: 0 when one expert takes all, ln K when all share alike.',
    read: seen => banksOf(seen).map(({ task, bank }) => [[task, bank.bank], bank.gateEntropy])
  },
  {
    name: 'expert_utilisation_ratio',
    type: 'gauge',
    labels: ['task', 'bank', 'expert'],
    help: 'Mean gate share of an expert over about the last 1,000 examples.',
    read: seen => byExpert(seen, expert => expert.utilisation)
  },
  {
    name: 'expert_responsibility_ratio',
    type: 'gauge',
    labels: ['task', 'bank', 'expert'],
    help: 'Mean responsibility of an expert for the labels that came, over about the last 1,000 examples.',
    read: seen => byExpert(seen, expert => expert.responsibility)
  },
  {
    name: 'expert_effective_examples',
    type: 'gauge',
    labels: ['task', 'bank', 'expert'],
    help: 'Effective sample size of an expert, added up over the classes.',
    read: seen => byExpert(seen, expert => Object.values(expert.effectiveSampleSize).reduce((sum, size) => sum + size, 0))
  },
  {
    name: 'expert_class_effective_examples',
    type: 'gauge',
    labels: ['task', 'bank', 'expert', 'class'],
    help: 'Effective sample size of an expert for a class; classes beyond the limit are added up.',
    read: seen =>
      expertsOf(seen).flatMap(({ labels, expert }) =>
        pooled(
          Object.entries(expert.effectiveSampleSize).map(([name, size]): Sample => [[...labels, name], size]),
          labels.length,
          seen.limits.classes
        )
      )
  },
  {
    name: 'expert_change_ratio',
    type: 'gauge',
    labels: ['task', 'bank', 'expert'],
    help: "Mean Hellinger distance of an expert's opinions now from those 1,000 examples ago on the same inputs; absent before.",
    read: seen => byExpert(seen, expert => expert.change)
  }
]

function banksOf(seen: Seen): readonly { readonly task: string; readonly bank: BankReport }[] {
  return tasksOf(seen).flatMap(({ task, banks }) => banks.slice(0, seen.limits.banks).map(bank => ({ task, bank })))
}

function expertsOf(seen: Seen): readonly { readonly labels: readonly string[]; readonly expert: ExpertReport }[] {
  return banksOf(seen).flatMap(({ task, bank }) =>
    bank.experts.slice(0, seen.limits.experts).map(expert => ({ labels: [task, bank.bank, String(expert.expert)], expert }))
  )
}

function byExpert(seen: Seen, value: (expert: ExpertReport) => number | null): readonly Sample[] {
  return expertsOf(seen).map(({ labels, expert }): Sample => [labels, value(expert)])
}
