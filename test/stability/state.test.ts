import { describe, expect, test } from 'vitest'
import type { Way } from '../../src/stability/needs.ts'
import { type Evidence, ExpertLife, isUnsound, levels } from '../../src/stability/state.ts'

const needed: Readonly<Record<Way, number>> = { leftOut: 1, replaced: 1, flattened: 1, pooled: 1 }
const sound: Evidence = {
  learned: 0,
  K: 4,
  work: 0.25,
  share: 0.25,
  examples: 5000,
  change: 0.02,
  shift: 0.02,
  distance: 0.5,
  without: needed
}

/** A life to which each probe is 1,000 examples after the one before. */
function living() {
  let learned = 4000
  const life = new ExpertLife()
  return {
    life,
    /** Takes so many probes and tells the state after each. */
    take(evidence: Partial<Evidence>, probes = 1) {
      return Array.from({ length: probes }, () => {
        learned += 1000
        life.take({ ...sound, ...evidence, learned })
        return life.judged.state
      })
    }
  }
}

const settled = () => {
  const of = living()
  of.take({}, 2)
  return of
}

describe('the state of an expert', () => {
  test('is learning until it has stood still twice, then stable', () => {
    const { take, life } = living()
    expect(take({ change: 0.3 }, 3)).toEqual(['learning', 'learning', 'learning'])
    expect(take({}, 2)).toEqual(['learning', 'stable'])
    expect(life.judged.since).toBe(9000)
    expect(take({ examples: 50 })).toEqual(['learning'])
  })

  test('is drifting at once when what it says moves, or where it is asked, and until it has stood still twice', () => {
    for (const moved of [{ change: 0.3 }, { shift: 0.6 }]) {
      const { take } = settled()
      expect(take(moved)).toEqual(['drifting'])
      expect(take({ change: 0.12 }, 2)).toEqual(['drifting', 'drifting'])
      expect(take({}, 2)).toEqual(['drifting', 'stable'])
    }
  })

  test('is not drifting when it moves as it always has', () => {
    const { take } = settled()
    take({ change: 0.1 }, 30)
    expect(take({ change: 0.28 })).toEqual(['stable'])
    expect(take({ change: 0.5 })).toEqual(['drifting'])
  })

  test('is dead after two probes without work, and alive again at twice the level', () => {
    const { take } = settled()
    expect(take({ share: 0.02 }, 2)).toEqual(['stable', 'dead'])
    expect(take({ share: 0.045 }, 3)).toEqual(['dead', 'dead', 'dead'])
    expect(take({ share: 0.06 }, 2)).toEqual(['dead', 'stable'])
  })

  test('is vanishing where what varies is worth nothing, and marked only where it is not needed either', () => {
    const { take, life } = settled()
    const flat = { ...needed, flattened: 0.01 }
    expect(take({ without: flat }, 2)).toEqual(['stable', 'vanishing'])
    expect(life.judged.interpretable).toBe(true)
    take({ without: { ...flat, leftOut: 0.03 } })
    expect(life.judged.interpretable).toBe(true)
    take({ without: { ...flat, pooled: 0.03 } })
    expect(life.judged).toMatchObject({ state: 'vanishing', interpretable: false })
    take({ without: { ...flat, leftOut: 0.09 } }, 5)
    expect(life.judged.interpretable).toBe(false)
    take({ without: { ...flat, leftOut: 0.11 } }, 2)
    expect(life.judged.interpretable).toBe(true)
  })

  test('is duplicate where its nearest can speak for it, and only where the two are near', () => {
    const same = { ...needed, replaced: 0.01 }
    const far = settled()
    expect(far.take({ without: same, distance: 0.4 }, 3)).toEqual(['stable', 'stable', 'stable'])
    const near = settled()
    expect(near.take({ without: same, distance: 0.1 }, 2)).toEqual(['stable', 'duplicate'])
    expect(near.life.judged.interpretable).toBe(true)
    near.take({ without: { ...same, leftOut: 0 }, distance: 0.1 }, 2)
    expect(near.life.judged).toMatchObject({ state: 'duplicate', interpretable: false })
  })

  test('needless alone is no mark: it neither vanishes nor says what another says', () => {
    const { take, life } = settled()
    expect(take({ without: { ...needed, leftOut: -0.1, pooled: -0.1 } }, 4)).toEqual(['stable', 'stable', 'stable', 'stable'])
    expect(life.judged.interpretable).toBe(true)
  })

  test('changes nothing while a figure wavers about a level', () => {
    const { take } = settled()
    const wavering = Array.from({ length: 20 }, (_, i) => {
      const beyond = i % 2 === 0
      return take({ share: beyond ? 0.02 : 0.03, without: { ...needed, flattened: beyond ? 0.019 : 0.021 } })[0]
    })
    expect(new Set(wavering)).toEqual(new Set(['stable']))
  })

  test('nobody is marked or dead while data are few or it moves', () => {
    const nothing = { leftOut: 0, replaced: 0, flattened: 0, pooled: 0 }
    const early = new ExpertLife()
    for (const learned of [250, 500, 750, 1000, 1250, 1500, 1750])
      early.take({ ...sound, learned, share: 0, without: nothing, distance: 0 })
    expect(early.judged).toMatchObject({ interpretable: true })
    expect(early.judged.state).not.toBe('dead')
    const { take, life } = settled()
    take({ without: nothing, change: 0.5 }, 4)
    expect(life.judged).toMatchObject({ state: 'drifting', interpretable: true })
  })

  test('what is not known changes nothing', () => {
    const { take } = settled()
    const unknown = { leftOut: Number.NaN, replaced: Number.NaN, flattened: Number.NaN, pooled: Number.NaN }
    expect(take({ change: Number.NaN, shift: Number.NaN, distance: Number.NaN, without: unknown }, 4)).toEqual(Array(4).fill('stable'))
  })

  test('of a bank of one it is neither dead nor dominating', () => {
    const { take, life } = settled()
    take({ K: 1, work: 1, share: 1 }, 3)
    expect(life.judged).toMatchObject({ state: 'stable', dominating: false })
    take({ work: 0.9 }, 3)
    expect(life.judged.dominating).toBe(true)
    take({ work: 0.75 }, 3)
    expect(life.judged.dominating).toBe(true)
    take({ work: 0.6 }, 3)
    expect(life.judged.dominating).toBe(false)
  })

  test('who answers for a rare class alone does not dominate its bank', () => {
    const { take, life } = settled()
    take({ work: 0.02, share: 1 }, 4)
    expect(life.judged).toMatchObject({ state: 'stable', dominating: false })
  })

  test('saved and loaded it goes on as it would have', () => {
    const { take, life } = settled()
    take({ share: 0.02 })
    const loaded = ExpertLife.load(life.save())
    for (const each of [life, loaded]) each.take({ ...sound, learned: 9000, share: 0.02 })
    expect(loaded.judged).toEqual(life.judged)
    expect(loaded.judged.state).toBe('dead')
    expect(loaded.save()).toEqual(life.save())
  })
})

test('every property is left at a gentler level than it is entered at', () => {
  for (const property of ['dead', 'vanishing', 'duplicate', 'redundant'] as const)
    expect(levels[property].leave, property).toBeGreaterThan(levels[property].enter)
  for (const property of ['dominating', 'moving'] as const) expect(levels[property].leave, property).toBeLessThan(levels[property].enter)
})

test('unsound is who is dead, drifts or means nothing by itself', () => {
  expect(isUnsound({ state: 'stable', interpretable: true })).toBe(false)
  expect(isUnsound({ state: 'vanishing', interpretable: true })).toBe(false)
  expect(isUnsound({ state: 'duplicate', interpretable: false })).toBe(true)
  expect(isUnsound({ state: 'dead', interpretable: true })).toBe(true)
  expect(isUnsound({ state: 'drifting', interpretable: true })).toBe(true)
})
