/** The metrics of the mixture: what every expert of every bank does. */
import type { TaskStatus } from '../../learner/status.ts'
import { ways } from '../../stability/needs.ts'
import { expertStates } from '../../stability/state.ts'
import { type Metric, pooled, type Sample, type Seen, tasksOf } from './metric.ts'

type BankReport = TaskStatus['banks'][number]
type ExpertReport = BankReport['experts'][number]

export const expertMetrics: readonly Metric[] = [
  {
    name: 'bank_experts',
    type: 'gauge',
    labels: ['task', 'bank', 'domain', 'state'],
    help: 'Experts of a bank in each state.',
    read: seen =>
      banksOf(seen).flatMap(({ task, bank }) =>
        expertStates.map((state): Sample => [[...labelsOf(task, bank), state], bank.experts.filter(each => each.state === state).length])
      )
  },
  {
    name: 'expert_state_info',
    type: 'gauge',
    labels: ['task', 'bank', 'domain', 'expert', 'state'],
    help: '1 for the state an expert is in; the others are absent.',
    read: seen => expertsOf(seen).map(({ labels, expert }): Sample => [[...labels, expert.state], 1])
  },
  {
    name: 'expert_interpretable',
    type: 'gauge',
    labels: ['task', 'bank', 'domain', 'expert'],
    help: '0 for an expert that is constant or says what another says, and is not needed; else 1.',
    read: seen => byExpert(seen, expert => (expert.interpretable ? 1 : 0))
  },
  {
    name: 'expert_dominating',
    type: 'gauge',
    labels: ['task', 'bank', 'domain', 'expert'],
    help: '1 for an expert that is nearly all its bank, else 0.',
    read: seen => byExpert(seen, expert => (expert.dominating ? 1 : 0))
  },
  {
    name: 'gate_entropy_nats',
    type: 'gauge',
    labels: ['task', 'bank', 'domain'],
    help: 'Mean entropy of a gate: 0 when one expert takes all, ln K when all share alike.',
    read: seen => banksOf(seen).map(({ task, bank }) => [labelsOf(task, bank), bank.gateEntropy])
  },
  {
    name: 'expert_utilisation_ratio',
    type: 'gauge',
    labels: ['task', 'bank', 'domain', 'expert'],
    help: 'Mean gate share of an expert over about the last 1,000 examples.',
    read: seen => byExpert(seen, expert => expert.utilisation)
  },
  {
    name: 'expert_responsibility_ratio',
    type: 'gauge',
    labels: ['task', 'bank', 'domain', 'expert'],
    help: 'Mean responsibility of an expert for the labels that came, over about the last 1,000 examples.',
    read: seen => byExpert(seen, expert => expert.responsibility)
  },
  {
    name: 'expert_effective_examples',
    type: 'gauge',
    labels: ['task', 'bank', 'domain', 'expert'],
    help: 'Effective sample size of an expert, added up over the classes.',
    read: seen => byExpert(seen, expert => Object.values(expert.effectiveSampleSize).reduce((sum, size) => sum + size, 0))
  },
  {
    name: 'expert_class_effective_examples',
    type: 'gauge',
    labels: ['task', 'bank', 'domain', 'expert', 'class'],
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
    labels: ['task', 'bank', 'domain', 'expert'],
    help: "Hellinger distance of an expert's opinions now from those 1,000 examples ago on the same inputs, where it speaks; absent before.",
    read: seen => byExpert(seen, expert => expert.change)
  },
  {
    name: 'expert_change_trend_ratio',
    type: 'gauge',
    labels: ['task', 'bank', 'domain', 'expert'],
    help: 'By how much the change of an expert changes in 1,000 examples; absent before.',
    read: seen => byExpert(seen, expert => expert.trend)
  },
  {
    name: 'expert_shift_ratio',
    type: 'gauge',
    labels: ['task', 'bank', 'domain', 'expert'],
    help: 'Part of what an expert is asked about that changed in 1,000 examples; absent before.',
    read: seen => byExpert(seen, expert => expert.shift)
  },
  {
    name: 'expert_variation_ratio',
    type: 'gauge',
    labels: ['task', 'bank', 'domain', 'expert'],
    help: 'How much the opinion of an expert varies where it speaks, as a Hellinger distance from its mean; absent before the first probe.',
    read: seen => byExpert(seen, expert => expert.variation)
  },
  {
    name: 'expert_nearest_distance_ratio',
    type: 'gauge',
    labels: ['task', 'bank', 'domain', 'expert'],
    help: 'Hellinger distance to the expert that says most nearly the same; absent where there is none.',
    read: seen => byExpert(seen, expert => expert.distance)
  },
  {
    name: 'expert_without_nats',
    type: 'gauge',
    labels: ['task', 'bank', 'domain', 'expert', 'way'],
    help: 'What a bank would lose an example where an expert speaks if that were left out, replaced by its nearest, flattened to its mean, or pooled with its nearest.',
    read: seen => expertsOf(seen).flatMap(({ labels, expert }) => ways.map((way): Sample => [[...labels, way], expert.without[way]]))
  }
]

/** A bank of all domains has no domain. */
function labelsOf(task: string, { bank, domain }: BankReport): readonly string[] {
  return [task, bank, domain ?? '']
}

/** Those of all domains come first. */
function banksOf(seen: Seen): readonly { readonly task: string; readonly bank: BankReport }[] {
  return tasksOf(seen).flatMap(({ task, banks }) => banks.slice(0, seen.limits.banks).map(bank => ({ task, bank })))
}

function expertsOf(seen: Seen): readonly { readonly labels: readonly string[]; readonly expert: ExpertReport }[] {
  return banksOf(seen).flatMap(({ task, bank }) =>
    bank.experts.slice(0, seen.limits.experts).map(expert => ({ labels: [...labelsOf(task, bank), String(expert.expert)], expert }))
  )
}

function byExpert(seen: Seen, value: (expert: ExpertReport) => number | null): readonly Sample[] {
  return expertsOf(seen).map(({ labels, expert }): Sample => [labels, value(expert)])
}
