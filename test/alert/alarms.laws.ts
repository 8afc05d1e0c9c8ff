/** What must hold of alarms, whatever is decided, in whatever order, wherever they are stopped. */
import fc from 'fast-check'
import { expect } from 'vitest'
import type { AlarmsOptions } from '../../src/alert/alarms.ts'
import { severities } from '../../src/alert/rule.ts'
import { wilson } from '../../src/judge/interval.ts'
import { happenings, type Make, type Played, part, plain, play, rate, run, sound, timing } from './scene.ts'

export interface AlarmLaw {
  readonly name: string
  run(make: Make): void
}

/** Not shrunk: a scene of a hundred parts takes minutes. By this seed each planted fault is seen, the rarest of them too. */
const RUNS = { numRuns: 60, endOnFailure: true, seed: 1 }
const MORE = { ...RUNS, numRuns: 250 }
/** Holds of any scene. */
function always(make: Make, options: AlarmsOptions, holds: (played: Played) => void): void {
  fc.assert(
    fc.property(happenings, all => holds(play(make, options, all))),
    options.rules.length === 1 ? MORE : RUNS
  )
}

/** As text, which is compared a hundred times as fast. */
const told = ({ steps, acknowledged }: Played): string => JSON.stringify([steps.map(({ alerts }) => alerts), acknowledged], null, 1)

const windows = { ...plain, rules: [{ ...run, holdMs: 3000, clearHoldMs: 2000, cooldownMs: 12_000 }] }

