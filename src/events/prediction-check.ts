/**
 * Whether a served prediction can be what it says: distributions over its own classes. The pool learns from the opinions
 * it carries, so an impossible one must not enter.
 */
import type { BankOpinion, Prediction, RejectionCode, TaskPrediction } from './event.ts'
import { nameProblem } from './names.ts'
import { shown } from './shown.ts'

/** Probabilities travel in 32 bits, and a thousand of them may each be off by 6e-8 of themselves. */
const SUM_TOLERANCE = 1e-3

/** The first thing that is wrong with a prediction; null when nothing is. A task without classes yet carries no numbers. */
export function predictionProblem(prediction: Prediction): { readonly code: RejectionCode; readonly reason: string } | null {
  if (!(prediction.learned >= 0 && prediction.fold >= 0))
    return malformed(`expected counts of 0 or more in learned and fold, got ${prediction.learned} and ${prediction.fold}`)
  const seen = new Set<string>()
  for (const task of prediction.tasks) {
    const wrong = nameProblem(task.task)
    if (wrong !== null) return { code: 'bad-name', reason: `prediction, task: ${wrong}` }
    if (seen.has(task.task)) return malformed(`expected one prediction a task, got two for ${shown(task.task)}`)
    seen.add(task.task)
    const problem = taskProblem(task)
    if (problem !== null) return problem
  }
  return null
}

function taskProblem(task: TaskPrediction): ReturnType<typeof predictionProblem> {
  const where = `prediction of task ${shown(task.task)}`
  const classes = new Set(task.classes)
  if (classes.size < task.classes.length)
    return malformed(`${where}: expected every class once, got ${task.classes.length - classes.size} repeated`)
  for (const name of task.classes) {
    const wrong = nameProblem(name)
    if (wrong !== null) return { code: 'bad-name', reason: `${where}, class: ${wrong}` }
  }
  if (classes.size > 0 && !classes.has(task.chosen))
    return malformed(`${where}: expected chosen to be one of its classes, got ${shown(task.chosen)}`)
  const stray = task.set.find(name => !classes.has(name))
  if (stray !== undefined) return malformed(`${where}: expected its set to hold its own classes, got ${shown(stray)}`)
  const served = distributionProblem(`${where}, probabilities`, task.probabilities, classes.size)
  if (served !== null) return served
  for (const bank of task.banks) {
    const problem = bankProblem(where, bank, classes.size)
    if (problem !== null) return problem
  }
  return null
}

function bankProblem(where: string, bank: BankOpinion, classes: number): ReturnType<typeof predictionProblem> {
  const wrong = nameProblem(bank.bank)
  if (wrong !== null) return { code: 'bad-name', reason: `${where}, bank: ${wrong}` }
  const place = `${where}, bank ${shown(bank.bank)}`
  if (!Number.isFinite(bank.weight)) return { code: 'not-finite', reason: `${place}, weight: expected a finite number, got ${bank.weight}` }
  if (bank.weight < 0) return malformed(`${place}, weight: expected 0 or more, got ${bank.weight}`)
  return (
    distributionProblem(`${place}, opinion`, bank.opinion, classes) ??
    distributionProblem(`${place}, shares`, bank.shares, bank.shares.length)
  )
}

function distributionProblem(where: string, p: readonly number[], length: number): ReturnType<typeof predictionProblem> {
  if (p.length !== length) return malformed(`${where}: expected ${length} numbers, got ${p.length}`)
  let sum = 0
  for (const one of p) {
    if (!Number.isFinite(one)) return { code: 'not-finite', reason: `${where}: expected finite numbers, got ${one}` }
    // The last bit of 32 may round a sure 1 upwards.
    if (one < 0 || one > 1 + 1e-6) return malformed(`${where}: expected numbers from 0 to 1, got ${one}`)
    sum += one
  }
  return length === 0 || Math.abs(sum - 1) <= SUM_TOLERANCE ? null : malformed(`${where}: expected a sum of 1, got ${sum}`)
}

function malformed(reason: string): { readonly code: RejectionCode; readonly reason: string } {
  return { code: 'malformed', reason }
}
