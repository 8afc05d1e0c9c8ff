/**
 * An alert as the receiver reads it: Andon's own JSON, a message of Slack's incoming webhooks, or a card for the workflows of
 * Microsoft Teams. What comes from names and messages is text to every one of them, never markup.
 *
 * Source: Slack, "Sending messages using incoming webhooks" and "Formatting text for app surfaces"; Microsoft, "Create incoming
 * webhooks with Workflows for Microsoft Teams", Adaptive Cards 1.4.
 */
import { ALL_LINES, type Alert } from '../../events/event.ts'
import type { Notice } from '../../pipeline/sink.ts'

export type Shape = 'json' | 'slack' | 'teams'

/** The body of a notice; `link` is where it can be looked at, if anywhere. */
export function payloadOf(shape: Shape, notice: Notice, link: string | null): string {
  switch (shape) {
    case 'json':
      return JSON.stringify({ version: 1, delivery: notice.id, ...notice.alert, ...(link === null ? {} : { link }) })
    case 'slack':
      return JSON.stringify(slack(notice.alert, link))
    case 'teams':
      return JSON.stringify(teams(notice.alert, link))
  }
}

const colours = { information: '#2f6fde', warning: '#e0a000', critical: '#d02020' } as const
const styles = { information: 'accent', warning: 'warning', critical: 'attention' } as const
/** Slack cuts longer texts off, and refuses longer fields. */
const LONGEST = 1900

function slack(alert: Alert, link: string | null): object {
  const title = headline(alert)
  const fields = facts(alert).map(([name, value]) => ({ type: 'mrkdwn', text: `*${name}*\n${mrkdwn(value)}` }))
  const blocks = [
    { type: 'section', text: { type: 'mrkdwn', text: `*${mrkdwn(title)}*\n${mrkdwn(alert.message)}` } },
    { type: 'section', fields },
    ...(link === null ? [] : [{ type: 'section', text: { type: 'mrkdwn', text: `<${link}|Look at it in Andon>` } }])
  ]
  const color = alert.kind === 'cleared' ? '#2a9d4a' : colours[alert.severity]
  return { text: mrkdwn(`${title}: ${alert.message}`), attachments: [{ color, blocks }] }
}

function teams(alert: Alert, link: string | null): object {
  const text = (value: string, more: object = {}) => ({ type: 'TextBlock', text: markdown(value), wrap: true, ...more })
  const color = alert.kind === 'cleared' ? 'good' : styles[alert.severity]
  const content = {
    $schema: 'http://adaptivecards.io/schemas/adaptive-card.json',
    type: 'AdaptiveCard',
    version: '1.4',
    body: [
      text(headline(alert), { weight: 'bolder', size: 'medium', color }),
      text(alert.message),
      { type: 'FactSet', facts: facts(alert).map(([title, value]) => ({ title, value: markdown(value) })) }
    ],
    ...(link === null ? {} : { actions: [{ type: 'Action.OpenUrl', title: 'Look at it in Andon', url: link }] })
  }
  return { type: 'message', attachments: [{ contentType: 'application/vnd.microsoft.card.adaptive', contentUrl: null, content }] }
}

function headline({ kind, severity, rule, line }: Alert): string {
  return `${severity} ${kind}: ${rule}${line === ALL_LINES ? '' : ` on ${line}`}`
}

function facts({ id, time, task, class: name, by, kind }: Alert): (readonly [string, string])[] {
  return [
    ['Alert', id],
    ['Time', new Date(time).toISOString()],
    ...(task === null ? [] : [['Task', task] as const]),
    ...(name === null ? [] : [['Class', name] as const]),
    ...(kind === 'acknowledged' && by !== null ? [['By', by] as const] : [])
  ]
}

/** The three characters that Slack takes for its own, and no mention, link or emphasis of what comes from a name. */
function mrkdwn(text: string): string {
  return cut(text)
    .replaceAll('&', '&amp;')
    .replaceAll('<', '&lt;')
    .replaceAll('>', '&gt;')
    .replace(/[*_~`]/g, mark => `${mark}\u200b`)
}

/** Marks of Markdown with a backslash before each. */
function markdown(text: string): string {
  return cut(text).replace(/[\\`*_{}[\]()<>#+!|~-]/g, mark => `\\${mark}`)
}

function cut(text: string): string {
  return text.length <= LONGEST ? text : `${text.slice(0, LONGEST)}…`
}
