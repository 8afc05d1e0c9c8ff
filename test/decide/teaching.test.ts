/** A label is worth more where there is doubt, where a rare class may be, and where little like the part was seen. */
import { describe, expect, test } from 'vitest'
import { distanceOf, teaching } from '../../src/decide/teaching.ts'
import type { Observation, TaskPrediction } from '../../src/events/event.ts'
import { Learner } from '../../src/learner/learner.ts'
import { defaultLearnerOptions } from '../../src/learner/options.ts'
import { Random } from '../../src/numeric/random.ts'

const classes = ['good', 'crack', 'stain']
const shares = (name: string): number => ({ good: 0.9, crack: 0.09, stain: 0.01 })[name] ?? 0
const stated = (probabilities: number[], banks: TaskPrediction['banks'] = []): TaskPrediction => ({
  task: 'fault',
  classes,
  probabilities,
  chosen: 'good',
  set: [],
  banks
})
const bank = (opinion: number[], experts = 0) => ({
  bank: 'x',
  weight: 1,
  opinion,
  shares: Array.from({ length: experts }, () => 1 / experts)
})

describe('how much a label teaches', () => {
  test('rises with the doubt between the two likeliest classes, and is never nothing', () => {
    const worth = [0.98, 0.9, 0.7, 0.55].map(p => teaching(stated([p, 1 - p, 0]), () => 1 / 3, 0))
    expect(worth).toEqual([...worth].sort((a, b) => a - b))
    expect(teaching(stated([1, 0, 0]), shares, 0)).toBeGreaterThan(0)
  })

  test('rises with the rarity of the class it may be of', () => {
    expect(teaching(stated([0.6, 0, 0.4]), shares, 0)).toBeGreaterThan(1.5 * teaching(stated([0.6, 0.4, 0]), shares, 0))
  })

  test('rises where the banks are apart, and where the neighbours are further than usual', () => {
    const p = [0.7, 0.2, 0.1]
    const agreed = teaching(stated(p, [bank(p, 2), bank(p, 2)]), shares, 0)
    expect(teaching(stated(p, [bank([0.9, 0.05, 0.05], 2), bank([0.4, 0.4, 0.2], 2)]), shares, 0)).toBeGreaterThan(agreed)
    const [near, far] = [
      [0.98, 0.01, 0.01],
      [0.8, 0.1, 0.1]
    ].map(opinion => stated(p, [{ ...bank(opinion, 1), bank: 'memory' }]))
    const usual = distanceOf(near!)!
    expect(teaching(near!, shares, usual)).toBeCloseTo(agreed, 9)
    expect(teaching(far!, shares, usual)).toBeCloseTo(2.5 * agreed, 9)
  })

  test('is told of a learner’s own predictions: a part like none before is worth more than one like many', () => {
    const random = new Random(5)
    const learner = new Learner({ ...defaultLearnerOptions, experts: 2, domain: [] })
    const seen = (id: string, x: number, y: number): Observation => ({
      id,
      line: 'a',
      station: null,
      product: null,
      time: 1e12,
      features: { x, y }
    })
    for (let i = 0; i < 300; i++) {
      const good = random.next() < 0.8
      const observation = seen(`p${i}`, random.normal() + (good ? 0 : 4), random.normal())
      learner.take({ observation, labels: { fault: good ? 'good' : 'crack' }, labelTime: 1e12, source: null, prediction: null })
    }
    const said = (x: number, y: number): TaskPrediction => learner.predict(seen(`at ${x} ${y}`, x, y)).tasks[0]!
    const distances = Array.from({ length: 100 }, () => distanceOf(said(random.normal(), random.normal()))!)
    const usual = Math.exp(distances.reduce((sum, d) => sum + Math.log(d), 0) / 100)
    const newnessOf = (x: number, y: number): number => {
      const of = said(x, y)
      return teaching(of, () => 0.5, usual) / teaching(of, () => 0.5, 0)
    }
    expect(newnessOf(-20, 0)).toBeGreaterThan(1.5 * newnessOf(0, 0))
    expect(newnessOf(0, 5)).toBeGreaterThan(1.5 * newnessOf(0, 0))
  })
})
