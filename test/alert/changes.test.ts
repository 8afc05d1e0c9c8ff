/** What rules make of time alone, of lines that are slow, of clocks that are wrong, and of being changed themselves. */
import { describe, expect, test } from 'vitest'
import { Alarms } from '../../src/alert/alarms.ts'
import type { Decided } from '../../src/alert/decided.ts'
import { defaultRules } from '../../src/alert/default-rules.ts'
import type { RateRule, Rule } from '../../src/alert/rule.ts'
import type { Signal } from '../../src/events/event.ts'
import { Random } from '../../src/numeric/random.ts'

const MINUTE = 60_000
const timing = { lines: null, holdMs: 0, clearHoldMs: 0, cooldownMs: 0, escalateAfterMs: null } as const
const drift: Rule = {
  ...timing,
  name: 'drift',
  kind: 'drift',
  severity: 'warning',
  evidence: 'any',
  tasks: null,
  classes: null,
  endMs: 86_400_000
}
const expert: Rule = { ...timing, name: 'expert', kind: 'expert', severity: 'warning', raise: 1, clear: 0, critical: null }
const silence: Rule = { ...timing, name: 'silence', kind: 'data', severity: 'warning', afterMs: 10 * MINUTE, times: 20, forgetMs: 1e12 }

const watching = (...rules: readonly Rule[]) => new Alarms({ rules, maxCauses: 100, maxRecent: 10 })
const signal = (kind: Signal['kind'], time: number, also: Partial<Signal> = {}): Signal => ({
  ...{ id: 's', kind, time, domain: 'press', task: 'fault', class: null, bank: 'shared', expert: 3, value: 0.5, learned: 9 },
  message: `${kind} was told`,
  ...also
})
const told = (alerts: readonly { readonly kind: string }[]) => alerts.map(({ kind }) => kind)
/** What happens within so many minutes from a moment on, a look a minute. */
function* minutes(alarms: Alarms, from: number, n: number) {
  for (let at = from; at <= from + n * MINUTE; at += MINUTE) for (const { kind, message } of alarms.tick(at)) yield { kind, at, message }
}

/** The same alarms by other rules, as after a restart. */
function restarted(alarms: Alarms, ...rules: readonly Rule[]): Alarms {
  const again = watching(...rules)
  for (const [key, saved] of alarms.changes()) if (saved !== null) again.load(key, saved)
  return again
}

describe('what a signal told goes on until the next', () => {
  test('a hold ends by the clock', () => {
    const alarms = watching({ ...drift, holdMs: 10 * MINUTE })
    expect(alarms.signal(signal('drift-detected', 0), 0)).toEqual([])
    expect([...minutes(alarms, 0, 60)]).toEqual([{ kind: 'raised', at: 10 * MINUTE, message: 'drift-detected was told' }])
  })

  test('so does a clear hold', () => {
    for (const [rule, began, ended] of [
      [drift, 'drift-detected', 'drift-ended'],
      [expert, 'expert-unstable', 'expert-stable']
    ] as const) {
      const alarms = watching({ ...rule, clearHoldMs: 10 * MINUTE })
      expect(told(alarms.signal(signal(began, 0), 0))).toEqual(['raised'])
      expect(alarms.signal(signal(ended, 0), 0)).toEqual([])
      expect([...minutes(alarms, 0, 60)]).toMatchObject([{ kind: 'cleared', at: 10 * MINUTE }])
    }
  })

  test('and a cooldown: who is unstable again within it is told after it', () => {
    const alarms = watching({ ...expert, cooldownMs: 60 * MINUTE })
    expect(told(alarms.signal(signal('expert-unstable', 0), 0))).toEqual(['raised'])
    expect(told(alarms.signal(signal('expert-stable', 0), 10 * MINUTE))).toEqual(['cleared'])
    expect(alarms.signal(signal('expert-unstable', 0), 20 * MINUTE)).toEqual([])
    const again = restarted(alarms, { ...expert, cooldownMs: 60 * MINUTE })
    for (const each of [alarms, again])
      expect([...minutes(each, 20 * MINUTE, 120)]).toMatchObject([
        { kind: 'raised', at: 70 * MINUTE, message: expect.stringContaining('expert 3') }
      ])
  })

  test('what stands when a trial is left is raised again', () => {
    const alarms = watching(drift, expert)
    alarms.trial = true
    alarms.signal(signal('drift-detected', 0), 0)
    alarms.signal(signal('expert-unstable', 0), 0)
    expect(told(alarms.clearAll(MINUTE, 'the trial was left'))).toEqual(['cleared', 'cleared'])
    alarms.trial = false
    expect([...minutes(alarms, 2 * MINUTE, 5)].map(({ kind, at }) => [kind, at])).toEqual([
      ['raised', 2 * MINUTE],
      ['raised', 2 * MINUTE]
    ])
    expect(alarms.open.map(({ trial }) => trial)).toEqual([false, false])
  })
})

