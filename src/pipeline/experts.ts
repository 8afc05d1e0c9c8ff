/** What is told of the experts: the same for the HTTP interface and the command line, read off the learner's status. */
import type { LearnerStatus, TaskStatus } from '../learner/status.ts'

export interface TaskExperts {
  readonly task: string
  readonly classes: readonly string[]
  readonly learned: number
  readonly banks: TaskStatus['banks']
  readonly readiness: TaskStatus['readiness']
}

export interface Experts {
  /** Examples learned. */
  readonly learned: number
  /** Names of the lines, or of what is a domain. */
  readonly domains: readonly string[]
  readonly tasks: readonly TaskExperts[]
}

/** Which task and bank are meant; absent for all. */
export interface Choice {
  readonly task?: string | undefined
  readonly bank?: string | undefined
}

export function expertsOf({ learned, domains, tasks }: LearnerStatus, { task, bank }: Choice = {}): Experts {
  return {
    learned,
    domains,
    tasks: tasks
      .filter(each => task === undefined || each.task === task)
      .map(each => ({
        task: each.task,
        classes: each.classes,
        learned: each.learned,
        readiness: each.readiness,
        banks: each.banks.filter(of => bank === undefined || of.bank === bank)
      }))
  }
}
