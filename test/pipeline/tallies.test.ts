import { expect, test } from 'vitest'
import { Tallies } from '../../src/pipeline/tallies.ts'

test('what was told of the counts stays as it was told', () => {
  const tallies = new Tallies()
  tallies.add('labels', 'taken')
  const before = tallies.all()
  tallies.add('labels', 'taken')
  expect(before).toEqual([{ topic: 'labels', outcome: 'taken', count: 1 }])
  expect(tallies.of('labels', 'taken')).toBe(2)
})
