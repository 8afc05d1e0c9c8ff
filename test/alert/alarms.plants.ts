/** Faults to be planted in alarms, so that each law is seen to go red. */
import { Alarms, type AlarmsOptions } from '../../src/alert/alarms.ts'
import type { Rule } from '../../src/alert/rule.ts'
import type { Alert } from '../../src/events/event.ts'
import type { Alarming, Make } from './scene.ts'

/** Alarms whose rules are others than they were given. */
const ruled =
  (change: (rule: Rule) => Rule): Make =>
  options =>
    new Alarms({ ...options, rules: options.rules.map(change) })

/** Alarms whose calls are changed. */
function changed(change: (alarms: Alarms, options: AlarmsOptions) => Partial<Alarming>): Make {
  return options => {
    const alarms = new Alarms(options)
    const other = change(alarms, options)
    const bound: Alarming = {
      take: alarms.take.bind(alarms),
      part: alarms.part.bind(alarms),
      label: alarms.label.bind(alarms),
      signal: alarms.signal.bind(alarms),
      acknowledge: alarms.acknowledge.bind(alarms),
      tick: alarms.tick.bind(alarms),
      changes: alarms.changes.bind(alarms),
      load: alarms.load.bind(alarms),
      get open() {
        return alarms.open
      },
      get recent() {
        return alarms.recent
      }
    }
    // Read through, as what is open changes.
    return Object.defineProperties({} as Alarming, {
      ...Object.getOwnPropertyDescriptors(bound),
      ...Object.getOwnPropertyDescriptors(other)
    })
  }
}

const taking = (alter: (alerts: Alert[]) => Alert[]): Make => changed(alarms => ({ take: (...given) => alter(alarms.take(...given)) }))

/** The fault, and laws that must see it. */
export const plants: Readonly<Record<string, { readonly make: Make; readonly seenBy: string }>> = {
  'an alert is told twice': { make: taking(alerts => alerts.flatMap(alert => [alert, alert])), seenBy: 'an alert is raised once' },
  'a clearing is not told': { make: taking(alerts => alerts.filter(({ kind }) => kind !== 'cleared')), seenBy: 'of one cause' },
  'a raising is not told': { make: taking(alerts => alerts.filter(({ kind }) => kind !== 'raised')), seenBy: 'an alert is raised once' },
  'a hold is ignored': { make: ruled(rule => ({ ...rule, holdMs: 0 })), seenBy: 'what is raised by a run' },
  'a hold before clearing is ignored': { make: ruled(rule => ({ ...rule, clearHoldMs: 0 })), seenBy: 'what is raised by a run' },
  'a cooldown is ignored': { make: ruled(rule => ({ ...rule, cooldownMs: 0 })), seenBy: 'what is raised by a run' },
  'a run is one too short': {
    make: ruled(rule => (rule.kind === 'run' ? { ...rule, raise: rule.raise - 1 } : rule)),
    seenBy: 'what is raised by a run'
  },
  'a run is one too long': {
    make: ruled(rule => (rule.kind === 'run' ? { ...rule, raise: rule.raise + 1 } : rule)),
    seenBy: 'a run that is long'
  },
  'the bound is ignored': { make: ruled(rule => (rule.kind === 'rate' ? { ...rule, z: 0 } : rule)), seenBy: 'a share raises only' },
  'it clears where it was raised': {
    make: ruled(rule => (rule.kind === 'rate' ? { ...rule, clear: rule.raise } : rule)),
    seenBy: 'a share raises only'
  },
  'all is forgotten at a restart': { make: changed(() => ({ load() {} })), seenBy: 'stopped and started' },
  'the count of alerts is forgotten at a restart': {
    make: changed(alarms => ({ load: (key, saved) => (key === 'head' ? undefined : alarms.load(key, saved)) })),
    seenBy: 'stopped and started'
  },
  'a change is not saved': { make: changed(alarms => ({ changes: () => alarms.changes().slice(1) })), seenBy: 'stopped and started' },
  'everything is saved at every step': {
    make: changed(alarms => {
      const all = new Map<string, ReturnType<Alarms['changes']>[0]>()
      return {
        changes() {
          for (const change of alarms.changes()) all.set(change[0], change)
          return [...all.values()]
        }
      }
    }),
    seenBy: 'what a step changes'
  },
  'chance comes in': {
    make: changed(alarms => ({ take: (...given) => alarms.take(...given).map(alert => ({ ...alert, value: Math.random() })) })),
    seenBy: 'the same happenings'
  },
  'an escalation says it is less urgent': {
    make: taking(alerts => alerts.map(alert => (alert.kind === 'escalated' ? { ...alert, kind: 'downgraded' } : alert))),
    seenBy: 'it becomes more urgent'
  },
  'an acknowledgement is not heard': { make: changed(() => ({ acknowledge: () => true })), seenBy: 'nobody is asked again' },
  'nobody is waited for': { make: ruled(rule => ({ ...rule, escalateAfterMs: null })), seenBy: 'an alert that nobody acknowledges' },
  'causes have no bound': { make: options => new Alarms({ ...options, maxCauses: 1e9 }), seenBy: 'causes are bounded' },
  'silence is not told': { make: changed(() => ({ tick: () => [] })), seenBy: 'a line that is silent' },
  'a start is taken for the beginning of a silence': {
    make: changed(alarms => {
      alarms.tick(0)
      return {}
    }),
    seenBy: 'what was not looked at'
  },
  'labels are not heard': { make: changed(() => ({ label: () => [] })), seenBy: 'labels that stop' },
  'signals are not heard': { make: changed(() => ({ signal: () => [] })), seenBy: 'drift and unstable experts' }
}
