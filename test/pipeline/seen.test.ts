import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import type { Saved } from '../../src/numeric/saved.ts'
import { Seen } from '../../src/pipeline/seen.ts'

describe('identities that were seen', () => {
  test('are known again, over restarts at any step; the newest always, and never many more', () => {
    const most = 20
    const steps = fc.array(fc.record({ ids: fc.array(fc.nat(60), { maxLength: 8 }), restart: fc.boolean() }), { maxLength: 40 })
    fc.assert(
      fc.property(steps, all => {
        let seen = new Seen(most)
        const notes = new Map<string, Saved>()
        const order: string[] = []
        for (const { ids, restart } of all) {
          for (const id of ids.map(String)) {
            const before = order.lastIndexOf(id)
            const first = seen.take(id)
            if (before < 0) expect(first).toBe(true)
            else if (order.length - before <= most) expect(first).toBe(false)
            if (first) order.push(id)
          }
          for (const [key, saved] of seen.changes())
            if (saved === null) expect(notes.delete(key)).toBe(true)
            else notes.set(key, saved)
          expect([...notes.values()].flatMap(saved => saved as readonly string[]).length).toBeLessThan(most + 8)
          if (!restart) continue
          seen = new Seen(most)
          for (const [key, saved] of [...notes].reverse()) seen.load(key, saved)
          seen.restored()
        }
      })
    )
  })
})
