/** What synthetic examples promise. Each law throws where it is broken, so that planted faults can be tried. */
import { expect, vi } from 'vitest'
import { decodeSaved, encodeSaved } from '../../src/adapter/file/saved.ts'
import { Gate } from '../../src/bank/gate.ts'
import { MixtureBank } from '../../src/bank/mixture-bank.ts'
import { Admission } from '../../src/learner/admission.ts'
import { Learner } from '../../src/learner/learner.ts'
import { noMeter } from '../../src/learner/meter.ts'
import { defaultLearnerOptions, type LearnerOptions } from '../../src/learner/options.ts'
import type { Judged } from '../../src/learner/watcher.ts'
import { ClassMemory } from '../../src/memory/class-memory.ts'
import { Random } from '../../src/numeric/random.ts'
import type { Saved } from '../../src/numeric/saved.ts'
import { ExpertTracker } from '../../src/stability/expert-tracker.ts'
import { type Entry, example, observation } from './stream.ts'

/** Small, and all of a rare class's practice synthetic as soon as it is tried. */
export const on: LearnerOptions = {
  ...defaultLearnerOptions,
  experts: 3,
  effort: { least: 4, most: 4, scale: 0 },
  knots: { intervals: 4, refitAt: [16, 64], reservoir: 32, horizon: 200 },
  memoryPerClass: 12,
  rare: { ...defaultLearnerOptions.rare, synthetic: 1 }
}

export const without = (options: LearnerOptions): LearnerOptions => ({ ...options, rare: { ...options.rare, synthetic: 0 } })

/** Two lines, of every eight parts one of class `rare`, with a category and gaps; some come again and some are corrected. */
export function rareLog(seed: number, n: number, repeats = true): Entry[] {
  const random = new Random(seed)
  return Array.from({ length: n }, (_, i) => {
    const rare = random.below(8) === 0
    const features = {
      a: random.normal() + (rare ? 1.5 : 0),
      b: random.below(6) === 0 ? null : random.normal(),
      word: `w${random.below(3)}`
    }
    const again = repeats && i > 20 && random.below(15) === 0
    return example(observation(again ? i - 5 : i, features, `line ${random.below(2)}`), { task: rare ? 'rare' : 'often' })
  })
}

export const bytes = (of: Saved) => Buffer.from(encodeSaved(of)).toString('base64')

export function fold(all: readonly Entry[], options: LearnerOptions): Learner {
  const learner = new Learner(options)
  for (const entry of all) learner.take(entry)
  return learner
}

type State = Record<string, Saved> & { raws: Float64Array; tasks: Record<string, Saved>[] }
export const stateOf = (learner: Learner) => learner.save() as unknown as State
const practised = (learner: Learner) => learner.status().tasks[0]!.synthetic[0]!.practised

