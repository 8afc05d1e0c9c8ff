/** The metrics of quality: the learner as a whole, each task, each class. */
import type { ClassScore, Report, Scores } from '../../judge/report.ts'
import type { LearnerStatus, TaskStatus } from '../../learner/status.ts'
import { type Metric, other, pooled, type Sample, type Seen, tasksOf } from './metric.ts'

/** How predictions were judged. The last two are baselines: repeating the last label, and the most frequent class. */
export const views = ['test_then_train', 'window', 'forgetting', 'as_served', 'single', 'no_change', 'majority'] as const

/** What a task keeps: the weights of its banks, those of the single model, and what it remembers. */
export const kinds = ['model', 'single', 'memory'] as const

const scores: readonly (readonly [keyof Scores, name: string, help: string])[] = [
  ['accuracy', 'accuracy_ratio', 'Share of right answers.'],
  ['kappa', 'kappa_ratio', "Cohen's kappa: agreement beyond chance, 1 is perfect, 0 is chance."],
  ['kappaNoChange', 'kappa_no_change_ratio', 'Kappa against repeating the last known label.'],
  ['kappaMajority', 'kappa_majority_ratio', 'Kappa against the most frequent class so far.'],
  ['gMean', 'g_mean_ratio', 'Geometric mean of the recalls of the classes with support.'],
  ['macroRecall', 'macro_recall_ratio', 'Mean of the recalls of the classes with support.'],
  ['macroF1', 'macro_f1_ratio', 'Mean of the F1 scores of the classes with support.'],
  ['logLoss', 'log_loss_nats', 'Mean negative logarithm of the probability of the true class.'],
  ['brier', 'brier_score', 'Mean squared distance of the probabilities from the truth, 0 to 2.'],
  ['ece', 'calibration_error_ratio', "Expected calibration error of the chosen class's probability."]
]

export const scoreMetrics: readonly Metric[] = [
  learnerMetric('fold_version', 'Version of the fold that learns.', learner => learner.fold),
  learnerMetric('domains', 'Domains seen, lines or what is configured as one.', learner => learner.domains.length),
  learnerMetric('features', 'Features seen.', learner => learner.features),
  learnerMetric('state_bytes', 'Size of the numeric state.', learner => learner.bytes),
  learnerCounter('learned_examples_total', 'Examples learned.', learner => learner.learned),
  learnerCounter('repeated_examples_total', 'Examples that came again and were not learned again.', learner => learner.repeated),
  learnerCounter('corrected_labels_total', 'Labels that replaced an earlier one.', learner => learner.corrected),
  {
    name: 'task_learned_examples',
    type: 'gauge',
    labels: ['task'],
    help: 'Examples a task has learned from.',
    read: seen => tasksOf(seen).map(task => [[task.task], task.learned])
  },
  {
    name: 'task_state_bytes',
    type: 'gauge',
    labels: ['task', 'kind'],
    help: 'Size of what a task keeps.',
    read: seen => tasksOf(seen).flatMap(({ task, bytes }) => kinds.map((kind): Sample => [[task, kind], bytes[kind]]))
  },
  {
    name: 'task_judged_predictions',
    type: 'gauge',
    labels: ['task', 'view'],
    help: 'Predictions behind the scores of a task.',
    read: seen => byView(seen, report => report.n)
  },
  ...scores.map(
    ([score, name, help]): Metric => ({
      name: `task_${name}`,
      type: 'gauge',
      labels: ['task', 'view'],
      help: `${help} Absent without support.`,
      read: seen => [...byView(seen, report => report.scores[score]), ...baselines(seen, score)]
    })
  ),
  {
    name: 'domain_judged_predictions',
    type: 'gauge',
    labels: ['task', 'domain'],
    help: 'Predictions judged in a domain, test-then-train; domains beyond the limit are added up.',
    read: seen =>
      tasksOf(seen).flatMap(task =>
        pooled(
          byDomain(task, report => report.n),
          1,
          seen.limits.domains
        )
      )
  },
  {
    name: 'domain_kappa_ratio',
    type: 'gauge',
    labels: ['task', 'domain'],
    help: "Cohen's kappa in a domain, test-then-train. Absent without support.",
    read: seen => tasksOf(seen).flatMap(task => byDomain(task, report => report.scores.kappa).slice(0, seen.limits.domains))
  },
  {
    name: 'class_support_examples',
    type: 'gauge',
    labels: ['task', 'class', 'view'],
    help: 'Judged examples of a class; classes beyond the limit are added up.',
    read: seen => tasksOf(seen).flatMap(task => pooledClasses(seen, task, of => of.support))
  },
  {
    name: 'class_chosen_predictions',
    type: 'gauge',
    labels: ['task', 'class', 'view'],
    help: 'Judged predictions that chose a class; classes beyond the limit are added up.',
    read: seen => tasksOf(seen).flatMap(task => pooledClasses(seen, task, of => of.predicted))
  },
  {
    name: 'class_recall_ratio',
    type: 'gauge',
    labels: ['task', 'class', 'view'],
    help: 'Share of the examples of a class that were recognised. Absent without support.',
    read: seen => tasksOf(seen).flatMap(task => firstClasses(seen, task, of => of.recall))
  },
  {
    name: 'class_precision_ratio',
    type: 'gauge',
    labels: ['task', 'class', 'view'],
    help: 'Share of the predictions of a class that were right. Absent where it was never predicted.',
    read: seen => tasksOf(seen).flatMap(task => firstClasses(seen, task, of => of.precision))
  },
  {
    name: 'class_recall_lower_ratio',
    type: 'gauge',
    labels: ['task', 'class', 'view'],
    help: "Lower end of Wilson's 95 % interval of the recall. Absent without support.",
    read: seen => tasksOf(seen).flatMap(task => firstClasses(seen, task, of => of.recallInterval?.[0] ?? null))
  }
]

