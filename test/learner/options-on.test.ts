/** The laws of the fold hold with each option that is off by default; and off, they leave no trace. */
import { describe, expect, test } from 'vitest'
import { loadConfig } from '../../src/config/load.ts'
import { Learner } from '../../src/learner/learner.ts'
import type { LearnerOptions } from '../../src/learner/options.ts'
import { recipeOf } from '../../src/learner/presets.ts'
import { learnerOptionsOf } from '../../src/wiring.ts'
import { foldLaws, type Make } from './fold.laws.ts'
import { log, small } from './stream.ts'

const making = (on: (options: LearnerOptions) => LearnerOptions): Make => ({
  open: options => new Learner(on(options)),
  load: (saved, options) => Learner.load(saved, on(options))
})

/** Where a law names the banks it names all of them: the one that hears others stands beside and practises as much. */
function chained(options: LearnerOptions): LearnerOptions {
  const [first] = options.banks ?? []
  const banks = first === undefined ? null : [...options.banks!, { ...first, name: 'chain', scope: 'chain' as const }]
  return { ...options, banks, chain: true }
}

const on: Readonly<Record<string, Make>> = {
  'a gate that reads bounded numbers': making(options => ({ ...options, gateInput: 'bounded' })),
  'the last labels as inputs': making(options => ({ ...options, lastLabel: true })),
  'tasks that hear one another': making(chained)
}

for (const [name, make] of Object.entries(on)) {
  describe(`with ${name} the learner keeps the laws of the fold`, () => {
    for (const [law, holds] of Object.entries(foldLaws)) test(law, () => holds(make))
  })
}

test('all of them together go on from a saved state bit for bit, and predicting changes nothing', () => {
  const make = making(options => ({ ...chained(options), gateInput: { features: ['f0', 'f2', 'domain'] }, lastLabel: true }))
  for (const [law, holds] of Object.entries(foldLaws)) if (/^fold|^predicting/.test(law)) holds(make)
})

test('off, no bank, input, column or part of the state tells of them', () => {
  const learner = new Learner(small)
  for (const entry of log(3, 200)) learner.take(entry)
  const saved = learner.save() as {
    columns: { columns: { name: string }[] }
    tasks: { parts: { whole: { memory: object[] } } }[]
  } & Record<string, unknown>
  expect(Object.keys(saved)).not.toContain('chain')
  expect(Object.keys(saved)).not.toContain('lastLabels')
  expect(saved.columns.columns.some(({ name }) => name.startsWith('\u0001last ') || name.startsWith('\u0001age '))).toBe(false)
  for (const { parts } of saved.tasks) for (const ring of parts.whole.memory) expect(Object.keys(ring)).not.toContain('others')
  expect(recipeOf(small).banks.map(({ name }) => name)).not.toContain('chain')
})

test('each is set by configuration, and what no gate can read is refused with what could stand there', () => {
  const from = (env: Readonly<Record<string, string>>) => learnerOptionsOf(loadConfig({ env }))
  const { gateInput, chain, lastLabel } = from({
    ANDON_LEARNER__GATE_INPUT: '{features: [a, b]}',
    ANDON_LEARNER__CHAIN: 'true',
    ANDON_LEARNER__LAST_LABEL: 'true'
  })
  expect({ gateInput, chain, lastLabel }).toEqual({ gateInput: { features: ['a', 'b'] }, chain: true, lastLabel: true })
  expect(from({ ANDON_LEARNER__GATE_INPUT: 'bounded' }).gateInput).toBe('bounded')
  for (const wrong of ['bound', '{features: []}', '{feature: [a]}', '7'])
    expect(() => from({ ANDON_LEARNER__GATE_INPUT: wrong }), wrong).toThrow(/learner\.gateInput.*"bounded"/)
})
