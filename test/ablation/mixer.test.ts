/** What every mixer promises, on opinions drawn at random; and that the pool with its guard is the committee's own. */
import { readFileSync } from 'node:fs'
import { expect, test } from 'vitest'
import { Control } from '../../src/ablation/control.ts'
import { controlsOf } from '../../src/ablation/controls.ts'
import { GateOverBanks, OwnAgainstOthers, PooledMixer, type Said } from '../../src/ablation/mixer.ts'
import { Blend } from '../../src/learner/blend.ts'
import { defaultLearnerOptions as options } from '../../src/learner/options.ts'
import { recipeOf } from '../../src/learner/presets.ts'
import { log } from '../../src/numeric/exp-log.ts'
import { Random } from '../../src/numeric/random.ts'
import { Sparse } from '../../src/numeric/sparse.ts'

const SEED = 11
const { banks } = recipeOf(options)
const M = banks.length
const STEPS = 400

/** A distribution; sharp, with zeros, as often as not. */
function distribution(random: Random, C: number): number[] {
  const sharp = random.next() < 0.5
  const raw = Array.from({ length: C }, () => (sharp && random.next() < 0.6 ? 0 : random.next()))
  const sum = raw.reduce((a, b) => a + b, 0)
  return sum > 0 ? raw.map(v => v / sum) : raw.map((_, c) => (c === 0 ? 1 : 0))
}

function say(random: Random, C: number, silent = 0.3): Said {
  const Q = new Float32Array(M * C)
  const spoke = new Uint8Array(M)
  for (let m = 0; m < M; m++) {
    if (random.next() < silent) continue
    spoke[m] = 1
    Q.set(distribution(random, C), m * C)
  }
  const x = new Sparse()
  x.push(0, 1)
  for (let i = 1; i < 5; i++) if (random.next() < 0.7) x.push(i, 2 * random.next() - 1)
  return { Q, spoke, C, x, others: random.next() < 0.3 ? null : Float64Array.from(distribution(random, C)) }
}

test.each([...controlsOf(banks, options)])('%s gives finite distributions that sum to one, whoever is silent', (name, control) => {
  const random = new Random(SEED)
  for (let step = 0; step < STEPS; step++) {
    const C = 1 + Math.floor(step / 80)
    const said = say(random, C, step % 50 === 0 ? 1 : 0.3)
    const domain = step % 3
    const { p, reported } = control.answer(domain, said)
    for (const each of [p, reported]) {
      expect(each.length).toBe(C)
      expect(each.every(value => Number.isFinite(value) && value >= 0)).toBe(true)
      expect(Math.abs(each.reduce((a, b) => a + b, 0) - 1), `${name}, seed ${SEED}, step ${step}`).toBeLessThan(1e-6)
    }
    control.learn(domain, said, Math.floor(random.next() * C))
  }
})

test('every control stands in docs/ablation.md, and those that need domains are only there with them', () => {
  const page = readFileSync('docs/ablation.md', 'utf8')
  const rows = [...page.matchAll(/^\| ([^|]+?) \|/gm)].map(found => found[1])
  for (const name of controlsOf(banks, options).keys()) {
    expect(rows).toContain(name.replace(/^without (?!guard|pool).*/, 'without NAME').replace(/.* alone$/, 'NAME alone'))
  }
  const without = { ...options, domain: [] }
  const names = [...controlsOf(recipeOf(without).banks, without).keys()]
  for (const name of ['own against others', 'shared only', 'solo only'])
    expect([rows.includes(name), names.includes(name)]).toEqual([true, false])
})

test('pool and guard over all banks are what a Blend makes, bit for bit, and so are their heirs', () => {
  const random = new Random(SEED)
  const mixer = new PooledMixer({
    banks: banks.map((_, m) => m),
    parts: { pool: true, guard: true },
    pool: options.pool,
    share: options.guardShare
  })
  const control = new Control(mixer, true)
  const all = new Blend(M, options)
  const blends = new Map<number, Blend>()
  let C = 0
  for (let step = 0; step < STEPS; step++) {
    if (step % 100 === 0) {
      C++
      for (const blend of [all, ...blends.values()]) blend.addClass()
    }
    const said = say(random, C)
    const domain = Math.floor(random.next() * (1 + step / 100))
    const y = Math.floor(random.next() * C)
    const p = new Float64Array(C)
    const reported = new Float64Array(C)
    ;(blends.get(domain) ?? all).mix(said.Q, said.spoke, C, p, reported)
    expect(control.answer(domain, said)).toEqual({ p, reported })
    if (!blends.has(domain)) blends.set(domain, all.heir())
    all.learn(said.Q, said.spoke, C, y, -1)
    blends.get(domain)!.learn(said.Q, said.spoke, C, y, -1)
    control.learn(domain, said, y)
  }
})

