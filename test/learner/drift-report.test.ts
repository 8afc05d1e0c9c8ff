import { describe, expect, test } from 'vitest'
import { type DriftFacts, endOf, sentence } from '../../src/learner/drift-report.ts'

const facts: DriftFacts = {
  domain: 'line 3',
  class: null,
  what: 'input',
  since: 51_600_000,
  from: 300.05,
  to: 300.41,
  seen: 31,
  at: 60_000_000,
  labelFree: true,
  task: null,
  feature: 'temperature'
}

describe('the sentence of a drift', () => {
  test('shows as many digits as tell what was from what is', () => {
    expect(sentence(facts)).toBe('mean of temperature on line 3 rose from 300.1 to 300.4 since 14:20, 31 parts seen without labels')
    expect(sentence({ ...facts, from: 300.41, to: 300.404 })).toContain('fell from 300.41 to 300.40')
    expect(sentence({ ...facts, from: 290, to: 310 })).toContain('rose from 290 to 310')
    expect(sentence({ ...facts, from: 0.801, to: 0.804 })).toContain('rose from .801 to .804')
    expect(sentence({ ...facts, from: 0.8, to: 0.55 })).toContain('fell from .80 to .55')
  })

  test('ends where nothing tells them apart', () => {
    expect(sentence({ ...facts, from: 300, to: 300 })).toContain('from 300.00000000 to 300.00000000')
  })

  test('and of its end', () => {
    expect(endOf({ ...facts, message: '', evidence: [] })).toContain('is back at 300.4 from 300.1,')
  })
})
