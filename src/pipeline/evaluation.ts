/**
 * Prequential evaluation: every row is predicted, scored and then learned, through the same fold as the live line. With
 * labels `delay` rows late, a row is scored by what was served when it came, and the last `delay` labels are never learned.
 */
import type { Example, Observation, Prediction } from '../events/event.ts'
import { Baselines } from '../judge/baselines.ts'
import { KnownLabels } from '../judge/known-labels.ts'
import type { Report } from '../judge/report.ts'
import { Scoreboard } from '../judge/scoreboard.ts'
import { domainOf } from '../learner/inputs.ts'
import { Learner } from '../learner/learner.ts'
import type { LearnerOptions } from '../learner/options.ts'
import { CostMeter } from './cost-meter.ts'
import { LastSaid, type SaidReport, SaidScores } from './said-scores.ts'

/** A row of a stream: what was seen, and what it turned out to be. */
export interface Labelled {
  readonly observation: Observation
  readonly labels: Readonly<Record<string, string>>
}

export interface EvaluationOptions {
  readonly learner: LearnerOptions
  /** Rows between an observation and its label. */
  readonly delay: number
  /** Decision exponents along which scores are told, rising; none without. */
  readonly curve?: readonly number[]
  /** Told every prediction as it is served; what it returns tells whether the row's labels ever come. All come without. */
  readonly served?: (prediction: Prediction) => boolean
  /** Told every row whose labels have come, once the learner has them. */
  readonly labelled?: (example: Example) => void
  /** Milliseconds with fractions. */
  readonly stopwatch: () => number
  /** Milliseconds of CPU that the process has used, over all its threads. */
  readonly cpu: () => number
  /** Called after every row with the number done. */
  readonly progress?: (done: number) => void
}

export interface TaskEvaluation {
  readonly report: Report
  /** Over the sliding window of the last rows, and over all with forgetting. */
  readonly window: Report
  readonly forgetting: Report
  /** Over the rows that something was said of: before the first label has come nothing is, which `report` counts as wrong. */
  readonly predicted: Report
  readonly single: Report | null
  readonly perDomain: Readonly<Record<string, Report>>
  /** Calibration before and after the class bias, and the curve: of the same rows, as served. */
  readonly said: SaidReport
  /** CPU microseconds a row and bytes of state. */
  readonly costs: { readonly noChange: Cost; readonly majority: Cost; readonly single: Cost; readonly model: Cost }
}

export interface Cost {
  readonly microseconds: number
  readonly mebibytes: number
}

export interface Evaluation {
  readonly events: number
  readonly features: number
  readonly learned: number
  readonly seconds: number
  readonly tasks: Readonly<Record<string, TaskEvaluation>>
  readonly learner: Learner
}

const MEBI = 1024 * 1024

/** What is kept of a task beside the learner: its own list of classes, as they occur, and its boards. */
class TaskBoards {
  readonly classes: string[] = []
  readonly board: Scoreboard
  readonly single = new Scoreboard({ window: 0, forget: 1 })
  readonly predicted = new Scoreboard({ window: 0, forget: 1 })
  readonly domains = new Map<string, Scoreboard>()
  readonly known = new KnownLabels()
  readonly truths: number[] = []
  readonly said: SaidScores
  readonly #index = new Map<string, number>()

  constructor({ window, forgetting }: LearnerOptions['judge'], curve: readonly number[]) {
    this.board = new Scoreboard({ window, forget: forgetting })
    this.said = new SaidScores(curve)
  }

  indexOf(name: string): number {
    const known = this.#index.get(name)
    if (known !== undefined) return known
    this.#index.set(name, this.classes.length)
    return this.classes.push(name) - 1
  }

  /** Probabilities in the order of this list. */
  ordered(classes: readonly string[], probabilities: ArrayLike<number>): Float64Array {
    const at = classes.map(name => this.indexOf(name))
    const ordered = new Float64Array(this.classes.length)
    at.forEach((c, i) => {
      ordered[c] = probabilities[i]!
    })
    return ordered
  }

  domain(name: string): Scoreboard {
    let board = this.domains.get(name)
    if (board === undefined) {
      board = new Scoreboard({ window: 0, forget: 1 })
      this.domains.set(name, board)
    }
    return board
  }
}

