import { readFileSync } from 'node:fs'
import { describe, expect, test } from 'vitest'
import type { BankOptions } from '../../src/learner/options.ts'
import { defaultLearnerOptions } from '../../src/learner/options.ts'
import { type Preset, presets, recipeOf } from '../../src/learner/presets.ts'

const names = Object.keys(presets) as Preset[]
const page = readFileSync('docs/learner.md', 'utf8')

/** A number as the page writes it. */
const figure = (n: number) => String(n).replace(/^0\./, '.')

function shown({ name, scope, rate, decay, steps, experts }: BankOptions): string {
  if (scope === 'memory') return name
  return `${name}: ${scope} ${figure(rate)} ${figure(decay)}${experts === undefined ? '' : `, K ${experts}`}${steps === null ? '' : `, ${steps} steps`}`
}

test.each(names)('docs/learner.md prints what the preset %s is made of', name => {
  const { withDomain, withoutDomain, effort } = presets[name]
  const [banks, without] = [withDomain, withoutDomain].map(all => all.map(shown).join('; '))
  const steps = `max(${effort.least}, min(${effort.most}, ${effort.scale}/n))`
  expect(page.split('\n').filter(line => line.startsWith(`| \`${name}\` |`))).toEqual([
    `| \`${name}\` | ${banks} | ${without} | ${steps} |`
  ])
})

describe('a recipe', () => {
  test('is that of the preset, with or without a domain, where banks and effort are not given', () => {
    for (const preset of names) {
      const [apart, together] = [['line'], []].map(domain => recipeOf({ ...defaultLearnerOptions, preset, domain }))
      expect(apart).toEqual({ banks: presets[preset].withDomain, effort: presets[preset].effort })
      expect(together).toEqual({ banks: presets[preset].withoutDomain, effort: presets[preset].effort })
    }
  })

  test('takes what is given in its place, the one without the other', () => {
    const [bank] = presets.fast.withDomain
    const effort = { least: 1, most: 1, scale: 1 }
    expect(recipeOf({ ...defaultLearnerOptions, banks: [bank!] })).toEqual({ banks: [bank], effort: presets.default.effort })
    expect(recipeOf({ ...defaultLearnerOptions, effort })).toEqual({ banks: presets.default.withDomain, effort })
  })

  test.each(names)('%s has banks of different names, one solo at most, and none that needs a domain where there is none', name => {
    for (const banks of [presets[name].withDomain, presets[name].withoutDomain]) {
      expect(new Set(banks.map(bank => bank.name)).size).toBe(banks.length)
      expect(banks.filter(bank => bank.scope === 'solo').length).toBeLessThanOrEqual(1)
    }
    expect(presets[name].withoutDomain.filter(({ scope }) => scope === 'solo' || scope === 'residual')).toEqual([])
  })
})