function learnerMetric(name: string, help: string, value: (learner: LearnerStatus) => number): Metric {
  return { name, type: 'gauge', labels: [], help, read: seen => ofLearner(seen, value) }
}

function learnerCounter(name: string, help: string, value: (learner: LearnerStatus) => number): Metric {
  return { name, type: 'counter', labels: [], help, read: seen => ofLearner(seen, value) }
}

function ofLearner({ status: { learner } }: Seen, value: (learner: LearnerStatus) => number): Sample[] {
  return learner === null ? [] : [[[], value(learner)]]
}

function reportsOf(task: TaskStatus): readonly (readonly [string, Report])[] {
  const { testThenTrain, window, forgetting, asServed, single } = task
  const all = [testThenTrain, window, forgetting, asServed, single]
  return all.flatMap((report, i) => (report === null ? [] : [[views[i] ?? other, report] as const]))
}

function byView(seen: Seen, value: (report: Report) => number | null): readonly Sample[] {
  return tasksOf(seen).flatMap(task => reportsOf(task).map(([view, report]): Sample => [[task.task, view], value(report)]))
}

function baselines(seen: Seen, score: keyof Scores): readonly Sample[] {
  if (score !== 'accuracy' && score !== 'kappa') return []
  return tasksOf(seen).flatMap(({ task, testThenTrain: { baselines: of } }): Sample[] => [
    [[task, 'no_change'], of.noChange[score]],
    [[task, 'majority'], of.majority[score]]
  ])
}

function byDomain(task: TaskStatus, value: (report: Report) => number | null): readonly Sample[] {
  return Object.entries(task.perDomain).map(([domain, report]): Sample => [[task.task, domain], value(report)])
}

/** Over the whole stream, over the window and as served: elsewhere a class's scores tell nothing further. */
function classViews({ testThenTrain, window, asServed }: TaskStatus): readonly (readonly [string, Report])[] {
  return [
    ['test_then_train', testThenTrain],
    ['window', window],
    ['as_served', asServed]
  ]
}

function pooledClasses(seen: Seen, task: TaskStatus, value: (score: ClassScore) => number): readonly Sample[] {
  return classViews(task).flatMap(([view, { perClass }]) =>
    pooled(
      perClass.map((score): Sample => [[task.task, score.class, view], value(score)]),
      1,
      seen.limits.classes
    )
  )
}

function firstClasses(seen: Seen, task: TaskStatus, value: (score: ClassScore) => number | null): readonly Sample[] {
  return classViews(task).flatMap(([view, { perClass }]) =>
    perClass.slice(0, seen.limits.classes).map((score): Sample => [[task.task, score.class, view], value(score)])
  )
}
