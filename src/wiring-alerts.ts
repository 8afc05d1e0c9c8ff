/** Alerts of a configuration: the rules, the trial, and whom they are told. */
import { readFileSync } from 'node:fs'
import { openAlertmanager } from './adapter/alertmanager/alertmanager.ts'
import { openMqtt } from './adapter/mqtt/mqtt.ts'
import type { Shape } from './adapter/webhook/payload.ts'
import { post } from './adapter/webhook/request.ts'
import { openWebhook } from './adapter/webhook/webhook.ts'
import { defaultRules } from './alert/default-rules.ts'
import type { Rule } from './alert/rule.ts'
import type { AlertConfig } from './config/alert-options.ts'
import type { RuleConfig } from './config/rule-options.ts'
import type { Secret } from './config/secret.ts'
import { Fault } from './fault/fault.ts'
import type { PipelineOptions } from './pipeline/pipeline.ts'
import type { Sink } from './pipeline/sink.ts'
import type { Watching } from './pipeline/watching.ts'

const MINUTE = 60_000
const HOUR = 60 * MINUTE
const DAY = 24 * HOUR
/** A window of parts where a rule asks for none. */
const WINDOW_PARTS = 200

export function watchOptionsOf(
  { rules, maxCauses, maxRecent, trial: { enabled, ...criteria } }: AlertConfig,
  decider: Watching
): PipelineOptions['watch'] {
  return { rules: rulesOf(rules), maxCauses, maxRecent, decider, trial: enabled ? criteria : null }
}

export function tellingOf(alert: AlertConfig): PipelineOptions['telling'] {
  return { sinks: sinksOf(alert), maxAgeMs: alert.maxAgeHours * HOUR, backoff: { firstMs: 1000, longestMs: MINUTE } }
}

/** Those that hold by default, but for the names that are configured, and then these. */
function rulesOf(configured: AlertConfig['rules']): readonly Rule[] {
  const kept = defaultRules.filter(({ name }) => !Object.hasOwn(configured, name))
  return [...kept, ...Object.entries(configured).flatMap(([name, rule]) => (rule === null ? [] : [ruleOf(name, rule)]))]
}

function ruleOf(name: string, config: RuleConfig): Rule {
  const { holdMinutes, clearHoldMinutes, cooldownMinutes, escalateAfterMinutes, severity, lines } = config
  const common = {
    name,
    severity,
    lines,
    holdMs: holdMinutes * MINUTE,
    clearHoldMs: clearHoldMinutes * MINUTE,
    cooldownMs: cooldownMinutes * MINUTE,
    escalateAfterMs: escalateAfterMinutes === null ? null : escalateAfterMinutes * MINUTE
  }
  switch (config.kind) {
    case 'part':
    case 'run':
      return { ...config, ...common }
    case 'rate':
      return {
        ...config,
        ...common,
        window: config.minutes === null ? { parts: config.parts ?? WINDOW_PARTS } : { ms: config.minutes * MINUTE }
      }
    case 'drift':
      return { ...config, ...common, endMs: config.endHours * HOUR }
    case 'expert':
      return { ...config, ...common }
    case 'data':
    case 'labels':
      return { ...config, ...common, afterMs: config.afterMinutes * MINUTE, forgetMs: config.forgetDays * DAY }
  }
}

/** Whoever has an address is told. Throws `FILE_UNREADABLE` for a certificate or key that cannot be read. */
function sinksOf({ webhook, slack, teams, alertmanager, mqtt, link }: AlertConfig): readonly Sink[] {
  const clock = Date.now
  const sinks: Sink[] = []
  if (webhook.url !== null) {
    const { url, secret, token, caFile, timeoutMs } = webhook
    const ca = pem(caFile, 'alert.webhook.caFile')
    sinks.push(
      openWebhook({ name: 'webhook', url, shape: 'json', secret: revealing(secret), token: revealing(token), timeoutMs, ca, link, clock })
    )
  }
  for (const [name, { url, timeoutMs }] of Object.entries({ slack, teams }) as [Shape, AlertConfig['slack']][])
    if (url !== null)
      sinks.push(openWebhook({ name, url: url.reveal(), shape: name, secret: null, token: null, timeoutMs, ca: null, link, clock }))
  if (alertmanager.url !== null) {
    const { url, token, caFile, timeoutMs, labels } = alertmanager
    const target = {
      name: 'alertmanager',
      url: `${url.replace(/\/+$/, '')}/api/v2/alerts`,
      timeoutMs,
      ca: pem(caFile, 'alert.alertmanager.caFile')
    }
    const headers = (): Record<string, string> => (token === null ? {} : { authorization: `Bearer ${token.reveal()}` })
    sinks.push(
      openAlertmanager({ name: 'alertmanager', post: (body, signal) => post(target, headers(), body, signal), labels, link, clock })
    )
  }
  if (mqtt.url !== null) {
    const { url, prefix, clientId, username, password, caFile, certFile, keyFile, timeoutMs } = mqtt
    const key = pem(keyFile, 'alert.mqtt.keyFile')
    const tls = { ca: pem(caFile, 'alert.mqtt.caFile'), cert: pem(certFile, 'alert.mqtt.certFile'), key: key === null ? null : () => key }
    sinks.push(openMqtt({ name: 'mqtt', url, prefix, clientId, username, password: revealing(password), tls, timeoutMs }))
  }
  return sinks
}

function revealing(secret: Secret | null): (() => string) | null {
  return secret === null ? null : () => secret.reveal()
}

function pem(path: string | null, option: string): string | null {
  if (path === null) return null
  try {
    return readFileSync(path, 'utf8')
  } catch (cause) {
    throw new Fault('FILE_UNREADABLE', `expected a certificate or key at ${path}, got ${(cause as Error).message}: see ${option}`, cause)
  }
}