export const alarmLaws: readonly AlarmLaw[] = [
  {
    name: 'an alert is raised once, then escalated or downgraded, then cleared once and never heard of again',
    run: make =>
      always(make, plain, ({ alerts }) => {
        const lives = new Map<string, Played['alerts'][number][]>()
        for (const alert of alerts) lives.set(alert.id, [...(lives.get(alert.id) ?? []), alert])
        for (const life of lives.values()) {
          const kinds = life.map(({ kind }) => kind)
          expect(kinds[0]).toBe('raised')
          expect(kinds.filter(kind => kind === 'raised')).toHaveLength(1)
          if (kinds.includes('cleared')) expect(kinds.indexOf('cleared')).toBe(kinds.length - 1)
          expect(new Set(life.map(({ cause, line, rule, task }) => [cause, line, rule, task].join())).size).toBe(1)
        }
      })
  },
  {
    name: 'of one cause one alert is open at a time',
    run: make =>
      always(make, plain, ({ alerts }) => {
        const open = new Map<string, string>()
        for (const { kind, cause, id } of alerts) {
          if (kind === 'raised') {
            expect(open.has(cause!)).toBe(false)
            open.set(cause!, id)
          } else expect(open.get(cause!)).toBe(id)
          if (kind === 'cleared') open.delete(cause!)
        }
      })
  },
  {
    name: 'stopped and started anywhere it tells the same, and nothing twice',
    run: make =>
      fc.assert(
        fc.property(happenings, fc.array(fc.nat(150), { maxLength: 5 }), (all, at) => {
          for (const options of [plain, windows]) expect(told(play(make, options, all, new Set(at)))).toBe(told(play(sound, options, all)))
        }),
        RUNS
      )
  },
  {
    name: 'the same happenings, the same alerts',
    run: make =>
      fc.assert(
        fc.property(happenings, all => {
          expect(told(play(make, plain, all))).toBe(told(play(make, plain, all)))
        }),
        RUNS
      )
  },
  {
    name: 'what is raised by a run was that many in a row, for as long as it must hold, and what clears it that many good ones',
    run: make =>
      always(make, windows, ({ steps }) => {
        const streaks = new Map<
          string,
          { bad: number; good: number; highSince: number | null; lowSince: number | null; clearedAt: number; at: number }
        >()
        for (const { decision, alerts } of steps) {
          if (decision === null || decision.action === 'abstain') continue
          const key = `${decision.line} ${decision.task}`
          const before = streaks.get(key) ?? { bad: 0, good: 0, highSince: null, lowSince: null, clearedAt: -Infinity, at: -Infinity }
          const at = Math.max(before.at, decision.time)
          const bad = decision.action === 'flag' ? before.bad + 1 : 0
          const good = decision.action === 'flag' ? 0 : before.good + 1
          const now = {
            bad,
            good,
            at,
            highSince: bad >= 3 ? (before.highSince ?? at) : null,
            lowSince: good >= 2 ? (before.lowSince ?? at) : null,
            clearedAt: before.clearedAt
          }
          for (const { kind } of alerts) {
            if (kind === 'raised') {
              expect(now.highSince).not.toBeNull()
              expect(at - now.highSince!).toBeGreaterThanOrEqual(3000)
              expect(at - now.clearedAt).toBeGreaterThanOrEqual(12_000)
            }
            if (kind === 'cleared') {
              expect(now.lowSince).not.toBeNull()
              expect(at - now.lowSince!).toBeGreaterThanOrEqual(2000)
              now.clearedAt = at
              now.highSince = null
              now.lowSince = null
            }
          }
          streaks.set(key, now)
        }
      })
  },
  {
    name: 'a run that is long enough is not passed over',
    run: make =>
      always(make, { ...plain, rules: [run] }, ({ steps }) => {
        const bad = new Map<string, number>()
        const open = new Set<string>()
        for (const { decision, alerts } of steps) {
          for (const { kind, line, task } of alerts) {
            if (kind === 'raised') open.add(`${line} ${task}`)
            if (kind === 'cleared') open.delete(`${line} ${task}`)
          }
          if (decision === null || decision.action === 'abstain') continue
          const key = `${decision.line} ${decision.task}`
          bad.set(key, decision.action === 'flag' ? (bad.get(key) ?? 0) + 1 : 0)
          if (bad.get(key)! >= 3) expect(open.has(key)).toBe(true)
        }
      })
  },
  {
    name: 'a share raises only where the lower bound of the last parts reaches the level, and clears only at or below the other',
    run: make =>
      always(make, { ...plain, rules: [rate] }, ({ steps }) => {
        const parts = new Map<string, boolean[]>()
        for (const { decision, alerts } of steps) {
          if (decision === null || decision.action === 'abstain') continue
          const key = `${decision.line} ${decision.task}`
          const all = [...(parts.get(key) ?? []), decision.action === 'flag']
          parts.set(key, all)
          const last = all.slice(-20)
          const hits = last.filter(hit => hit).length
          for (const { kind, value, line, task } of alerts) {
            if (`${line} ${task}` !== key) continue
            expect(value).toBe(hits / last.length)
            if (kind === 'raised') expect(wilson(hits, last.length, 1.5)![0]).toBeGreaterThanOrEqual(0.3)
            if (kind === 'raised') expect(last.length).toBeGreaterThanOrEqual(5)
            if (kind === 'cleared') expect(hits / last.length).toBeLessThanOrEqual(0.1)
          }
        }
      })
  },
  {
    name: 'it becomes more urgent by escalation only and less by downgrade only, and what became more urgent is to be acknowledged anew',
    run: make =>
      always(make, { ...plain, rules: [run, { ...rate, escalateAfterMs: 4000 }, { ...part, escalateAfterMs: 2000 }] }, ({ alerts }) => {
        const severity = new Map<string, number>()
        for (const { id, kind, severity: now } of alerts) {
          const rank = severities.indexOf(now)
          const before = severity.get(id)
          if (kind === 'escalated') expect(rank).toBeGreaterThan(before!)
          else if (kind === 'downgraded') expect(rank).toBeLessThan(before!)
          else if (kind !== 'raised') expect(rank).toBe(before!)
          severity.set(id, rank)
        }
      })
  },
  {
    name: 'nobody is asked again for an alert that was acknowledged, as long as it is no more urgent',
    run: make => {
      const alarms = make({ ...plain, rules: [{ ...run, critical: null, escalateAfterMs: 1000 }] })
      const step = (i: number, hit: boolean): readonly string[] => {
        const seen = { observation: `p-${i}`, line: 'l', station: null, task: 't', time: i * 100, learned: 1000, probability: 1 }
        const decision = { ...seen, action: hit ? ('flag' as const) : ('pass' as const), class: hit ? 'bad' : null }
        return [...alarms.take(decision, i * 100), ...alarms.tick(i * 100)].map(({ kind }) => kind)
      }
      expect([0, 1, 2].flatMap(i => step(i, true))).toEqual(['raised'])
      const [open] = alarms.open
      expect(alarms.acknowledge(open!.id, 'Ada', 300)).toBe(true)
      expect(alarms.acknowledge(open!.id, 'Bob', 301)).toBe(false)
      expect(Array.from({ length: 60 }, (_, i) => step(3 + i, true)).flat()).toEqual([])
      expect(alarms.open).toMatchObject([{ state: 'acknowledged', by: 'Ada', severity: 'warning', count: 61 }])
    }
  },
  {
    name: 'an alert that nobody acknowledges becomes more urgent step by step',
    run: make => {
      const alarms = make({ ...plain, rules: [{ ...part, escalateAfterMs: 10_000 }] })
      const about = { observation: 'p', line: 'l', station: 'gate', task: 't' } as const
      const seen = { ...about, time: 0, learned: 1000, probability: 1, action: 'flag', class: 'bad' } as const
      const kinds = [alarms.take(seen, 0), ...[5, 10, 15, 20, 30, 60].map(s => alarms.tick(s * 1000))].map(alerts =>
        alerts.map(({ kind, severity, station }) => `${kind} ${severity} ${station}`).join()
      )
      expect(kinds).toEqual(['raised information gate', '', 'escalated warning gate', '', 'escalated critical gate', '', ''])
    }
  },
  {
    name: 'causes are bounded, and none with an alert is forgotten',
    run: make =>
      fc.assert(
        fc.property(fc.array(fc.record({ line: fc.nat(60), hit: fc.boolean() }), { maxLength: 400 }), all => {
          const alarms = make({ rules: [{ ...run, raise: 2 }], maxCauses: 8, maxRecent: 3 })
          const notes = new Set<string>()
          const open = new Set<string>()
          all.forEach(({ line, hit }, i) => {
            const seen = { observation: `p-${i}`, line: `l-${line}`, station: null, task: 't', time: i, learned: 1000, probability: 1 }
            for (const { kind, id } of alarms.take({ ...seen, action: hit ? 'flag' : 'pass', class: hit ? 'bad' : null }, i)) {
              if (kind === 'raised') open.add(id)
              if (kind === 'cleared') open.delete(id)
            }
            for (const [key, saved] of alarms.changes()) {
              if (saved === null) notes.delete(key)
              else notes.add(key)
            }
            expect([...notes].filter(key => key.startsWith('cause/')).length).toBeLessThanOrEqual(8)
            expect(alarms.recent.length).toBeLessThanOrEqual(3)
            expect(alarms.open.map(({ id }) => id).sort()).toEqual([...open].sort())
          })
        }),
        RUNS
      )
  },
  {
    name: 'what a step changes is all that is saved of it',
    run: make => {
      const alarms = make({ ...plain, rules: [run] })
      const seen = { station: null, task: 't', time: 0, learned: 1000, probability: 1, action: 'pass', class: null } as const
      for (let i = 0; i < 50; i++) alarms.take({ ...seen, observation: `p-${i}`, line: `l-${i}` }, 0)
      alarms.changes()
      alarms.take({ ...seen, observation: 'p', line: 'l-7' }, 0)
      expect(alarms.changes().map(([key]) => key.split('/')[0])).toEqual(['cause'])
      expect(alarms.changes()).toEqual([])
    }
  },
  {
    name: 'a line that is silent for longer than usual is told, once, and told again when parts come',
    run: make => {
      const silence = { ...timing, name: 'silence', kind: 'data', severity: 'warning', afterMs: 60_000, times: 20, forgetMs: 1e9 } as const
      const alarms = make({ ...plain, rules: [silence] })
      const told: string[] = []
      const say = (alerts: readonly { readonly kind: string; readonly line: string }[], at: number): void =>
        void told.push(...alerts.map(({ kind, line }) => `${kind} ${line} ${at / 1000}`))
      const lines = { fast: 1, slow: 10 }
      for (let s = 0; s <= 600; s++) {
        for (const [line, every] of Object.entries(lines)) if (s % every === 0) say(alarms.part(line, s * 1000, s * 1000), s * 1000)
        say(alarms.tick(s * 1000), s * 1000)
      }
      expect(told).toEqual([])
      for (let s = 601; s <= 1000; s++) say(alarms.tick(s * 1000), s * 1000)
      // Sixty seconds of the one, twenty gaps of ten seconds of the other.
      expect(told).toEqual(['raised fast 660', 'raised slow 800'])
      say(alarms.part('fast', 1_001_000, 1_001_000), 1_001_000)
      expect(told).toEqual(['raised fast 660', 'raised slow 800', 'cleared fast 1001'])
    }
  },
  {
    name: 'what was not looked at is no silence: who starts again waits as long again',
    run: make => {
      const silence = { ...timing, name: 'silence', kind: 'data', severity: 'warning', afterMs: 60_000, times: 20, forgetMs: 1e9 } as const
      const options = { ...plain, rules: [silence] }
      const first = make(options)
      for (let s = 0; s < 30; s++) first.part('l', s * 1000, s * 1000)
      const second = make(options)
      for (const [key, saved] of first.changes()) if (saved !== null) second.load(key, saved)
      expect(second.tick(10_000_000)).toEqual([])
      expect(second.tick(10_059_000)).toEqual([])
      expect(second.tick(10_060_000).map(({ kind }) => kind)).toEqual(['raised'])
    }
  },
  {
    name: 'labels that stop while parts go on are told, where a line ever had any',
    run: make => {
      const labels = {
        ...timing,
        name: 'labels',
        kind: 'labels',
        severity: 'information',
        afterMs: 1000,
        parts: 10,
        times: 5,
        forgetMs: 1e9
      } as const
      const alarms = make({ ...plain, rules: [labels] })
      const kinds: string[] = []
      for (let i = 0; i < 200; i++) {
        kinds.push(...alarms.part('never', i * 100, i * 100).map(({ kind, line }) => `${kind} ${line} ${i}`))
        kinds.push(...alarms.part('l', i * 100, i * 100).map(({ kind, line }) => `${kind} ${line} ${i}`))
        if (i < 100 && i % 4 === 0) kinds.push(...alarms.label('l', i * 100, i * 100).map(({ kind }) => `${kind} ${i}`))
      }
      // Twenty parts, five times the usual four, after the last label at 96.
      expect(kinds).toEqual(['raised l 116'])
      expect(alarms.label('l', 20_000, 20_000).map(({ kind }) => kind)).toEqual(['cleared'])
    }
  },
  {
    name: 'drift and unstable experts are told once each, and cleared by what the learner says next',
    run: make => {
      const drift = { kind: 'drift', tasks: null, classes: null, endMs: 3_600_000 } as const
      const alarms = make({
        ...plain,
        rules: [
          { ...timing, ...drift, name: 'drift', severity: 'warning', evidence: 'labels' },
          { ...timing, ...drift, name: 'suspected', severity: 'information', evidence: 'inputs' },
          { ...timing, ...drift, name: 'either', severity: 'critical', evidence: 'any', lines: ['lathe'] },
          { ...timing, name: 'expert', kind: 'expert', severity: 'information', raise: 2, clear: 0, critical: null }
        ]
      })
      const about = {
        id: 's',
        domain: 'press',
        task: 'fault',
        class: 'dirt',
        bank: null,
        expert: null,
        value: 0.55,
        learned: 9,
        message: 'recall fell'
      }
      const say = (kind: string, time: number, also: object = {}): string =>
        alarms
          .signal({ ...about, kind, time, ...also } as unknown as Parameters<typeof alarms.signal>[0], time)
          .map(alert => `${alert.kind} ${alert.line} ${alert.message}`)
          .join()
      expect(say('drift-detected', 0)).toBe('raised press recall fell')
      expect(say('drift-detected', 1000)).toBe('')
      expect(say('drift-ended', 2000, { message: 'as before' })).toBe('cleared press as before')
      expect(say('drift-detected', 3000)).toBe('raised press recall fell')
      expect(say('drift-suspected', 3000, { message: 'a mean rose' })).toBe('raised press a mean rose')
      expect(alarms.open.map(({ rule, severity }) => [rule, severity])).toEqual([
        ['drift', 'warning'],
        ['suspected', 'information']
      ])
      for (const kind of ['drift-detected', 'drift-suspected'])
        expect(say(kind, 3000, { domain: 'lathe', class: kind })).toContain('raised lathe recall fell,raised lathe')
      alarms.tick(4000)
      expect(alarms.tick(3_603_000).map(({ kind }) => kind)).toEqual(Array(6).fill('cleared'))
      const expert = (kind: string, n: number): string => say(kind, 5_000_000, { class: null, bank: 'shared', expert: n })
      expect(expert('expert-unstable', 3)).toBe('')
      expect(expert('expert-unstable', 1)).toBe('raised press experts 1, 3 of shared (fault) on press are unstable')
      expect(expert('expert-stable', 3)).toBe('')
      expect(expert('expert-stable', 1)).toBe('cleared press every expert of shared (fault) on press is stable again')
      expect(say('class-appeared', 6_000_000)).toBe('')
    }
  }
]
