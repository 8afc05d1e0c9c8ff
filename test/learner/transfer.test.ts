/** What sharing gains and costs, on six lines of which one contradicts the others, and on one small line beside a large one. */
import { afterEach, describe, expect, test, vi } from 'vitest'
import { Committee } from '../../src/learner/committee.ts'
import { defaultLearnerOptions } from '../../src/learner/options.ts'
import { recipeOf } from '../../src/learner/presets.ts'
import { TaskLearner } from '../../src/learner/task.ts'
import { Affinity } from '../../src/pool/affinity.ts'
import { Transfer } from '../../src/pool/transfer.ts'
import { type KindredLine, kindredTasks } from '../../src/simulate/kindred.ts'
import { domains } from './domains-stream.ts'
import { laws, most, type Played, played, taught } from './sharing.laws.ts'

const SOLO = recipeOf(defaultLearnerOptions).banks.filter(({ scope }) => scope === 'solo')

/** Nats lost on a line, by task. */
const losses = ({ status }: Played, line: string): number[] =>
  status.tasks.map(({ perDomain }) => perDomain[line]!.scores.logLoss! * perDomain[line]!.n)

describe('six lines', () => {
  const N = 6000
  const all = domains(1, N)
  const run = played(all)

  test.each(Object.entries(laws))('%s', (_name, law) => law(run))

  test('are told better than by a learner that shares nothing, the rare ones most; the contrary one is no worse than the bound', () => {
    const alone = taught(all, { banks: SOLO })
    for (const line of ['most', 'many', 'some', 'contrary', 'rare', 'rarer']) {
      const apart = losses(alone, line)
      losses(run, line).forEach((loss, t) => {
        const task = run.status.tasks[t]!
        expect(loss, `${task.task} ${line}`).toBeLessThan(apart[t]! + (line === 'contrary' ? most(run, task, line) : 0))
      })
    }
    const saved = (line: string) => losses(run, line).reduce((sum, loss, t) => sum + 1 - loss / losses(alone, line)[t]!, 0)
    expect(Math.min(saved('rare'), saved('rarer'))).toBeGreaterThan(Math.max(saved('most'), saved('many')))
  })

  test('labels that are missing are missing in the account too', () => {
    const n = run.status.tasks.map(({ committee }) => Object.values(committee).reduce((all, { learned }) => all + learned, 0))
    expect(n[0]).toBeGreaterThan(0.99 * N)
    expect(n[2]! / n[0]!).toBeCloseTo(0.5, 1)
  })
})

describe('one line with nine tenths of the events', () => {
  const three = kindredTasks.filter(({ task }) => task === 'three')
  const pair = (shared: number): KindredLine[] => [
    { line: 'large', share: 0.9, shared: 2.5, bias: [0, 0, 1.5] },
    { line: 'small', share: 0.1, shared, bias: [0, 0, -4] }
  ]
  const BOUND = 'no line loses more than the guard’s bound and its floors, the contrary one no more than the others'

  test.each([
    ['as the large one does', 2.5],
    ['the other way round', -2.5]
  ])('the small line loses nothing beyond the bound where it goes %s', (_name, shared) => {
    const all = domains(3, 4000, pair(shared), three)
    const run = taught(all)
    laws[BOUND](run)
    // A hundredth on top: alone, the solo bank has other first weights and other replays than beside its fellows.
    const apart = 1.01 * losses(taught(all, { banks: SOLO }), 'small')[0]!
    expect(losses(run, 'small')[0]!).toBeLessThan(apart + most(run, run.status.tasks[0]!, 'small'))
  })

  test('a class that is common there and rare here is found here no less often than by the line alone', () => {
    const of = (run: Played, line: string) => run.status.tasks[0]!.perDomain[line]!.perClass.find(each => each.class === 'class 2')!
    let [shared, alone, here, there] = [0, 0, 0, 0]
    for (const seed of [3, 4, 5, 6]) {
      const all = domains(seed, 4000, pair(2.5), three)
      const [together, apart] = [taught(all), taught(all, { banks: SOLO })]
      const { support } = of(together, 'small')
      shared += of(together, 'small').recall! * support
      alone += of(apart, 'small').recall! * support
      here += support
      there += of(together, 'large').support
    }
    expect(here).toBeGreaterThan(30)
    expect(there / here).toBeGreaterThan(50)
    expect(shared).toBeGreaterThanOrEqual(alone)
  })
})

describe('a planted fault goes red', () => {
  afterEach(() => void vi.restoreAllMocks())
  const all = domains(2, 5000, undefined, kindredTasks.slice(1, 2))
  const broken = (): string[] => {
    const run = played(all)
    return Object.entries(laws).flatMap(([name, law]) => {
      try {
        law(run)
        return []
      } catch {
        return [name]
      }
    })
  }
  const [ACCOUNT, RARE, , CONTRARY, RICH] = Object.keys(laws)
  const judge = Committee.prototype.judge
  const learn = TaskLearner.prototype.learn
  const account = Transfer.prototype.add
  const compare = Affinity.prototype.add

  test('and without one all hold', () => {
    expect(broken()).toEqual([])
  })

  test('pools that learn after the banks do, from opinions that flatter the fast ones', () => {
    const late: [Committee, number, number][] = []
    vi.spyOn(Committee.prototype, 'judge').mockImplementation(function (this: Committee, domain, y) {
      late.push([this, domain, y])
    })
    vi.spyOn(TaskLearner.prototype, 'learn').mockImplementation(function (this: TaskLearner, ...given) {
      learn.apply(this, given)
      for (const [committee, domain, y] of late.splice(0)) {
        committee.ask(given[2])
        judge.call(committee, domain, y)
      }
    })
    expect(broken()).toContain(ACCOUNT)
  })

  test('pools that are fed from replays', () => {
    const past: [Committee, number, number, Float32Array, Uint8Array][] = []
    vi.spyOn(Committee.prototype, 'judge').mockImplementation(function (this: Committee, domain, y, Q = this.Q, spoke = this.spoke) {
      judge.call(this, domain, y, Q, spoke)
      past.push([this, domain, y, Q.slice(), spoke.slice()])
      const [committee, ...again] = past[Math.floor(past.length / 2)]!
      if (again[2].length === committee.Q.length) judge.apply(committee, again)
    })
    expect(broken()).toContain(ACCOUNT)
  })

  test('an account against the pool itself', () => {
    vi.spyOn(Transfer.prototype, 'add').mockImplementation(function (this: Transfer, p, _solo, y) {
      account.call(this, p, p, y)
    })
    expect(broken()).toEqual(expect.arrayContaining([ACCOUNT, RARE]))
  })

  test('affinities with giver and taker exchanged', () => {
    vi.spyOn(Affinity.prototype, 'add').mockImplementation(function (this: Affinity, a, b, qa, qb, y) {
      compare.call(this, b, a, qa, qb, y)
    })
    expect(broken()).toContain(RICH)
  })

  test('affinities measured against the giver', () => {
    vi.spyOn(Affinity.prototype, 'add').mockImplementation(function (this: Affinity, a, b, qa, qb, y) {
      compare.call(this, a, b, qb, qa, y)
    })
    expect(broken()).toContain(CONTRARY)
  })
})
