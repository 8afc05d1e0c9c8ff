/** Positions that show a moment late are waited for without haste. */
import { expect, test } from 'vitest'
import type { Link } from '../../../src/adapter/kafka/link.ts'
import { Transacting } from '../../../src/adapter/kafka/transaction.ts'

test('of a broker that shows a position 100 ms late it is asked a few times, not all the while', async () => {
  const from = performance.now() + 100
  let asked = 0
  const broker = {
    async offsetFetch() {
      asked++
      const offset = performance.now() < from ? '4' : '5'
      return { responses: [{ topic: 'p.lines', partitions: [{ partition: 0, offset }] }] }
    }
  }
  const link = { use: <T>(_what: string, act: () => Promise<T>) => act(), coordinatorOf: async () => broker } as unknown as Link
  const transacting = new Transacting({ link, transactionalId: 'p.g', group: 'p.g', partitions: { lines: 1 }, prefix: 'p.' })
  await transacting.shown([{ topic: 'lines', partition: 0, offset: 5 }])
  expect(performance.now()).toBeGreaterThanOrEqual(from)
  expect(asked).toBeGreaterThan(1)
  expect(asked).toBeLessThan(20)
})
