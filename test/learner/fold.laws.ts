/** What the fold promises. Each law throws where it is broken, so that planted faults can be tried. */
import { expect } from 'vitest'
import { decodeSaved, encodeSaved } from '../../src/adapter/file/saved.ts'
import type { Example, Observation, Prediction, Signal } from '../../src/events/event.ts'
import type { Taken } from '../../src/learner/learner.ts'
import type { LearnerOptions } from '../../src/learner/options.ts'
import { recipeOf } from '../../src/learner/presets.ts'
import type { LearnerStatus } from '../../src/learner/status.ts'
import { Random } from '../../src/numeric/random.ts'
import type { Saved } from '../../src/numeric/saved.ts'
import { type Entry, example, log, observation, small } from './stream.ts'

export interface Fold {
  predict(of: Observation): Prediction
  take(record: Entry): Taken
  status(): LearnerStatus
  save(): Saved
}

export interface Make {
  open(options: LearnerOptions): Fold
  load(saved: Saved, options: LearnerOptions): Fold
}

const bytes = (fold: Fold) => Buffer.from(encodeSaved(fold.save())).toString('base64')
const reopened = (make: Make, fold: Fold, options = small) => make.load(decodeSaved(encodeSaved(fold.save())), options)
const isExample = (entry: Entry): entry is Example => !('kind' in entry)

function fold(make: Make, all: readonly Entry[], options = small): Fold {
  const opened = make.open(options)
  for (const entry of all) opened.take(entry)
  return opened
}

/** The state but for the named parts. */
function stateWithout(it: Fold, ...parts: readonly string[]): string {
  const kept = Object.entries(it.save() as Record<string, Saved>).filter(([name]) => !parts.includes(name))
  return Buffer.from(encodeSaved(Object.fromEntries(kept))).toString('base64')
}

const frequency = (it: Fold) =>
  (it.save() as { tasks: { parts: { whole: { frequency: Float64Array } } }[] }).tasks.map(({ parts }) => Array.from(parts.whole.frequency))

