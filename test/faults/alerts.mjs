/**
 * What must hold of the alerts in a log after any number of kills: every one has lived in order, of one cause one is open at a
 * time, and they are those that an undisturbed watch raises of the same predictions.
 */
import { built } from './built.mjs'

/** Rules that fire often, so that a run holds many lives. None looks at a clock. */
export const rules = {
  single: { kind: 'part', leastLearned: 0, least: 0, clear: 3, cooldownMinutes: 0 },
  pair: { kind: 'run', leastLearned: 0, raise: 2, critical: 4, clear: 4, chance: 1, cooldownMinutes: 0 },
  share: { kind: 'rate', leastLearned: 0, parts: 40, raise: 0.1, clear: 0.05, z: 1, leastParts: 10, cooldownMinutes: 0 }
}

/** Problems by the name of the check. Of decisions the log holds all but plain passes. */
export async function alertProblems(dist, config, { alerts, decisions, predictions }) {
  const { Alarms, watchOptionsOf } = await built(dist, 'alert/alarms', 'wiring-alerts')
  const alarms = new Alarms(watchOptionsOf(config.alert, null))
  const decided = new Map(decisions.map(decision => [`${decision.observation}\n${decision.task}`, decision]))
  const own = alert => Object.hasOwn(rules, alert.rule)
  const expected = predictions.flatMap(({ observation, line, station, time, learned, tasks }) =>
    tasks.flatMap(({ task }) => {
      const passed = { observation, line, station, time, learned, task, action: 'pass', class: null, probability: 0 }
      // The log took it when it was made: no clock is ahead.
      return alarms.take(decided.get(`${observation}\n${task}`) ?? passed, time)
    })
  )
  return {
    'every alert has lived in order, and of one cause one is open at a time': lives(alerts),
    'the alerts are those of an undisturbed watch, each told once': differing(byLine(expected.filter(own)), byLine(alerts.filter(own))),
    'nothing is decided twice': repeated(decisions)
  }
}

function lives(alerts) {
  const open = new Map()
  const known = new Set()
  const problems = []
  for (const { id, kind, cause } of alerts) {
    if (kind === 'raised') {
      if (known.has(id)) problems.push(`${id} raised twice`)
      if ([...open.values()].includes(cause)) problems.push(`${id} raised while another one of ${cause} is open`)
      known.add(id)
      open.set(id, cause)
    } else if (!open.has(id)) problems.push(`${id} ${kind}, not open`)
    if (kind === 'cleared') open.delete(id)
  }
  return problems
}

function repeated(decisions) {
  const known = new Set()
  return decisions.flatMap(({ observation, task }) => {
    const about = `${task} of ${observation}`
    if (known.has(about)) return [about]
    known.add(about)
    return []
  })
}

/** What happened on each line, whatever the alerts are numbered. */
function byLine(alerts) {
  const lines = new Map()
  for (const { line, kind, rule, task, class: name, time, observation, severity, value, count } of alerts)
    lines.set(line, [...(lines.get(line) ?? []), JSON.stringify([kind, rule, task, name, time, observation, severity, value, count])])
  return lines
}

function differing(expected, came) {
  const problems = []
  for (const line of new Set([...expected.keys(), ...came.keys()])) {
    const [a, b] = [expected.get(line) ?? [], came.get(line) ?? []]
    const at = a.findIndex((each, i) => each !== b[i])
    if (a.length !== b.length || at >= 0)
      problems.push(`${line}: expected ${a.length}, got ${b.length}; first apart: ${a[at]} and ${b[at]}`)
  }
  return problems
}
