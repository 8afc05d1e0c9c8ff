/** What the account of sharing and the affinities promise. Each law throws where it is broken, so that planted faults can be tried. */
import { expect } from 'vitest'
import type { Example } from '../../src/events/event.ts'
import { Learner } from '../../src/learner/learner.ts'
import { defaultLearnerOptions, type LearnerOptions } from '../../src/learner/options.ts'
import type { LearnerStatus, TaskStatus } from '../../src/learner/status.ts'
import type { Judged, Watcher } from '../../src/learner/watcher.ts'
import { log } from '../../src/numeric/exp-log.ts'
import { GUARD_FLOOR } from '../../src/pool/guard.ts'

/** What was said of the labels of a line and task before anyone knew them, against its own bank's opinion. */
export interface Account {
  n: number
  gain: number
}

export interface Played {
  readonly status: LearnerStatus
  /** By task and line; empty where none was kept. */
  readonly accounts: ReadonlyMap<string, Account>
  readonly options: LearnerOptions
}

const key = (task: string, line: string) => `${task} ${line}`

/** Four experts in place of 16: what the lines share is linear, and a test has half a minute. */
const brisk: LearnerOptions = { ...defaultLearnerOptions, experts: 4, single: false }

export function taught(all: readonly Example[], changed: Partial<LearnerOptions> = {}): Played {
  const options = { ...brisk, ...changed }
  const learner = new Learner(options)
  for (const each of all) learner.take(each)
  return { status: learner.status(), accounts: new Map(), options }
}

/** Takes all, and keeps an account beside: of what `predict` said of the solo bank before, and of p as a watcher heard it. */
export function played(all: readonly Example[]): Played {
  const accounts = new Map<string, Account>()
  const heard: Pick<Judged, 'task' | 'p' | 'y'>[] = []
  const watcher: Watcher = { judged: ({ task, p, y }) => void heard.push({ task, p: p.slice(), y }) }
  const learner = new Learner(brisk, undefined, watcher)
  for (const each of all) {
    heard.length = 0
    const said = learner.predict(each.observation)
    learner.take(each)
    const { line } = each.observation
    for (const { task, p, y } of heard) {
      if (y < 0) continue
      const solo = said.tasks.find(of => of.task === task)!.banks.find(({ bank }) => bank === 'solo')
      const account = accounts.get(key(task, line))
      if (account === undefined) accounts.set(key(task, line), before(learner.status(), task, line))
      else if (solo !== undefined) {
        account.n++
        account.gain += log(Math.max(GUARD_FLOOR, p[y]!)) - log(Math.max(GUARD_FLOOR, solo.opinion[y]!))
      }
    }
  }
  return { status: learner.status(), accounts, options: brisk }
}

/** The first label of a line: what was said is of all lines' pool, what is told is of its own, which has just begun. */
function before({ tasks }: LearnerStatus, task: string, line: string): Account {
  const { n, gain } = tasks.find(each => each.task === task)!.committee[line]!.transfer ?? { n: 0, gain: 0 }
  return { n, gain }
}

/** The most that sharing may cost: the guard's bound over n labels, and the floors under M banks' opinions on C classes. */
export function most({ options }: Played, { committee, classes }: TaskStatus, line: string): number {
  const { learned: n, banks } = committee[line]!
  return log(banks.length + 1) - (n - 1) * log(1 - options.guardShare) + n * log(1 + classes.length * GUARD_FLOOR)
}

function affinity(of: TaskStatus, from: string, to: string): number {
  const gain = of.affinity.find(pair => pair.from === from && pair.to === to)?.gain
  if (gain === undefined) throw new Error(`no affinity of ${from} to ${to}`)
  return gain
}

/** Mean over the pairs a line is part of, in either place. */
function standing({ affinity: pairs }: TaskStatus, line: string): number {
  const own = pairs.filter(({ from, to }) => from === line || to === line)
  return mean(own.map(({ gain }) => gain))
}

const mean = (all: readonly number[]) => all.reduce((sum, each) => sum + each, 0) / all.length

export const laws = {
  'the account is of what was said before the label was known, each label once'({ status, accounts }: Played): void {
    let compared = 0
    for (const { task, committee } of status.tasks) {
      for (const [line, { transfer }] of Object.entries(committee)) {
        const account = accounts.get(key(task, line))!
        expect(transfer!.n, key(task, line)).toBe(account.n)
        expect(transfer!.gain, key(task, line)).toBeCloseTo(account.gain, 8)
        compared += account.n
      }
    }
    expect(compared).toBeGreaterThan(100)
  },
  'the rare lines gain, in every task'({ status }: Played): void {
    for (const { task, committee } of status.tasks)
      for (const line of ['rare', 'rarer']) expect(committee[line]!.transfer!.gain, key(task, line)).toBeGreaterThan(0)
  },
  'no line loses more than the guard’s bound and its floors, the contrary one no more than the others'(run: Played): void {
    for (const task of run.status.tasks)
      for (const [line, { transfer }] of Object.entries(task.committee))
        expect(transfer!.gain, key(task.task, line)).toBeGreaterThan(-most(run, task, line))
  },
  'the contrary line stands lowest, as giver and as taker'({ status }: Played): void {
    for (const task of status.tasks) {
      const others = Object.keys(task.committee).filter(line => line !== 'contrary')
      for (const line of others) expect(standing(task, 'contrary'), key(task.task, line)).toBeLessThan(standing(task, line))
      // One pair alone is known to some tenths: a label that a line's own bank had all but ruled out may gain it ten nats.
      const rich = ['most', 'many', 'some']
      expect(mean(rich.map(line => affinity(task, 'contrary', line)))).toBeLessThan(-0.1)
      expect(mean(rich.map(line => affinity(task, line, 'contrary')))).toBeLessThan(-0.1)
    }
  },
  'who has seen much helps who has seen little, more than the other way round'({ status }: Played): void {
    let forth = 0
    let back = 0
    for (const task of status.tasks) {
      for (const line of ['rare', 'rarer']) {
        for (const rich of ['most', 'many', 'some']) {
          forth += affinity(task, rich, line)
          back += affinity(task, line, rich)
        }
      }
    }
    expect(forth).toBeGreaterThan(back)
    expect(forth).toBeGreaterThan(0)
  }
}
