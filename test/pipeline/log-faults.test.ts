import { describe, expect, test } from 'vitest'
import { openMemoryLog } from '../../src/adapter/memory/log.ts'
import { lawPartitions, laws, type Subject } from './log.laws.ts'
import { faults, type Plant, planted } from './log.plants.ts'

async function openWith(plant: Plant): Promise<Subject> {
  let now = 0
  const inner = openMemoryLog({ partitions: lawPartitions, clock: () => now, maxRecords: 199 })
  const log = planted(inner, plant)
  return { log, again: null, forget: log, oneSequence: true, small: true, setClock: value => (now = value) }
}

/** The names of the laws that a log breaks. */
async function broken(plant: Plant): Promise<string[]> {
  const outcomes = await Promise.all(
    laws.map(async law => {
      const subject = await openWith(plant)
      if (law.skip?.(subject)) return null
      try {
        await law.run(subject)
        return null
      } catch {
        return law.name
      }
    })
  )
  return outcomes.filter(name => name !== null)
}

describe('the laws of a log go red', () => {
  test('without a fault none does', async () => {
    expect(await broken(() => ({}))).toEqual([])
  })

  test.each(Object.keys(faults))('when %s', async name => {
    const red = await broken(faults[name]!)
    expect(red.length).toBeGreaterThan(0)
    expect(red.length).toBeLessThan(laws.length)
  })
})
