/** What `andon simulate-line` and `andon run --simulate` share. */
import { describe, expect, test } from 'vitest'
import type { Fed } from '../../src/command/feed.ts'
import { comingDue, driftOf, type SimulationWishes, simulationOf } from '../../src/command/simulation.ts'
import { loadConfig } from '../../src/config/load.ts'
import { Fault } from '../../src/fault/fault.ts'

const config = loadConfig({ env: {} }).simulate
const NOW = Date.UTC(2026, 4, 1)
const never = new AbortController().signal

async function all(wishes: SimulationWishes) {
  const simulation = simulationOf(config, wishes, NOW)
  const events = []
  for await (const due of comingDue(simulation, () => NOW, never)) events.push(...due)
  return events
}

describe('parts as fast as possible', () => {
  test('are so many and no more, each with its label, in the order of time, none ahead of the clock', async () => {
    const events = await all({ lines: 2, rate: 0, parts: 1001, delay: 30 })
    const observations = events.flatMap(each => (each.name === 'observation' ? [each.event] : []))
    const labels = events.flatMap(each => (each.name === 'label' ? [each.event] : []))
    expect(observations).toHaveLength(1001)
    expect(new Set(labels.map(each => each.observation))).toEqual(new Set(observations.map(each => each.id)))
    expect(labels).toHaveLength(1001)
    const times = events.map(each => each.event.time)
    expect(times).toEqual([...times].sort((a, b) => a - b))
    expect(Math.max(...observations.map(each => each.time))).toBeLessThanOrEqual(NOW)
  })

  test('labelled in part end as well', async () => {
    const events = await all({ lines: 1, rate: 0, parts: 500, labelShare: 0.5 })
    const labels = events.filter(each => each.name === 'label').length
    expect(events.length - labels).toBe(500)
    // Five standard errors of a share of a half.
    expect(Math.abs(labels - 250)).toBeLessThan(56)
    expect(await all({ lines: 1, rate: 0, parts: 5, labelShare: 0 })).toHaveLength(5)
  })

  test('are the same for the same seed, start and ids, and others for another seed', async () => {
    const wishes = { rate: 0, parts: 60, start: NOW, ids: 'x' }
    const first = await all({ ...wishes, seed: 4 })
    expect(await all({ ...wishes, seed: 4 })).toEqual(first)
    expect(await all({ ...wishes, seed: 5 })).not.toEqual(first)
  })

  test('must end: a speed without bound needs a number of parts', () => {
    expect(() => simulationOf(config, { rate: 0 }, NOW)).toThrow(expect.objectContaining({ code: 'CONFIG_INVALID' }))
  })
})

test('paced parts come due by the clock, and not before', async () => {
  let now = NOW
  const simulation = simulationOf(config, { lines: 2, rate: 100, parts: 20, delay: 0 }, NOW)
  const events = comingDue(simulation, () => now, never)
  const partsNow = async (): Promise<number> => {
    const { value = [] } = await events.next()
    return (value as readonly Fed[]).filter(each => each.name === 'observation').length
  }
  // At the first moment only the first part of the first line is there.
  expect(await partsNow()).toBe(1)
  now = NOW + 100
  expect(await partsNow()).toBe(10)
  await events.return(undefined)
})

test('what the simulator refuses is a fault of the configuration that names every problem', () => {
  const wrong = { lines: 1001, labelShare: 2, rarity: { mode: 'hdf' as const, factor: -1 } }
  let fault: unknown
  try {
    simulationOf(config, wrong, NOW)
  } catch (error) {
    fault = error
  }
  expect(fault).toBeInstanceOf(Fault)
  expect((fault as Fault).code).toBe('CONFIG_INVALID')
  for (const name of ['lines', 'labelShare', 'rarity.factor']) expect((fault as Fault).message).toContain(name)
})

test('the configuration is what is not asked for: its rare rate holds for any failure, its drift recurs', () => {
  const { rarity, drift, labelDelayParts, seed, lines } = simulationOf({ ...config, rareRate: 3, delay: 7, seed: 9, lines: 4 }, {}, NOW)
    .lines.options
  expect({ rarity, kind: drift.kind, labelDelayParts, seed, lines }).toEqual({
    rarity: { mode: 'any', factor: 3 },
    kind: 'recurring',
    labelDelayParts: 7,
    seed: 9,
    lines: 4
  })
  expect(simulationOf({ ...config, drift: false }, {}, NOW).lines.options.drift.kind).toBe('none')
  expect(simulationOf(config, { drift: 'gradual', lines: 1 }, NOW).lines.options.drift).toEqual(driftOf('gradual', 1))
  expect(driftOf('gradual', 1).moves[0]!.line).toBe('line-1')
})

test('a rare rate for any failure multiplies all of them', async () => {
  const failures = async (factor: number): Promise<number> =>
    (await all({ lines: 20, rate: 0, parts: 20_000, rarity: { mode: 'any', factor }, drift: 'none' })).filter(
      each => each.name === 'label' && each.event.labels.failure === 'failure'
    ).length
  const [usual, rare, often] = [await failures(1), await failures(0.3), await failures(3)]
  expect(usual).toBeGreaterThan(300)
  expect(rare / usual).toBeGreaterThan(0.2)
  expect(rare / usual).toBeLessThan(0.45)
  expect(often / usual).toBeGreaterThan(1.8)
  expect(often / usual).toBeLessThan(3.3)
})
