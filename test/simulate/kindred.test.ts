import { expect, test } from 'vitest'
import { kindred, kindredLines, kindredTasks } from '../../src/simulate/kindred.ts'

const N = 20_000
const all = [...kindred(1, N)]
const share = (of: (each: (typeof all)[number]) => boolean) => all.filter(of).length / N

test('each line makes its share of the parts, and each task has its share of labels', () => {
  for (const { line, share: part } of kindredLines)
    expect(
      share(each => each.line === line),
      line
    ).toBeCloseTo(part, 1.7)
  for (const { task, labelled } of kindredTasks)
    expect(
      share(each => task in each.labels),
      task
    ).toBeCloseTo(labelled, 1.7)
})

test('every class of every task occurs on every line', () => {
  const met = new Set(all.flatMap(({ line, labels }) => Object.entries(labels).map(([task, label]) => `${line} ${task} ${label}`)))
  expect(met.size).toBe(6 * (2 + 3 + 4))
})

test('the same seed gives the same parts, another seed others', () => {
  expect([...kindred(1, 50)]).toEqual(all.slice(0, 50))
  expect([...kindred(2, 50)]).not.toEqual(all.slice(0, 50))
})

test('the contrary line goes against the others: what tells a class there tells the other class here', () => {
  // Sum over the inputs of the products of mean differences between the two classes of a task.
  const slope = (line: string) =>
    Array.from({ length: 6 }, (_, d) => {
      const of = all.filter(each => each.line === line)
      const mean = (label: string) => {
        const own = of.filter(each => each.labels.two === label)
        return own.reduce((sum, each) => sum + each.features[`x${d}`]!, 0) / own.length
      }
      return mean('class 1') - mean('class 0')
    })
  const dot = (a: readonly number[], b: readonly number[]) => a.reduce((sum, each, d) => sum + each * b[d]!, 0)
  expect(dot(slope('most'), slope('many'))).toBeGreaterThan(0.5)
  expect(dot(slope('most'), slope('contrary'))).toBeLessThan(-0.5)
})