export async function evaluate(rows: AsyncIterable<Labelled> | Iterable<Labelled>, options: EvaluationOptions): Promise<Evaluation> {
  const meter = new CostMeter(options.stopwatch)
  const heard = new LastSaid()
  const learner = new Learner(options.learner, meter, heard)
  const tasks = new Map<string, TaskBoards>()
  const waiting: { row: Labelled; prediction: Prediction; comes: boolean }[] = []
  let events = 0
  const began = options.stopwatch()
  const spent = options.cpu()
  for await (const row of rows) {
    const curve = options.curve ?? []
    // What is said on arrival is what would have been served: asking once is enough.
    heard.clear()
    if (options.delay === 0 && options.served === undefined && learner.judges(row.observation, row.labels)) {
      if (take(learner, row, null)) {
        judge(row, heard, saidSingle(heard), learner, tasks, curve)
        know(learner, row, tasks)
      }
    } else {
      const prediction = learner.predict(row.observation)
      judge(row, heard, servedSingle(learner, row.observation), learner, tasks, curve)
      waiting.push({ row, prediction, comes: options.served?.(prediction) ?? true })
      const late = waiting.length > options.delay ? waiting.shift()! : null
      if (late?.comes && take(learner, late.row, options.delay > 0 ? late.prediction : null)) {
        know(learner, late.row, tasks)
        options.labelled?.(exampleOf(late.row, late.prediction))
      }
    }
    options.progress?.(++events)
  }
  const seconds = (options.stopwatch() - began) / 1000
  // Parts are measured by the clock; what the machine did meanwhile is taken out by the share of CPU the process had.
  const busy = (options.cpu() - spent) / 1000 / Math.max(seconds, 1e-9)
  const status = learner.status()
  const evaluated: Record<string, TaskEvaluation> = {}
  for (const [name, boards] of tasks) {
    const bytes = status.tasks.find(task => task.task === name)?.bytes ?? { model: 0, single: 0, memory: 0 }
    const shares = tasks.size * Math.max(1, events)
    const { predict, learn: learning, single } = meter.spentMs
    const free = baselineCost(boards, options.stopwatch)
    evaluated[name] = {
      report: boards.board.report(boards.classes),
      window: boards.board.windowReport(boards.classes),
      forgetting: boards.board.forgettingReport(boards.classes),
      predicted: boards.predicted.report(boards.classes),
      single: options.learner.single ? boards.single.report(boards.classes) : null,
      perDomain: Object.fromEntries([...boards.domains].map(([domain, board]) => [domain, board.report(boards.classes)])),
      said: boards.said.report(boards.classes),
      costs: {
        noChange: free,
        majority: free,
        single: { microseconds: (1000 * busy * single) / shares, mebibytes: bytes.single / MEBI },
        model: { microseconds: (1000 * busy * (predict + learning)) / shares, mebibytes: (bytes.model + bytes.memory) / MEBI }
      }
    }
  }
  return { events, features: status.features, learned: learner.learned, seconds, tasks: evaluated, learner }
}

/** What the single model said of a task of a row: classes by name, probabilities by class; null of a task without classes. */
type Single = (task: string) => {
  readonly classes: readonly string[]
  readonly probabilities: ArrayLike<number>
  readonly chosen: string
} | null

function servedSingle(learner: Learner, observation: Observation): Single {
  const single = learner.options.single ? learner.predictSingle(observation) : null
  return name => single?.get(name) ?? null
}

function saidSingle(heard: LastSaid): Single {
  return name => {
    const { classes = [], single = null } = heard.of(name) ?? {}
    return single === null ? null : { classes, probabilities: single.probabilities, chosen: classes[single.chosen]! }
  }
}

/** Compares what was said of a row with its labels. */
function judge(
  { observation, labels }: Labelled,
  heard: LastSaid,
  singleOf: Single,
  learner: Learner,
  tasks: Map<string, TaskBoards>,
  curve: readonly number[]
): void {
  const domain = domainOf(observation, learner.options.domain)
  for (const name in labels) {
    let boards = tasks.get(name)
    if (boards === undefined) {
      boards = new TaskBoards(learner.options.judge, curve)
      tasks.set(name, boards)
    }
    const of = boards
    const truth = of.indexOf(labels[name]!)
    const noChange = of.known.noChange(domain)
    const { majority } = of.known
    of.truths.push(truth)
    const add = (board: Scoreboard, classes: readonly string[], probabilities: ArrayLike<number>, chosen: string | undefined): void => {
      board.addWithBaselines(truth, of.ordered(classes, probabilities), chosen === undefined ? -1 : of.indexOf(chosen), noChange, majority)
    }
    const said = heard.of(name)
    const { classes = [], reported = [], chosen = -1 } = said ?? {}
    add(of.board, classes, reported, classes[chosen])
    add(of.domain(domain), classes, reported, classes[chosen])
    if (chosen >= 0) add(of.predicted, classes, reported, classes[chosen])
    of.said.add(truth, said, each => of.indexOf(each))
    if (!learner.options.single) continue
    const single = singleOf(name)
    add(of.single, single?.classes ?? [], single?.probabilities ?? [], single?.chosen)
  }
}

/** Lets the learner take a row's labels; false where there are none. */
function take(learner: Learner, row: Labelled, prediction: Prediction | null): boolean {
  if (Object.keys(row.labels).length === 0) return false
  learner.take(exampleOf(row, prediction))
  return true
}

function exampleOf({ observation, labels }: Labelled, prediction: Prediction | null): Example {
  return { observation, labels, labelTime: observation.time, source: null, prediction }
}

/** A row's labels are known from now on, to the baselines too. */
function know({ options }: Learner, { observation, labels }: Labelled, tasks: Map<string, TaskBoards>): void {
  for (const name in labels) {
    const boards = tasks.get(name)!
    boards.known.learn(domainOf(observation, options.domain), boards.indexOf(labels[name]!))
  }
}

/** What a baseline costs: one pass of guessing and learning over the labels alone. */
function baselineCost(boards: TaskBoards, stopwatch: () => number): Cost {
  const alone = new Baselines()
  let guessed = 0
  const began = stopwatch()
  for (const truth of boards.truths) {
    if (alone.noChange === truth || alone.majority === truth) guessed++
    alone.learn(truth)
  }
  const spent = stopwatch() - began
  return {
    microseconds: boards.truths.length === 0 || guessed < 0 ? 0 : (1000 * spent) / boards.truths.length,
    mebibytes: (boards.classes.length * 8) / MEBI
  }
}
