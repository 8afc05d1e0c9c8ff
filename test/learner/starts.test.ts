/** Where mixtures start, that the choice is told, and that a bank which runs away is made anew. */
import { describe, expect, test } from 'vitest'
import { decodeSaved, encodeSaved } from '../../src/adapter/file/saved.ts'
import type { Example, Signal } from '../../src/events/event.ts'
import { Divergence } from '../../src/learner/divergence.ts'
import { Learner } from '../../src/learner/learner.ts'
import { type BankOptions, defaultLearnerOptions, type LearnerOptions } from '../../src/learner/options.ts'
import { type StartKind, startOf } from '../../src/learner/starts.ts'
import { Random } from '../../src/numeric/random.ts'
import type { Saved } from '../../src/numeric/saved.ts'
import { foldLaws, type Make } from './fold.laws.ts'
import { example, observation, small } from './stream.ts'

const kinds: readonly StartKind[] = ['random', 'warm', 'sibling', 'evidence']
const options: LearnerOptions = { ...defaultLearnerOptions, start: 'random', experts: 4, effort: { least: 2, most: 2, scale: 0 } }
const state = (learner: Learner): string => Buffer.from(encodeSaved(learner.save())).toString('base64')

/** A part whose class its torque tells; on a line that is turned round, the other way. */
function part(i: number, random: Random, line: string, turned = false): Example {
  const torque = random.normal()
  const high = torque > 0 !== turned
  return example(observation(i, { torque, noise: random.normal() }, line), { fault: high ? 'burr' : 'ok' })
}

function parts(n: number, lines: readonly string[], from = 0): Example[] {
  const random = new Random(3 + from)
  return Array.from({ length: n }, (_, i) => part(from + i, random, lines[i % lines.length]!, lines[i % lines.length] === 'turned'))
}

function taught(start: StartKind, all: readonly Example[], changed: Partial<LearnerOptions> = {}): Learner {
  const learner = new Learner({ ...options, start, ...changed })
  for (const each of all) learner.take(each)
  return learner
}

describe('every start keeps the laws of the fold', () => {
  const laws = ['fold(a + b)', 'the same log and seed', 'saving does not disturb', 'predicting changes nothing']
  for (const start of kinds.slice(1)) {
    const with_ = (of: LearnerOptions): LearnerOptions => ({ ...of, start })
    const make: Make = { open: of => new Learner(with_(of)), load: (saved, of) => Learner.load(saved, with_(of)) }
    for (const [law, holds] of Object.entries(foldLaws)) {
      if (laws.some(each => law.startsWith(each))) test(`${start}: ${law}`, () => holds(make))
    }
  }
})

describe('what is told of the starts', () => {
  test('is nothing where there was no choice', () => {
    for (const start of ['random', 'warm'] as const) {
      expect(taught(start, parts(20, ['a', 'b'])).status().tasks[0]!.starts).toEqual([])
    }
  })

  test('by evidence is who contends for each bank and each domain’s own, who leads, and how far chance alone spreads', () => {
    // The quick bank has a start of its own, so that it has no choice.
    const { starts } = taught('evidence', parts(260, ['a', 'b'])).status().tasks[0]!
    expect(starts.map(({ bank, domain, settled }) => [bank, domain, settled])).toEqual([
      ['task', null, true],
      ['residual', null, true],
      ['solo', 'a', true],
      ['solo', 'b', true]
    ])
    for (const { candidates, chosen, spread, examples } of starts) {
      expect(examples).toBe(100)
      const best = candidates.reduce((a, b) => (b.evidence! > a.evidence! ? b : a))
      expect(chosen).toBe(best.start)
      const drawn = candidates.filter(({ start }) => start.startsWith('random')).map(({ evidence }) => evidence!)
      const mean = drawn.reduce((a, b) => a + b, 0) / 3
      expect(spread).toBeCloseTo(Math.sqrt(drawn.reduce((sum, each) => sum + (each - mean) ** 2, 0) / 2), 12)
    }
    expect(starts[0]!.candidates.map(({ start }) => start)).toEqual(['random 1', 'random 2', 'random 3', 'warm'])
    expect(starts[3]!.candidates.map(({ start }) => start)).toEqual(['random 1', 'random 2', 'random 3', 'warm', 'sibling a'])
  })

  test('does not hide the experts: those of whoever leads are watched', () => {
    for (const n of [50, 260]) {
      const { banks } = taught('evidence', parts(n, ['a', 'b'])).status().tasks[0]!
      const names = banks.map(({ bank, domain }) => (domain === null ? bank : `${bank} ${domain}`))
      expect(names).toEqual(['task', 'residual', 'quick', 'solo a', 'solo b'])
      for (const { experts } of banks) expect(experts.reduce((sum, { utilisation }) => sum + utilisation, 0)).toBeCloseTo(1, 6)
    }
  })

  test('has as its first candidate, bit for bit, what `random` starts', () => {
    const all = parts(40, ['a'])
    const banksOf = (learner: Learner) =>
      (learner.save() as unknown as { tasks: { committee: { banks: Saved[] } }[] }).tasks[0]!.committee.banks
    const [random, evidence] = (['random', 'evidence'] as const).map(start => banksOf(taught(start, all))[0])
    expect((evidence as unknown as { candidates: { bank: Saved }[] }).candidates[0]!.bank).toEqual(random)
  })
})

