/** Alerts: what is open, the gravest first, each to be acknowledged, and what was before. */
import { post } from './api.ts'
import { h, keyed, type Part, setAttribute, setText } from './dom.ts'
import { ago, clock, duration } from './format.ts'
import { ALL_LINES, byGravity, isAcknowledged, type Light } from './light.ts'
import { logIn, may } from './session.ts'
import type { AlertState } from './shapes.ts'
import { sign } from './sign.ts'
import type { Store } from './store.ts'
import { address, type View } from './view.ts'

const signs: Readonly<Record<AlertState['severity'], Light>> = { critical: 'red', warning: 'amber', information: 'grey' }

export const alertsView: View = {
  name: 'alerts',
  title: 'Alerts',
  open(root, store, _rest, left) {
    const open = h('ul', { class: 'alerts', 'aria-label': 'Open alerts' })
    const none = h('p', { class: 'none' })
    const recent = h('tbody')
    const before = h(
      'section',
      { class: 'panel' },
      h('h2', {}, 'Cleared before'),
      h(
        'div',
        { class: 'scroll', tabindex: 0, role: 'region', 'aria-label': 'Alerts cleared before' },
        h(
          'table',
          {},
          h('caption', { class: 'unseen' }, 'Alerts cleared before'),
          h(
            'thead',
            {},
            h('tr', {}, ...['Raised', 'Lasted', 'Severity', 'Line', 'What', 'Acknowledged by'].map(text => h('th', { scope: 'col' }, text)))
          ),
          recent
        )
      )
    )
    root.append(h('div', { class: 'view-head' }, h('h1', {}, 'Alerts')), none, open, before)
    const showOpen = keyed<AlertState>(
      open,
      ({ id }) => id,
      alert => openPart(store, alert)
    )
    const showRecent = keyed<AlertState>(recent, ({ id }) => id, recentPart)
    const update = (): void => {
      const { alerts } = store
      const unknown =
        store.pulse?.ready === false ? 'The server starts: what is open is not known yet.' : 'This server watches over no alerts.'
      setText(none, alerts === null ? unknown : 'Nothing is open.')
      none.hidden = (alerts?.open.length ?? 0) > 0
      showOpen([...(alerts?.open ?? [])].sort(byGravity))
      const cleared = [...(alerts?.recent ?? [])].sort((a, b) => (b.clearedAt ?? b.at) - (a.clearedAt ?? a.at))
      before.hidden = cleared.length === 0
      showRecent(cleared)
    }
    const off = store.on(['alerts', 'pulse'], update)
    left.addEventListener('abort', off)
    update()
    void store.refreshAlerts()
  }
}

function openPart(store: Store, { id }: AlertState): Part<AlertState> {
  const light = h('span', { class: 'alert-light' })
  const severity = h('span', { class: 'alert-severity' })
  const message = h('p', { class: 'alert-message' })
  const about = h('p', { class: 'alert-about' })
  const part = h('a', {}, 'Explain the part')
  const told = h('span', { class: 'alert-told', role: 'status' })
  const button = h('button', { type: 'button', class: 'main' }, 'Acknowledge')
  button.addEventListener('click', () => {
    if (!may(store, 'acknowledge')) return void logIn(store, 'Acknowledging needs a token, so that it is known who did.')
    button.disabled = true
    setText(told, '')
    post(`/api/alerts/${encodeURIComponent(id)}/acknowledge`, {})
      .catch((error: Error) => setText(told, error.message))
      .finally(() => {
        button.disabled = false
        void store.refreshAlerts()
      })
  })
  const node = h(
    'li',
    { class: 'alert' },
    light,
    h('div', { class: 'alert-text' }, severity, message, about, part),
    h('div', { class: 'alert-do' }, button, told)
  )
  let shown = ''
  return {
    node,
    update(alert) {
      if (shown !== alert.severity) {
        shown = alert.severity
        light.replaceChildren(sign(signs[alert.severity]))
        node.dataset.severity = alert.severity
      }
      const acknowledged = isAcknowledged(alert)
      node.classList.toggle('acknowledged', acknowledged)
      setText(severity, `${alert.severity}${alert.trial ? ' (trial)' : ''} · ${placeOf(alert)}`)
      setText(message, alert.message)
      const by = acknowledged ? ` · acknowledged${alert.by === null ? '' : ` by ${alert.by}`}` : ''
      setText(about, `since ${clock(alert.since)}, ${ago(alert.since, store.now())} · ${alert.count} times · rule ${alert.rule}${by}`)
      button.hidden = acknowledged
      setAttribute(button, 'aria-label', `Acknowledge: ${alert.message}`)
      part.hidden = alert.observation === null
      setAttribute(part, 'href', address('part', { observation: alert.observation, task: alert.task }))
    }
  }
}

const placeOf = ({ line, station }: AlertState): string =>
  line === ALL_LINES ? 'all lines' : station === null ? line : `${line}, ${station}`

function recentPart(): Part<AlertState> {
  const [lasted, severity, line, what, by] = [h('td'), h('td'), h('td'), h('td'), h('td')]
  const raised = h('th', { scope: 'row' })
  return {
    node: h('tr', {}, raised, lasted, severity, line, what, by),
    update(alert) {
      setText(raised, clock(alert.since))
      setText(lasted, duration((alert.clearedAt ?? alert.at) - alert.since))
      setText(severity, alert.severity)
      setText(line, placeOf(alert))
      setText(what, alert.message)
      setText(by, alert.acknowledgedAt === null ? 'nobody' : (alert.by ?? 'somebody'))
    }
  }
}
