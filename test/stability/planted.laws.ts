/** What must be told of each planted case. Each law throws where it is broken, so that broken judgements can be tried. */
import { expect } from 'vitest'
import { type CaseName, driftAt, starved, type Told } from './planted.ts'

export interface Law {
  readonly of: CaseName
  readonly seeds: readonly number[]
  readonly holds: (told: Told) => void
}

const marks = ({ history }: Told) => history.flatMap(({ bank }) => bank.experts.filter(({ interpretable }) => !interpretable))
const states = ({ bank }: Told) => bank.experts.map(({ state }) => state)

export const plantedLaws: Readonly<Record<string, Law>> = {
  'as many experts as the truth has are stable, and nothing is said against them': {
    of: 'as many experts as the truth has',
    seeds: [1, 2, 3],
    holds(told) {
      expect(states(told)).toEqual(['stable', 'stable'])
      expect(marks(told)).toEqual([])
      expect(told.signals).toEqual([])
    }
  },
  'of six experts for a truth of two, some are found that mean nothing by themselves, and those that are left are needed': {
    of: 'six experts for a truth of two',
    seeds: [1, 2, 3],
    holds(told) {
      const marked = told.bank.experts.filter(({ interpretable }) => !interpretable)
      expect(marked.length).toBeGreaterThanOrEqual(2)
      expect(told.bank.experts.length - marked.length).toBeGreaterThanOrEqual(2)
      for (const { state, cure } of marked) {
        expect(['duplicate', 'vanishing']).toContain(state)
        expect(cure).toMatch(/fewer experts/)
      }
      expect(told.signals.some(({ kind, message }) => kind === 'expert-unstable' && /not interpretable/.test(message))).toBe(true)
    }
  },
  'a constant expert that is needed is seen to be constant, and is not marked': {
    of: 'a constant expert that is needed',
    seeds: [104, 107],
    holds(told) {
      expect(states(told)).toContain('vanishing')
      expect(marks(told)).toEqual([])
      expect(told.signals).toEqual([])
    }
  },
  'experts that say one and the same constant are all marked': {
    of: 'a truth that is one constant',
    seeds: [1, 2, 3],
    holds(told) {
      for (const { state, interpretable } of told.bank.experts) {
        expect(['vanishing', 'duplicate']).toContain(state)
        expect(interpretable).toBe(false)
      }
    }
  },
  'an expert that nobody asks is dead within 7,000 examples, when the shares have forgotten it, and it alone': {
    of: 'an expert whose gate is shut',
    seeds: [1, 2],
    holds(told) {
      expect(told.history.find(({ learned }) => learned === 8000)?.bank.experts[starved]?.state).toBe('dead')
      expect(states(told).filter(state => state === 'dead')).toHaveLength(1)
    }
  },
  'a truth that turns round is told within 1,000 examples, once an expert, and is over when it is learned anew': {
    of: 'a truth that turns round',
    seeds: [1, 2, 5],
    holds(told) {
      const unstable = told.signals.filter(({ kind }) => kind === 'expert-unstable')
      const [first] = unstable
      expect(first).toMatchObject({ kind: 'expert-unstable', bank: 'bank', task: 'defect' })
      expect(first!.message).toMatch(/drifting/)
      expect(first!.learned).toBeGreaterThanOrEqual(driftAt)
      expect(first!.learned).toBeLessThan(driftAt + 1000)
      expect(new Set(unstable.map(({ expert }) => expert)).size).toBe(unstable.length)
      expect(told.signals.filter(({ kind }) => kind === 'expert-stable')).toHaveLength(unstable.length)
      expect(states(told)).not.toContain('drifting')
    }
  },
  'strong decay alone is no mark and no state': {
    of: 'strong decay',
    seeds: [1, 2],
    holds(told) {
      expect(states(told)).toEqual(['stable', 'stable'])
      expect(marks(told)).toEqual([])
    }
  }
}