export const syntheticLaws: Readonly<Record<string, () => void>> = {
  'the same log and seed give the same bytes'() {
    const all = rareLog(1, 600)
    const [once, again] = [fold(all, on), fold(all, on)]
    expect(practised(once)).toBeGreaterThan(100)
    expect(bytes(again.save()) === bytes(once.save())).toBe(true)
  },
  'the state goes on bit for bit wherever it was saved'() {
    const all = rareLog(2, 600)
    const whole = fold(all, on)
    for (const cut of [60, 250, 411, 599]) {
      const again = Learner.load(decodeSaved(encodeSaved(fold(all.slice(0, cut), on).save())), on)
      for (const entry of all.slice(cut)) again.take(entry)
      expect(bytes(again.save()) === bytes(whole.save()), `cut at ${cut}`).toBe(true)
      expect(again.status().tasks[0]!.synthetic).toEqual(whole.status().tasks[0]!.synthetic)
    }
  },
  'memories, encoders, ids, neighbours and counts are those of a learner without'() {
    const all = rareLog(3, 600)
    const [made, real] = [fold(all, on), fold(all, without(on))]
    expect(practised(made)).toBeGreaterThan(100)
    const [a, b] = [stateOf(made), stateOf(real)]
    const same = (one: Saved, other: Saved, what: string) => expect(bytes(one) === bytes(other), what).toBe(true)
    for (const part of ['columns', 'encodings', 'domains', 'raws', 'learned', 'random'] as const) same(a[part]!, b[part]!, part)
    same((a.seen as { ids: Saved }).ids, (b.seen as { ids: Saved }).ids, 'ids')
    same(a.tasks[0]!.parts!, b.tasks[0]!.parts!, 'parts')
    const neighbours = ({ tasks }: State) => (tasks[0]!.committee as { banks: Saved[] }).banks.at(-1)!
    same(neighbours(a), neighbours(b), 'neighbours')
  },
  'no synthetic example is fresh to a bank: scores and trackers count real ones only'() {
    const all = rareLog(4, 600)
    const [learned, watched] = [vi.spyOn(Gate.prototype, 'learn'), vi.spyOn(ExpertTracker.prototype, 'observe')]
    const counted = (options: LearnerOptions) => {
      for (const spy of [learned, watched]) spy.mockClear()
      const { learned: n, testThenTrain, window } = fold(all, options).status().tasks[0]!
      const fresh = learned.mock.calls.filter(([, is]) => is).length
      return {
        fresh,
        watched: watched.mock.calls.length,
        n,
        scored: testThenTrain.n,
        window: window.n,
        classes: testThenTrain.perClass.map(each => each.support)
      }
    }
    try {
      expect(counted(on)).toEqual(counted(without(on)))
    } finally {
      for (const spy of [learned, watched]) spy.mockRestore()
    }
  },
  'admission is judged on what was said of fresh examples before they were learned, and on nothing else'() {
    const own = new Admission()
    let remembered = 0
    const watch = ({ classes, y, p, counts }: Judged) => {
      const rare = classes.indexOf('rare')
      const n = counts.reduce((sum, count) => sum + count, 0)
      if (y < 0 || remembered < 5 || counts[rare]! >= n / counts.length / 2) return
      const weight = (c: number) => Math.min(on.rare.cap, Math.sqrt(n / (counts.length * counts[c]!)))
      if (y === rare) own.judge(p[rare]!)
      else own.judgeOther(p[rare]!, weight(y) / weight(rare))
    }
    const learner = new Learner(on, noMeter, { judged: watch })
    for (const entry of rareLog(5, 900, false)) {
      learner.take(entry)
      if ('labels' in entry && entry.labels.task === 'rare') remembered++
    }
    const { synthetic } = learner.status().tasks[0]!
    const { class: name, practised: _, ...told } = synthetic[0]!
    const { practised: __, ...expected } = own.report()
    expect(name).toBe('rare')
    expect(told.judged).toBeGreaterThan(60)
    expect([told.state, told.judged]).toEqual([expected.state, expected.judged])
    for (const what of ['lossWith', 'lossWithout', 'gain', 'margin'] as const) expect(told[what]!).toBeCloseTo(expected[what]!, 6)
  }
}

/** Faults, each planted over what is right until it is taken out again, and the law that is meant for it. */
export const faults: Readonly<Record<string, { readonly breaks: string; plant(): () => void }>> = {
  'a synthetic example counts as fresh': {
    breaks: 'no synthetic example is fresh',
    plant() {
      let next = false
      vi.spyOn(Admission.prototype, 'practise').mockImplementation(() => {
        next = true
      })
      const learn = MixtureBank.prototype.learn
      vi.spyOn(MixtureBank.prototype, 'learn').mockImplementation(function (this: MixtureBank, input, y, w, fresh) {
        learn.call(this, input, y, w, fresh || next)
        next = false
      })
      return () => vi.restoreAllMocks()
    }
  },
  'admission is judged on replayed examples too': {
    breaks: 'admission is judged',
    plant() {
      vi.spyOn(Admission.prototype, 'practise').mockImplementation(function (this: Admission) {
        this.judge(0.9)
      })
      return () => vi.restoreAllMocks()
    }
  },
  'the place between two examples is drawn without a seed': {
    breaks: 'the same log and seed',
    plant() {
      let unseeded = false
      const next = Random.prototype.next
      const { partner } = ClassMemory.prototype
      vi.spyOn(ClassMemory.prototype, 'partner').mockImplementation(function (this: ClassMemory, ...args) {
        unseeded = true
        return partner.apply(this, args)
      })
      vi.spyOn(Random.prototype, 'next').mockImplementation(function (this: Random) {
        const seeded = next.call(this)
        const drawn = unseeded ? Math.random() : seeded
        unseeded = false
        return drawn
      })
      return () => vi.restoreAllMocks()
    }
  },
  'a synthetic example is remembered': {
    breaks: 'memories, encoders',
    plant() {
      const { partner } = ClassMemory.prototype
      vi.spyOn(ClassMemory.prototype, 'partner').mockImplementation(function (this: ClassMemory, random, one) {
        const other = partner.call(this, random, one)
        if (other !== null) this.add({ ...other, id: 'made up' })
        return other
      })
      return () => vi.restoreAllMocks()
    }
  },
  'the admission is forgotten when saved': {
    breaks: 'the state goes on',
    plant() {
      vi.spyOn(Admission.prototype, 'load').mockImplementation(() => {})
      return () => vi.restoreAllMocks()
    }
  }
}