export const foldLaws: Readonly<Record<string, (make: Make) => void>> = {
  'fold(a + b) is fold(a), save, load, fold(b), bit for bit, wherever the log is cut, and tells the same'(make) {
    for (const seed of [1, 2, 3]) {
      const all = log(seed, 150)
      const random = new Random(seed)
      const whole = make.open(small)
      const told = all.map(entry => whole.take(entry))
      const saving = make.open(small)
      let saved = 0
      const cuts = [0, 1, 2, 150, ...Array.from({ length: 12 }, () => random.below(150))]
      for (const cut of cuts.sort((a, b) => a - b)) {
        for (; saved < cut; saved++) saving.take(all[saved]!)
        const again = reopened(make, saving)
        expect(
          all.slice(cut).map(entry => again.take(entry)),
          `seed ${seed}, cut ${cut}`
        ).toEqual(told.slice(cut))
        expect(bytes(again) === bytes(whole), `seed ${seed}, cut ${cut}`).toBe(true)
        const asked = observation(999, { f0: 1, f2: 'word 1' })
        expect(again.predict(asked)).toEqual(whole.predict(asked))
        expect(scores(again)).toEqual(scores(whole))
      }
    }
  },
  'saving does not disturb what is learned, and what was saved does not move'(make) {
    const all = log(4, 60)
    const saving = make.open(small)
    let saved: Saved = null
    let before = ''
    for (const [i, entry] of all.entries()) {
      saving.take(entry)
      if (i === 30) {
        saved = saving.save()
        before = Buffer.from(encodeSaved(saved)).toString('base64')
      }
    }
    expect(Buffer.from(encodeSaved(saved)).toString('base64') === before).toBe(true)
    expect(bytes(saving) === bytes(fold(make, all))).toBe(true)
  },
  'the same log and seed give the same bytes, another seed others'(make) {
    const all = log(5, 100)
    const [once, again] = [fold(make, all), fold(make, all)]
    expect(bytes(again) === bytes(once)).toBe(true)
    const weights = (seed: number) => JSON.stringify(fold(make, all, { ...small, seed }).predict(observation(999, { f0: 1 })).tasks)
    expect(weights(2)).not.toBe(weights(1))
  },
  'predicting changes nothing, known or unknown, nor what is learned later'(make) {
    const all = log(6, 100)
    const asking = make.open(small)
    const strange = observation(998, { f0: 1e300, never: 4, f2: 'never' }, 'never')
    for (const entry of all) {
      const before = bytes(asking)
      asking.predict(strange)
      if (isExample(entry)) asking.predict(entry.observation)
      expect(bytes(asking) === before).toBe(true)
      asking.take(entry)
    }
    expect(bytes(asking) === bytes(fold(make, all))).toBe(true)
  },
  'an example is scored by the prediction made just before it is taken, for every task of it'(make) {
    const opened = make.open(small)
    const own = new Map<string, { n: number; hits: number; loss: number }>()
    for (const entry of log(7, 150)) {
      if (!isExample(entry)) {
        opened.take(entry)
        continue
      }
      const before = new Map(opened.status().tasks.map(task => [task.task, task.testThenTrain.n]))
      const said = opened.predict(entry.observation)
      if (opened.take(entry).outcome !== 'learned') continue
      for (const { task, classes, probabilities, chosen } of said.tasks) {
        const { testThenTrain } = opened.status().tasks.find(each => each.task === task)!
        if (testThenTrain.n === before.get(task)) continue
        const sum = own.get(task) ?? { n: 0, hits: 0, loss: 0 }
        const truth = entry.labels[task]!
        sum.n++
        if (chosen === truth) sum.hits++
        sum.loss -= Math.log(Math.max(probabilities[classes.indexOf(truth)] ?? 0, 1e-6))
        own.set(task, sum)
        expect(testThenTrain.n).toBe(sum.n)
        expect(testThenTrain.scores.logLoss).toBeCloseTo(sum.loss / sum.n, 6) // a prediction is float32
      }
    }
    expect(Math.min(...[...own.values()].map(sum => sum.n))).toBeGreaterThan(20)
  },
  'labels drawn at random are not predicted: κ stays near 0'(make) {
    const opened = make.open({ ...small, maxCategories: 1000, maxIds: 1000 })
    const random = new Random(8)
    for (let i = 0; i < 500; i++) opened.take(example(observation(i, { serial: `number ${i}` }), { task: `class ${random.below(2)}` }))
    expect(Math.abs(opened.status().tasks[0]!.testThenTrain.scores.kappa!)).toBeLessThan(0.15)
  },
  'a label that is yet to come changes nothing before it arrives'(make) {
    const all = log(9, 80)
    const poisoned = all.map((entry, i) => (isExample(entry) && i >= 40 ? { ...entry, labels: { 'task 0': 'poison' } } : entry))
    const roomy = { ...small, maxClasses: 8 }
    const [clean, other] = [make.open(roomy), make.open(roomy)]
    for (let i = 0; i < 40; i++) {
      clean.take(all[i]!)
      other.take(poisoned[i]!)
    }
    expect(bytes(other) === bytes(clean)).toBe(true)
    const next = poisoned.slice(40).find(entry => isExample(entry) && !all.slice(0, 40).includes(entry)) as Example
    const n = () => other.status().tasks[0]!.testThenTrain
    const before = n()
    const { chosen } = other.predict(next.observation).tasks[0]!
    expect(chosen).toBe(clean.predict(next.observation).tasks[0]!.chosen)
    other.take(next)
    expect(n().n - before.n).toBe(1)
    expect(n().perClass.find(each => each.class === chosen)!.predicted).toBe(
      before.perClass.find(each => each.class === chosen)!.predicted + 1
    )
  },
  'each (id, task) is learned once; a repeat moves no weight and draws no chance'(make) {
    const opened = fold(make, log(10, 50))
    const one = example(observation(900, { f0: 1 }), { 'task 0': 'class 0' })
    expect(opened.take(one).outcome).toBe('learned')
    const before = stateWithout(opened, 'repeated')
    const { repeated } = opened.status()
    expect(opened.take(one)).toEqual({ outcome: 'repeated', signals: [] })
    expect(opened.take({ ...one, labelTime: one.labelTime + 5, source: 'again' }).outcome).toBe('repeated')
    expect(stateWithout(opened, 'repeated') === before).toBe(true)
    expect(opened.status().repeated).toBe(repeated + 2)
    expect(opened.take({ ...one, labels: { 'task 0': 'class 0', 'task 1': 'class 1' } }).outcome).toBe('learned')
    expect(opened.take({ ...one, labels: { 'task 1': 'class 1' } }).outcome).toBe('repeated')
  },
  'a corrected label moves memory, counts and scores, and no weight'(make) {
    const opened = make.open(small)
    for (let i = 0; i < 12; i++) opened.take(example(observation(i, { f0: i }), { task: i % 3 === 0 ? 'bad' : 'good' }))
    const committee = () => (opened.save() as { tasks: { committee: { banks: Saved[] } & Record<string, Saved> }[] }).tasks[0]!.committee
    const memory = recipeOf(small).banks.findIndex(({ scope }) => scope === 'memory')
    const weights = () => {
      const { tasks } = opened.save() as { tasks: { single: Saved }[] }
      const { banks, ...weighing } = committee()
      return Buffer.from(encodeSaved([banks.filter((_, m) => m !== memory), weighing, tasks[0]!.single])).toString('base64')
    }
    const neighbours = () => committee().banks[memory]! as unknown as { y: Int32Array; serials: Int32Array }
    const remembered = () =>
      (opened.save() as { tasks: { parts: { whole: { memory: { ids: string[] }[] } } }[] }).tasks[0]!.parts.whole.memory.map(
        ({ ids }) => ids
      )
    const support = () => opened.status().tasks[0]!.testThenTrain.perClass.map(each => each.support)
    const [held, counts, supports] = [weights(), frequency(opened)[0]!, support()]
    expect(remembered()[0]).toContain('part-9')
    expect(neighbours().y[9]).toBe(0)
    const { outcome, signals } = opened.take(example(observation(9, { f0: 9 }), { task: 'good' }))
    expect(outcome).toBe('corrected')
    expect(signals.map(signal => signal.kind)).toEqual(['label-corrected'])
    expect(weights() === held).toBe(true)
    expect(Array.from(neighbours().y, (y, i) => (i % 3 === 0 && i !== 9 ? y === 0 : y === 1))).toEqual(Array(12).fill(true))
    expect(remembered()[0]).not.toContain('part-9')
    expect(remembered()[1]).toContain('part-9')
    const after = frequency(opened)[0]!
    expect(after[0]).toBeLessThan(counts[0]!)
    expect(after[1]).toBeGreaterThan(counts[1]!)
    expect(after[0]! + after[1]!).toBeCloseTo(counts[0]! + counts[1]!, 9)
    expect(support()).toEqual([supports[0]! - 1, supports[1]! + 1])
    expect(opened.take(example(observation(9, { f0: 9 }), { task: 'good' })).outcome).toBe('repeated')
    expect(opened.status().corrected).toBe(1)
  },
  'a correction that comes from another line moves the score where the example was learned, and never throws'(make) {
    const opened = make.open(small)
    for (let i = 0; i < 12; i++) opened.take(example(observation(i, { f0: i }, `line ${i % 2}`), { task: i % 3 === 0 ? 'bad' : 'good' }))
    const support = () =>
      Object.entries(opened.status().tasks[0]!.perDomain).map(([domain, { perClass }]) => [domain, perClass.map(each => each.support)])
    expect(support()).toEqual([['line 1', [2, 4]], ['line 0', [1, 4]]]) // biome-ignore format: two lines
    for (const line of ['line 0', 'never', 'line 1']) opened.take(example(observation(9, { f0: 9 }, line), { task: 'good' }))
    for (const line of ['never', 'line 0']) opened.take(example(observation(3, {}, line), { task: 'good' }))
    expect(support()).toEqual([['line 1', [0, 6]], ['line 0', [1, 4]]]) // biome-ignore format: two lines
  },
  'what can no longer be told from a repeat is expired, and changes nothing'(make) {
    const opened = make.open({ ...small, maxIds: 5 })
    for (let i = 10; i < 16; i++) opened.take(example(observation(i, { f0: i }), { task: 'good' }))
    const before = bytes(opened)
    expect(opened.take(example(observation(10, { f0: 10 }), { task: 'good' }))).toEqual({ outcome: 'expired', signals: [] })
    expect(opened.take(example(observation(3, { f0: 3 }), { task: 'good' })).outcome).toBe('expired')
    expect(bytes(opened) === before).toBe(true)
    expect(opened.take(example(observation(11, { f0: 11 }), { task: 'good' })).outcome).toBe('repeated')
    expect(opened.take(example(observation(20, { f0: 20 }), { task: 'good' })).outcome).toBe('learned')
  },
  'signals count up without a gap, across saving and loading'(make) {
    let opened = make.open(small)
    const signals: Signal[] = []
    for (const [i, entry] of log(11, 150).entries()) {
      if (i === 70) opened = reopened(make, opened)
      signals.push(...opened.take(entry).signals)
    }
    expect(signals.map(signal => signal.id)).toEqual(signals.map((_, i) => `signal-${i}`))
    expect(signals.length).toBeGreaterThan(20)
  },
  'bounds hold, each is told once a name, and what lies beyond is neither learned nor scored'(make) {
    const opened = make.open(small)
    const signals = log(12, 400).flatMap(entry => opened.take(entry).signals)
    const { tasks, domains, features } = opened.status()
    expect(tasks.length).toBe(small.maxTasks)
    expect(Math.max(...tasks.map(task => task.classes.length))).toBe(small.maxClasses)
    expect(domains.length).toBe(small.maxDomains + 1)
    expect(features).toBe(small.maxFeatures)
    for (const kind of ['task', 'class', 'domain', 'feature', 'category'] as const) {
      const messages = signals.filter(signal => signal.kind === `${kind}-overflowed`).map(signal => `${signal.task} ${signal.message}`)
      expect(messages.length, kind).toBeGreaterThan(0)
      expect(new Set(messages).size, kind).toBe(messages.length)
    }
    for (const task of tasks) expect(task.testThenTrain.perClass.length).toBe(task.classes.length)
    const beyond = { 'one task more': 'class 0', 'task 0': 'class 99' }
    opened.take(example(observation(900, { f0: 1 }), beyond))
    const before = bytes(opened)
    expect(opened.take(example(observation(901, { f0: 1 }), beyond))).toEqual({ outcome: 'overflowed', signals: [] })
    expect(bytes(opened) === before).toBe(true)
  },
  'names without number do not make the state grow without bound'(make) {
    const opened = make.open(small)
    const size = (from: number) => {
      for (let i = from; i < from + 200; i++) {
        const names = { [`f ${i}`]: i, category: `value ${i}` }
        opened.take(example(observation(i, names, `line ${i}`), { [`task ${i}`]: 'x', task: `class ${i}` }))
      }
      return encodeSaved(opened.save()).length
    }
    size(0)
    size(200)
    const filled = size(400)
    expect(size(600) - filled).toBeLessThan(500)
  },
  'an effort control caps the steps of the examples after it'(make) {
    const all = Array.from({ length: 30 }, (_, i) => example(observation(i, { f0: i }), { task: `class ${i % 2}` }))
    const control = { id: 'c', time: 0, kind: 'effort' as const, task: null, value: 1, drift: null }
    const capped = fold(make, [control, ...all])
    const few = fold(make, all, { ...small, banks: recipeOf(small).banks.map(bank => ({ ...bank, steps: 1 })) })
    const asked = observation(99, { f0: 3 })
    expect(capped.predict(asked).tasks).toEqual(few.predict(asked).tasks)
    expect(fold(make, all).predict(asked).tasks).not.toEqual(few.predict(asked).tasks)
  },
  'a state learned with other options is refused, naming each'(make) {
    const saved = fold(make, log(13, 20)).save()
    expect(() => make.load(saved, { ...small, experts: 4 })).toThrow(/experts/)
    expect(() => make.load(saved, { ...small, knots: { ...small.knots, refitAt: [8, 21, 50] }, seed: 2 })).toThrow(
      /seed, knots\.refitAt\.1/
    )
    expect(() => make.load({ ...(saved as object), fold: 0 }, small)).toThrow(/fold version/)
  }
}

/** What is told of the scores; bytes in memory are the process's affair. */
function scores(it: Fold): unknown {
  const { tasks, ...rest } = it.status()
  return { ...rest, tasks: tasks.map(({ bytes: _, ...task }) => task) }
}
