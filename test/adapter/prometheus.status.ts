/** A status in which every metric has something to tell. */
import { Decider } from '../../src/decide/decider.ts'
import type { DecideReport } from '../../src/decide/report.ts'
import type { Report, Scores } from '../../src/judge/report.ts'
import type { TaskStatus } from '../../src/learner/status.ts'
import type { AlertsBoard, Beside, PipelineStatus } from '../../src/pipeline/gateway.ts'
import { budget, exampleOf, options, parts } from '../decide/stream.ts'

const scores: Scores = {
  accuracy: 0.9,
  kappa: 0.8,
  kappaNoChange: 0.7,
  kappaMajority: 0.6,
  gMean: 0.85,
  macroRecall: 0.86,
  macroF1: 0.84,
  logLoss: 0.3,
  brier: 0.15,
  ece: 0.02
}

export const noScores: Scores = {
  accuracy: null,
  kappa: null,
  kappaNoChange: null,
  kappaMajority: null,
  gMean: null,
  macroRecall: null,
  macroF1: null,
  logLoss: null,
  brier: null,
  ece: null
}

export function reportOf(classes: readonly string[], over: Partial<Report> = {}): Report {
  return {
    n: 100,
    scores,
    perClass: classes.map((name, i) => ({
      class: name,
      support: 10 + i,
      predicted: 9 + i,
      recall: 0.5,
      precision: 0.25,
      recallInterval: [0.4, 0.6],
      precisionInterval: [0.2, 0.3]
    })),
    baselines: { noChange: { accuracy: 0.5, kappa: 0.1 }, majority: { accuracy: 0.6, kappa: 0 } },
    ...over
  }
}

export function taskOf(task: string, classes: readonly string[], over: Partial<TaskStatus> = {}): TaskStatus {
  const report = reportOf(classes)
  return {
    task,
    classes,
    learned: 120,
    bytes: { model: 1024, single: 256, memory: 512 },
    testThenTrain: report,
    window: report,
    forgetting: report,
    asServed: report,
    single: report,
    perDomain: { l1: report, l2: report },
    readiness: classes.map((name, y) => ({
      domain: 'l1',
      class: name,
      state: (['ready', 'not yet', 'unfit'] as const)[y % 3]!,
      labels: 40,
      recall: 0.9,
      interval: [0.8, 0.95] as const,
      recent: 0.9,
      missing: y % 3 === 1 ? 12 : 0
    })),
    banks: [
      {
        bank: 'mixture',
        domain: null,
        gateEntropy: 0.7,
        experts: [0, 1].map(expert => ({
          expert,
          utilisation: 0.5,
          responsibility: 0.4,
          examples: 25,
          effectiveSampleSize: Object.fromEntries(classes.map(name => [name, 12.5])),
          perClass: Object.fromEntries(classes.map(name => [name, 0.5])),
          perDomain: { l1: 0.5, l2: 0.4 },
          change: 0.03,
          shift: 0.02,
          trend: -0.01,
          variation: 0.2,
          nearest: 1 - expert,
          distance: 0.3,
          without: { leftOut: 0.4, replaced: 0.3, flattened: 0.2, pooled: 0.3 },
          state: expert === 0 ? ('stable' as const) : ('duplicate' as const),
          since: 1000,
          interpretable: expert === 0,
          dominating: false,
          cure: 'Sound: nothing to do.'
        }))
      }
    ],
    committee: {
      l1: {
        learned: 120,
        banks: [{ bank: 'mixture', exponent: 0.9, guard: 0.4, weight: 0.8, resting: false }],
        pool: 0.6,
        transfer: { n: 120, gain: 6, perExample: 0.05, recent: 0.02 }
      }
    },
    sharingAsServed: { l1: { n: 110, gain: 4, perExample: 0.04, recent: 0.01 } },
    affinity: [
      { from: 'l1', to: 'l2', n: 20, gain: -0.3 },
      { from: 'l2', to: 'l1', n: 30, gain: 0.1 }
    ],
    starts: [],
    synthetic: [],
    drift: [markOf(60_000), markOf(30_000)],
    ...over
  }
}

const markOf = (at: number): TaskStatus['drift'][number] => ({
  domain: 'l1',
  class: null,
  what: 'recall',
  since: 20_000,
  from: 0.8,
  to: 0.55,
  seen: 31,
  at,
  labelFree: false,
  message: 'recall fell',
  evidence: []
})

export function fullStatus(tasks: readonly TaskStatus[] = [taskOf('fault', ['ok', 'scratch "deep"\n\\'])]): PipelineStatus {
  return {
    ready: true,
    reasons: [],
    startedAt: 1_000,
    role: 'all',
    learner: {
      fold: 1,
      kernel: 'simd',
      learned: 120,
      repeated: 3,
      corrected: 2,
      domains: ['l1', 'l2'],
      features: 7,
      bytes: 4096,
      tasks,
      affinity: [{ from: 'fault', to: 'many', n: 90, gain: -0.01 }]
    },
    following: [{ shard: 'shard-0', learned: 110, positions: [], publishedAt: 9_000, behind: 10 }],
    lag: { observations: 4, labels: 0 },
    positions: [{ topic: 'observations', partition: 0, offset: 77 }],
    events: [
      { topic: 'observations', outcome: 'taken', count: 77 },
      { topic: 'labels', outcome: 'rejected', count: 5 },
      { topic: 'signals', outcome: 'bank-restarted', count: 2 }
    ],
    waiting: { observations: 6, labels: 1 },
    decisions: decided(),
    snapshot: { learned: 100, at: 5_000, bytes: 2048 },
    costs: { predict: 50, learn: 300, single: 40 }
  }
}

/** What a decider tells after a few hundred parts, some of them inspected. */
export function decided(): DecideReport {
  const decider = new Decider(options({ tasks: { fault: { missRate: 0.1 } }, inspection: budget(100), labels: 'all' }))
  for (const seen of parts(400, 1)) {
    decider.decide(seen.prediction)
    if (!seen.prediction.observation.endsWith('7')) decider.learn(exampleOf(seen))
  }
  const report = decider.report()
  return { ...report, tasks: report.tasks.map(each => ({ ...each, task: 'decided' })) }
}

/** What there is beside it: alerts of every severity, a sink that fails, a trial, and an interface that has answered. */
export function fullBeside(over: Partial<Beside> = {}): Beside {
  const alert = (severity: string, state: string) => ({ severity, state }) as AlertsBoard['open'][number]
  const sink = { name: 'pager', delivered: 7, failed: 3, refused: 1, expired: 2, forgotten: 0, silent: 4, behind: 5, failing: 'no answer' }
  return {
    http: {
      answers: [
        { route: '/labels', code: 200, count: 12 },
        { route: 'other', code: 404, count: 1 }
      ],
      wrongTokens: 6,
      sessions: 2,
      streams: 16,
      connections: 32,
      maxStreams: 64,
      maxConnections: 256
    },
    alerts: {
      open: [alert('critical', 'raised'), alert('critical', 'acknowledged'), alert('warning', 'raised')],
      recent: [],
      lines: [],
      trial: { left: null } as AlertsBoard['trial'],
      sinks: [sink]
    },
    ...over
  }
}