describe('silence', () => {
  test('of a line that is slow is what is usual there, after a few parts', () => {
    const alarms = watching(silence)
    const told: string[] = []
    for (let i = 0, at = 0; i < 120; i++, at += 15 * MINUTE) {
      told.push(...alarms.part('slow', at, at).map(({ kind }) => kind))
      told.push(...[...minutes(alarms, at, 14)].map(({ kind }) => kind))
    }
    expect(told).toEqual([])
    expect([...minutes(alarms, 120 * 15 * MINUTE, 400)].map(({ kind }) => kind)).toEqual(['raised'])
  })

  test('a pause is no gap: the next is told as soon', () => {
    const alarms = watching(silence)
    const raised: number[] = []
    let at = 0
    for (let day = 0; day < 5; day++) {
      for (let i = 0; i < 500; i++, at += 10_000) alarms.part('fast', at, at)
      const from = at - 10_000
      for (const { kind, at: when } of minutes(alarms, at, 720)) if (kind === 'raised') raised.push(when - from)
      at += 720 * MINUTE
    }
    expect(raised).toHaveLength(5)
    for (const after of raised) expect(after).toBeLessThan(12 * MINUTE)
  })

  test('is over when parts have come for the clear hold, and not because nobody looked', () => {
    const rule = { ...silence, clearHoldMs: MINUTE }
    const alarms = watching(rule)
    for (let i = 0; i < 50; i++) alarms.part('press', 1000 * i, 1000 * i)
    alarms.tick(60_000)
    expect(told(alarms.tick(60_000 + 15 * MINUTE))).toEqual(['raised'])
    const again = restarted(alarms, rule)
    expect([...minutes(again, 100 * MINUTE, 3)]).toEqual([])
    const cleared: string[] = []
    for (let at = 104 * MINUTE; at < 107 * MINUTE; at += 1000) {
      cleared.push(...again.part('press', at, at).map(({ kind }) => kind))
      cleared.push(...again.tick(at).map(({ kind, message }) => `${kind} ${message}`))
    }
    expect(cleared).toHaveLength(1)
  })

  test('of labels that come in batches is what is usual between two', () => {
    const labels: Rule = {
      ...timing,
      name: 'labels',
      kind: 'labels',
      severity: 'information',
      afterMs: 8 * 60 * MINUTE,
      parts: 100,
      times: 10,
      forgetMs: 1e12
    }
    const alarms = watching(labels)
    const raised: string[] = []
    for (let day = 0; day < 10; day++) {
      const from = day * 1440 * MINUTE
      for (let i = 0; i < 1440; i++) raised.push(...told(alarms.part('press', from + i * MINUTE, from + i * MINUTE)))
      for (let i = 0; i < 1440; i++) raised.push(...told(alarms.label('press', from + 1440 * MINUTE, from + 1440 * MINUTE)))
    }
    // Until a second batch nobody knows how long it takes.
    expect(raised).toEqual(['raised', 'cleared'])
  })
})

const rate: RateRule = { ...(defaultRules[0] as RateRule), leastLearned: 0, times: null, cooldownMs: 0 }
const decision = (i: number, hit: boolean, also: Partial<Decided> = {}): Decided => ({
  ...{ observation: `p-${i}`, line: 'press', station: null, time: i * 1000, learned: 1e6, task: 'fault', probability: 1 },
  action: hit ? 'flag' : 'pass',
  class: hit ? 'crack' : null,
  ...also
})

describe('a rule that is changed', () => {
  test.each([
    [{ parts: 200 }, { parts: 1000 }],
    [{ ms: 600_000 }, { ms: 3_600_000 }],
    [{ ms: 600_000 }, { parts: 200 }]
  ] as const)('goes on with another window: %o to %o', (before, after) => {
    const alarms = watching({ ...rate, window: before })
    const random = new Random(1)
    for (let i = 0; i < 20_000; i++) alarms.take(decision(i, random.next() < 0.01), i * 1000)
    const again = restarted(alarms, { ...rate, window: after })
    const raised = Array.from({ length: 300 }, (_, i) => told(again.take(decision(20_000 + i, true), (20_000 + i) * 1000))).flat()
    expect(raised).toContain('raised')
  })

  test('is about what it says now: what it leaves ends', () => {
    const alarms = watching(drift, { ...rate, window: { parts: 100 } })
    alarms.signal(signal('drift-detected', 0), 0)
    for (let i = 0; i < 100; i++) alarms.take(decision(i, true), i * 1000)
    expect(alarms.open).toHaveLength(2)
    const again = restarted(alarms, { ...drift, lines: ['lathe'] }, { ...rate, window: { parts: 100 }, tasks: ['other'] })
    expect([...minutes(again, 200_000, 2)].map(({ kind }) => kind)).toEqual(['cleared', 'cleared'])
    expect(again.take(decision(101, true), 300_000)).toEqual([])
  })
})

test('one part with a clock that is ahead holds back nothing after it', () => {
  const run: Rule = { ...(defaultRules[1]! as Rule & { kind: 'run' }), leastLearned: 0 }
  const alarms = watching(run)
  const seen: string[] = []
  const burst = (from: number) => {
    for (let i = from; i < from + 300; i++) seen.push(...told(alarms.take(decision(i, i < from + 20), i * 1000)))
  }
  for (let i = 0; i < 300; i++) alarms.take(decision(i, false), i * 1000)
  alarms.take(decision(300, false, { time: 300_000 + 23 * 60 * MINUTE }), 300_000)
  burst(1000)
  burst(2000)
  expect(seen.filter(kind => kind === 'raised')).toHaveLength(2)
})
