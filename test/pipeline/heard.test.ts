import { expect, test } from 'vitest'
import { Heard } from '../../src/pipeline/heard.ts'

test('the slowest partition says up to when everything was heard, and time never goes back', () => {
  const heard = new Heard(2)
  heard.took({ partition: 0, timestamp: 100 })
  expect(heard.until).toBe(Number.NEGATIVE_INFINITY)
  heard.emptied(1, 50)
  expect(heard.until).toBe(50)
  heard.took({ partition: 1, timestamp: 201 })
  expect(heard.until).toBe(99)
  heard.emptied(0, 90)
  expect(heard.until).toBe(99)
  heard.emptied(0, 300)
  expect(heard.until).toBe(200)
})