describe('a new domain', () => {
  const old = parts(400, ['plain', 'turned'])
  const soloOf = (learner: Learner, each: Example) =>
    learner.predict(each.observation).tasks[0]!.banks.find(({ bank }) => bank === 'solo')!.opinion

  test('starts at a copy of the sibling that explains its first labels best, and knows what that one knew', () => {
    const random = new Random(17)
    const first = Array.from({ length: 6 }, (_, i) => part(1000 + i, random, 'new', true))
    const learner = taught('sibling', [...old, ...first], { admitAfter: 5 })
    const { starts } = learner.status().tasks[0]!
    const own = starts.find(({ domain }) => domain === 'new')!
    expect(own).toMatchObject({ bank: 'solo', examples: 6, settled: true, chosen: 'sibling turned', spread: null })
    expect(own.candidates.map(({ start }) => start)).toEqual(['sibling turned', 'sibling plain'])
    expect(own.candidates[0]!.evidence).toBeGreaterThan(own.candidates[1]!.evidence!)
    const anew = taught('random', [...old, ...first], { admitAfter: 5 })
    const sums = [0, 0]
    for (let i = 0; i < 50; i++) {
      const next = part(2000 + i, random, 'new', true)
      ;[learner, anew].forEach((each, j) => {
        const { classes } = each.predict(next.observation).tasks[0]!
        sums[j]! += Math.log(soloOf(each, next)[classes.indexOf(next.labels.fault!)]!)
      })
    }
    expect(sums[0]).toBeGreaterThan(sums[1]! + 10)
  })

  test('without siblings starts anew', () => {
    expect(taught('sibling', parts(30, ['a'])).status().tasks[0]!.starts).toEqual([])
  })
})

test('a gate that tasks share is neither chosen by one of them nor copied', () => {
  const bank: BankOptions = { name: 'joint', scope: 'solo', joint: true, rate: 0.1, decay: 0, steps: 1, gate: 'all' }
  expect(kinds.map(kind => startOf(bank, kind))).toEqual(['random', 'warm', 'random', 'random'])
  expect(kinds.map(kind => startOf({ ...bank, joint: false }, kind))).toEqual(kinds)
  expect(startOf({ ...bank, start: 'warm' }, 'evidence')).toBe('warm')
})

describe('a bank has diverged', () => {
  const judged = (n: number, q: (i: number) => number): [Divergence, number] => {
    const divergence = new Divergence()
    for (let i = 0; i < n; i++) if (divergence.judge(q(i), 4)) return [divergence, i + 1]
    return [divergence, 0]
  }

  test('where it has long cost more than to know nothing and 2 nats, and not before 200 labels', () => {
    expect(judged(1000, () => Math.exp(-Math.log(4) - 2.01))[1]).toBe(200)
    expect(judged(1000, () => Math.exp(-Math.log(4) - 1.99))[1]).toBe(0)
    expect(judged(1000, () => 0)[1]).toBe(200)
    expect(judged(199, () => 0)[1]).toBe(0)
  })

  test('not where sixty labels in a row were a great surprise after it did well, but where it goes on so', () => {
    expect(judged(800, i => (i >= 500 && i < 560 ? 1e-6 : 0.9))[1]).toBe(0)
    expect(judged(800, i => (i >= 500 ? 1e-6 : 0.9))[1]).toBeGreaterThan(600)
  })

  test('at once where it says no number', () => {
    expect(judged(10, i => (i === 3 ? Number.NaN : 0.5))[1]).toBe(4)
  })

  test('and is judged anew once it was made anew, from what was saved as well', () => {
    const [divergence] = judged(200, () => 0)
    divergence.restart()
    const again = new Divergence()
    again.load(divergence.save())
    expect(again.restarts).toBe(1)
    expect(again.judge(0.5, 4)).toBe(false)
    expect(again.mean).toBeCloseTo(Math.log(2), 12)
  })
})

