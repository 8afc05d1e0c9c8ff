/** Synthetic examples of rare classes: their laws, and what they do on streams made for and against them. */
import { describe, expect, test, vi } from 'vitest'
import { Admission, STRETCH, WARM_UP } from '../../src/learner/admission.ts'
import { ClassFrequency } from '../../src/learner/class-frequency.ts'
import { Learner } from '../../src/learner/learner.ts'
import { defaultLearnerOptions, type LearnerOptions } from '../../src/learner/options.ts'
import { SyntheticReplay } from '../../src/learner/synthetic-replay.ts'
import { ClassMemory, type Remembered } from '../../src/memory/class-memory.ts'
import { exp } from '../../src/numeric/exp-log.ts'
import { Random } from '../../src/numeric/random.ts'
import { expectBroken } from '../numeric/planted.ts'
import { example, log, observation, small } from './stream.ts'
import { bytes, faults, fold, on, rareLog, stateOf, syntheticLaws, without } from './synthetic.laws.ts'

describe('synthetic examples', () => {
  for (const [law, holds] of Object.entries(syntheticLaws)) test(law, holds)
})

describe('a planted fault breaks the law that is meant for it', () => {
  for (const [fault, { breaks, plant }] of Object.entries(faults)) {
    test(fault, () => {
      const [, holds] = Object.entries(syntheticLaws).find(([law]) => law.startsWith(breaks))!
      const remove = plant()
      try {
        expectBroken(holds)
      } finally {
        remove()
      }
    })
  }
})

test('off they leave no trace: the state is that of a learner that has no such option', () => {
  const all = log(3, 200)
  const { synthetic: _, ...never } = small.rare
  const learned = [small, { ...small, rare: never as LearnerOptions['rare'] }].map(options => stateOf(fold(all, options)))
  const [off, old] = learned.map(({ options: _options, ...rest }) => bytes(rest))
  expect(off === old).toBe(true)
  for (const task of learned[0]!.tasks) expect(Object.keys(task)).not.toContain('synthetic')
  expect(fold(all, small).status().tasks[0]!.synthetic).toEqual([])
})

test('before a class was seen often enough to be judged, on is off to the bit', () => {
  const all = rareLog(6, 60)
  const tasks = (options: LearnerOptions) => stateOf(fold(all, options)).tasks.map(({ synthetic: _, ...rest }) => bytes(rest))
  expect(tasks(on)).toEqual(tasks(without(on)))
})

describe('the admission of a class', () => {
  /** How often it was in use and what became of it over `n` examples of which synthetic ones change the loss by `gain` nats. */
  function admit(seed: number, n: number, gain: number): { readonly admission: Admission; readonly used: number } {
    const random = new Random(seed)
    const admission = new Admission()
    let used = 0
    for (let i = 0; i < n; i++) {
      if (i >= n / 2 && admission.on) used++
      admission.judge(exp(-Math.max(0, 2 + 0.8 * random.normal() - (admission.on ? gain : 0))))
    }
    return { admission, used: used / (n / 2) }
  }
  const seeds = [1, 2, 3, 4, 5, 6, 7, 8]

  test('is given for a gain and is kept, measured one stretch in eight', () => {
    const all = seeds.map(seed => admit(seed, 1600, 0.8))
    expect(all.map(({ admission }) => admission.report().state)).toEqual(seeds.map(() => 'admitted'))
    for (const { used } of all) expect(used).toBeCloseTo(7 / 8, 1)
  })

  test('is refused for a loss, tried again one stretch in eight', () => {
    const all = seeds.map(seed => admit(seed, 1600, -0.8))
    expect(all.map(({ admission }) => admission.report().state)).toEqual(seeds.map(() => 'off'))
    for (const { used } of all) expect(used).toBeCloseTo(1 / 8, 1)
  })

  test('follows when what helped harms from some day on, and the other way round', () => {
    for (const seed of seeds) {
      const random = new Random(seed)
      const admission = new Admission()
      for (const [gain, state] of [
        [0.8, 'admitted'],
        [-0.8, 'off'],
        [0.8, 'admitted']
      ] as const) {
        for (let i = 0; i < 2500; i++) admission.judge(exp(-Math.max(0, 2 + 0.6 * random.normal() - (admission.on ? gain : 0))))
        expect(admission.report().state, `seed ${seed}`).toBe(state)
      }
    }
  })

  test('is not given for a loss that falls by itself', () => {
    for (const fall of [0.001, 0.01, 0.05]) {
      const admission = new Admission()
      for (let i = 0; i < 400; i++) {
        admission.judge(exp(-Math.max(0.1, 3 - fall * i)))
        expect(admission.report().state, `${fall} at ${i}`).not.toBe('admitted')
      }
    }
  })

  test('waits until the class was learned a little, and is never given for making a class likelier everywhere', () => {
    const admission = new Admission()
    const random = new Random(1)
    for (let i = 0; i < WARM_UP; i++) {
      expect(admission.on).toBe(false)
      admission.judge(0.5)
    }
    for (let i = 0; i < 80 * STRETCH; i++) {
      for (let other = 0; other < 10; other++) admission.judgeOther(admission.on ? 0.2 : 0.1, 1)
      admission.judge((admission.on ? 0.7 : 0.5) + 0.05 * random.next())
    }
    expect(admission.report().state).toBe('off')
  })
})