test('a pooled mixer of some banks never sees the others', () => {
  const random = new Random(SEED)
  const some = { banks: [0, 2], parts: { pool: true, guard: true }, pool: options.pool, share: options.guardShare }
  const [a, b] = [new PooledMixer(some), new PooledMixer(some)]
  for (let step = 0; step < 100; step++) {
    const said = say(random, 3)
    const other = { ...say(random, 3), x: said.x }
    for (const m of [0, 2]) {
      other.spoke[m] = said.spoke[m]!
      other.Q.set(said.Q.subarray(m * 3, m * 3 + 3), m * 3)
    }
    const [p, q] = [new Float64Array(3), new Float64Array(3)]
    a.mix(said, p)
    b.mix(other, q)
    expect(p).toEqual(q)
    a.learn(said, step % 3)
    b.learn(other, step % 3)
  }
})

/** Half the width of a central difference, and how near it must come. */
const H = 1e-5
const NEAR = 1e-6

test('the gradient of own against others is the central difference of its loss', () => {
  const random = new Random(SEED)
  const solo = 2
  for (let step = 0; step < 100; step++) {
    const said = smooth(say(random, 4, 0))
    const y = step % 4
    const mixer = new OwnAgainstOthers(solo)
    const a = 4 * random.next() - 2
    const loss = (at: number): number => {
      mixer.a = at
      const p = new Float64Array(4)
      mixer.mix(said, p)
      return -log(p[y]!)
    }
    const numeric = (loss(a + H) - loss(a - H)) / (2 * H)
    mixer.a = a
    expect(Math.abs(mixer.gradient(said, y) - numeric)).toBeLessThan(NEAR * Math.max(1, Math.abs(numeric)))
  }
})

test('the gradient of the gate over banks is the central difference of its loss, for those who speak', () => {
  const random = new Random(SEED)
  for (let step = 0; step < 100; step++) {
    const drawn = smooth(say(random, 4, 0.2))
    const x = new Sparse()
    x.push(0, 1)
    const said = { ...drawn, x }
    const y = step % 4
    const mixer = new GateOverBanks(M)
    const V = Float64Array.from({ length: M }, () => 2 * random.next() - 1)
    mixer.V.set(0, V)
    const loss = (): number => {
      const p = new Float64Array(4)
      mixer.mix(said, p)
      return -log(p[y]!)
    }
    const gradient = mixer.gradient(said, y)
    for (let m = 0; m < M; m++) {
      const v = V[m]!
      V[m] = v + H
      const above = loss()
      V[m] = v - H
      const below = loss()
      V[m] = v
      const numeric = (above - below) / (2 * H)
      expect(Math.abs(gradient[m]! - numeric)).toBeLessThan(NEAR * Math.max(1, Math.abs(numeric)))
    }
  }
})

/** Away from probability 0, where the loss has no derivative. */
function smooth(said: Said): Said {
  const { C, spoke } = said
  return {
    ...said,
    Q: said.Q.map((q, i) => (spoke[Math.floor(i / C)] === 1 ? 0.9 * q + 0.1 / C : 0)),
    others: Float64Array.from({ length: C }, (_, c) => 0.9 * (said.others?.[c] ?? 1 / C) + 0.1 / C)
  }
}

test('weights learned go to the bank that is right', () => {
  const random = new Random(SEED)
  const gate = new GateOverBanks(M)
  for (let step = 0; step < 300; step++) {
    const said = say(random, 3, 0)
    const y = step % 3
    for (let c = 0; c < 3; c++) said.Q[1 * 3 + c] = c === y ? 0.98 : 0.01
    gate.learn(said, y)
  }
  const said = say(random, 3, 0)
  said.Q.set([0.01, 0.01, 0.98], 3)
  const p = new Float64Array(3)
  gate.mix(said, p)
  expect(p[2]).toBeGreaterThan(0.7)
})