describe('a bank that runs away', () => {
  const banks: BankOptions[] = [
    { name: 'sane', scope: 'task', joint: false, rate: 0.1, decay: 0, steps: 2, gate: 'all' },
    { name: 'wild', scope: 'task', joint: false, rate: 1e3, decay: 0, steps: 2, gate: 'all' },
    { name: 'bursting', scope: 'solo', joint: false, rate: 1e3, decay: 0.03, steps: 2, gate: 'all' }
  ]

  /** Labels that nothing tells: whoever is sure is wrong half the time. */
  function noise(n: number, from = 0): Example[] {
    const random = new Random(21 + from)
    return Array.from({ length: n }, (_, i) =>
      example(observation(from + i, { x: random.normal(), y: random.normal() }, i % 2 === 0 ? 'a' : 'b'), {
        fault: random.below(2) === 0 ? 'ok' : 'burr'
      })
    )
  }

  /** Takes all; what is said beforehand is a distribution every time. */
  function finite(learner: Learner, all: readonly Example[]): Signal[] {
    return all.flatMap(each => {
      for (const { probabilities, banks: said } of learner.predict(each.observation).tasks) {
        for (const p of [probabilities, ...said.map(({ opinion }) => opinion)]) {
          expect(p.every(Number.isFinite)).toBe(true)
          expect(p.reduce((a, b) => a + b, 0)).toBeCloseTo(1, 4)
        }
        for (const { weight } of said) expect(Number.isFinite(weight)).toBe(true)
      }
      return learner.take(each).signals.filter(({ kind }) => kind === 'bank-restarted')
    })
  }

  test('is made anew, told, and never makes what is said anything but a distribution', () => {
    const learner = new Learner({ ...options, banks })
    const told = finite(learner, noise(900))
    expect(told.filter(({ bank }) => bank === 'sane' || bank === 'single')).toEqual([])
    const wild = told.filter(({ bank }) => bank === 'wild')
    expect(wild.length).toBeGreaterThan(0)
    expect(wild.length).toBeLessThanOrEqual(4)
    expect(wild[0]).toMatchObject({ task: 'fault', domain: null })
    expect(wild[0]!.learned).toBeGreaterThanOrEqual(200)
    expect(wild[0]!.value).toBeGreaterThan(Math.log(2) + 2)
    expect(told.some(({ bank }) => bank === 'bursting')).toBe(true)
    const { scores } = learner.status().tasks[0]!.testThenTrain
    expect(scores.logLoss).toBeLessThan(1)
  })

  test('goes on from what was saved, bit for bit, however often it was made anew, and where tasks share gates', () => {
    const cases = [...kinds.map(start => ({ start, joint: false })), { start: 'random' as const, joint: true }]
    for (const { start, joint } of cases) {
      const changed = { ...options, banks: banks.map(bank => ({ ...bank, joint })), start }
      const whole = new Learner(changed)
      for (const each of noise(450)) whole.take(each)
      const again = Learner.load(decodeSaved(encodeSaved(whole.save())), changed)
      for (const each of noise(300, 450)) expect(again.take(each)).toEqual(whole.take(each))
      for (const learner of [whole, again]) learner.take(example(observation(5000, { z: 1 }, 'c'), { fault: 'dent' }))
      expect(state(again) === state(whole), `${start}, ${joint ? 'shared' : 'own'} gates`).toBe(true)
    }
  })

  test('by one poisoned weight is found by the first label that meets it', () => {
    for (const name of ['task', 'residual', 'solo', 'quick']) {
      const all = parts(60, ['a', 'b'])
      const learner = taught('random', all)
      const saved = decodeSaved(encodeSaved(learner.save())) as unknown as { tasks: { committee: { banks: Saved[] } }[] }
      const at = ['task', 'residual', 'solo', 'quick'].indexOf(name)
      // Of the solo bank, that of its first domain, whose turn is next.
      weightsOf(saved.tasks[0]!.committee.banks[at]!)[0] = Number.NaN
      const poisoned = Learner.load(saved as unknown as Saved, options)
      const solo = (): string[] =>
        (
          poisoned.save() as unknown as { tasks: { committee: { banks: { banks: [number, Saved, number][] }[] } }[] }
        ).tasks[0]!.committee.banks[at]!.banks.map(([domain, , restarts]) => `${domain}: ${restarts}`)
      const told = finite(poisoned, parts(200, ['a', 'b'], 60))
      const where = name === 'solo' ? ' in a' : ''
      expect(told.map(({ bank, message }) => [bank, message])).toEqual([
        [name, `bank ${name} of fault${where} was made anew: its numbers were finite no more`]
      ])
      expect(poisoned.status().tasks[0]!.committee.a!.banks.every(({ weight }) => Number.isFinite(weight))).toBe(true)
      if (name === 'solo') expect(solo().sort(), 'of one line alone').toEqual(['0: 1', '1: 0'])
    }
  })

  test('is none on a stream that can be learned, nor on small bounds with all that may appear', () => {
    expect(finite(new Learner(options), parts(800, ['a', 'b', 'turned']))).toEqual([])
    expect(finite(new Learner({ ...small, experts: 4 }), parts(400, ['a', 'b', 'c', 'd', 'e']))).toEqual([])
  })
})

/** The weights of the experts of a saved bank. */
function weightsOf(saved: Saved): Float32Array {
  const { banks, head, shared, block, W } = saved as unknown as Partial<Record<'head' | 'shared' | 'block', Saved>> & {
    banks?: [number, Saved][]
    W?: Float32Array
  }
  return W ?? weightsOf(banks?.[0]?.[1] ?? head ?? shared ?? block!)
}