test('no chance is drawn for a class that is not rare, not tried, or of four examples, and one alone in its domain stands', () => {
  const item = (id: number, y = 1, domain = 0): Remembered => ({ id: `${id}`, raw: [id], y, domain, others: null })
  const [few, more] = [new ClassMemory(9), new ClassMemory(9)]
  for (let i = 0; i < 4; i++) for (const memory of [few, more]) memory.add(item(i))
  more.add(item(4, 1, 7))
  const [rare, common] = [Float64Array.of(90, 10), Float64Array.of(60, 40)]
  const kinds = Int32Array.of(0)
  const random = new Random(1)
  const replay = new SyntheticReplay(1)
  const frequency = new ClassFrequency(on.rare)
  for (const _ of rare) frequency.addClass()
  frequency.counts.set(rare)
  const drawn = (memory: ClassMemory, counts: Float64Array, past = item(0)) => {
    const before = bytes(random.save())
    const got = replay.inPlaceOf(past, random, counts, memory, kinds)
    return { made: got !== past, chance: bytes(random.save()) !== before }
  }
  const none = { made: false, chance: false }
  expect(drawn(more, rare)).toEqual(none)
  for (let i = 0; i < WARM_UP; i++) replay.judge(1, Float64Array.of(0.5, 0.5), frequency, more)
  expect(drawn(more, rare, [...more.all()][0]!)).toEqual({ made: true, chance: true })
  expect(drawn(few, rare)).toEqual(none)
  expect(drawn(more, common)).toEqual(none)
  expect(drawn(more, rare, [...more.all()][4]!).made).toBe(false)
})

/** One bank that soon forgets what it does not practise. */
const forgetful = (over: Partial<LearnerOptions>): LearnerOptions => ({
  ...defaultLearnerOptions,
  domain: [],
  single: false,
  start: 'random',
  banks: [{ name: 'task', scope: 'task', joint: false, rate: 0.3, decay: 0.03, steps: 24, gate: 'all' }],
  ...over
})

interface Part {
  readonly label: string
  readonly x: readonly number[]
}

function taught(seed: number, n: number, draw: (random: Random) => Part, options: LearnerOptions, name: string) {
  const random = new Random(seed)
  const learner = new Learner(options)
  const states = new Set<string>()
  for (let i = 0; i < n; i++) {
    const { label, x } = draw(random)
    learner.take(example(observation(i, Object.fromEntries(x.map((value, j) => [`f${j}`, value]))), { task: label }))
    if (i % 50 === 49) for (const each of learner.status().tasks[0]!.synthetic) if (each.class === name) states.add(each.state)
  }
  const { synthetic, testThenTrain } = learner.status().tasks[0]!
  const { recall, precision } = testThenTrain.perClass.find(each => each.class === name)!
  return { recall: recall!, precision: precision!, states, last: synthetic.find(each => each.class === name) ?? null }
}

const sum = (all: readonly number[]) => all.reduce((a, b) => a + b, 0)

test('a rare class that is long and thin, of which five are remembered, is found more often with them', () => {
  const draw = (random: Random): Part => {
    const rare = random.below(10) === 0
    const along = 1.8 * random.normal()
    return {
      label: rare ? 'rare' : 'often',
      x: Array.from({ length: 4 }, () => (rare ? along + 0.3 * random.normal() : 2.1 * random.normal()))
    }
  }
  const options = forgetful({ memoryPerClass: 5, rare: { ...defaultLearnerOptions.rare, synthetic: 1 } })
  const seeds = [1, 2, 3, 4]
  const made = seeds.map(seed => taught(seed, 3000, draw, options, 'rare'))
  const real = seeds.map(seed => taught(seed, 3000, draw, without(options), 'rare'))
  expect(sum(made.map(({ recall }) => recall))).toBeGreaterThan(sum(real.map(({ recall }) => recall)))
  expect(made.some(({ states }) => states.has('admitted'))).toBe(true)
}, 60_000)

test('a rare class of two clumps with another between is soon practised without them, and its precision hardly falls', () => {
  const draw = (random: Random): Part => {
    const kind = random.below(10)
    const side = random.below(2) * 2 - 1
    if (kind === 0) return { label: 'rare', x: [side * 3 + 0.4 * random.normal(), 0.4 * random.normal()] }
    if (kind === 1) return { label: 'middle', x: [0.8 * random.normal(), 0.4 * random.normal()] }
    return { label: 'often', x: [1.5 * random.normal(), 3 + random.normal()] }
  }
  const [bank] = forgetful({}).banks!
  const options = forgetful({
    memoryPerClass: 10,
    banks: [{ ...bank!, rate: 0.1, decay: 0, steps: 12 }],
    rare: { ...defaultLearnerOptions.rare, synthetic: 1 }
  })
  const seeds = [1, 2, 3]
  const tried = seeds.map(seed => taught(seed, 4000, draw, options, 'rare'))
  const always = vi.spyOn(Admission.prototype, 'on', 'get').mockReturnValue(true)
  const forced = seeds.map(seed => taught(seed, 4000, draw, options, 'rare'))
  always.mockRestore()
  expect(tried.every(({ states }) => states.has('off'))).toBe(true)
  const practised = (of: typeof tried) => sum(of.map(({ last }) => last!.practised))
  expect(practised(tried)).toBeLessThan(0.4 * practised(forced))
  const precision = (of: typeof tried) => sum(of.map(each => each.precision)) / seeds.length
  const without_ = precision(seeds.map(seed => taught(seed, 4000, draw, without(options), 'rare')))
  expect(precision(forced)).toBeLessThan(without_ - 0.04)
  expect(precision(tried)).toBeGreaterThan((without_ + precision(forced)) / 2)
}, 60_000)
