/** The live stream. The browser comes back by itself after a break and says what it heard last; where it gives up, this starts it anew. */
import type { Signal } from '../events/event.ts'
import type { Pulse } from '../pipeline/board.ts'
import type { Store } from './store.ts'

/** A state comes every other second: three missed are a break. */
const SILENT_MS = 7000
const AGAIN_MS = 2000

/** Listens until the page is left. */
export function listen(store: Store): void {
  let source: EventSource | null = null
  /** What this server has is told before the state that goes with it. */
  let offered = false
  let again: ReturnType<typeof setTimeout> | undefined

  const open = (): void => {
    source?.close()
    source = new EventSource('/api/stream')
    source.addEventListener('offers', event => {
      store.offers = read<readonly string[]>(event)
      offered = true
      void store.refreshMe()
    })
    source.addEventListener('status', event => {
      const pulse = read<Pulse>(event)
      const anew = offered || store.link !== 'live' || store.pulse?.ready !== pulse.ready
      store.takePulse(pulse)
      if (anew) void store.refreshAlerts()
      offered = false
    })
    source.addEventListener('signal', event => store.takeSignal(read<Signal>(event)))
    source.addEventListener('alert', () => void store.refreshAlerts())
    source.addEventListener('reset', () => {
      void store.refreshAlerts()
      void store.refreshStatus()
    })
    source.addEventListener('error', () => {
      store.setLink(store.link === 'locked' ? 'locked' : 'waiting')
      // Refused, not cut: the browser would not try again.
      if (source?.readyState === EventSource.CLOSED) retry()
    })
  }
  const retry = (): void => {
    clearTimeout(again)
    again = setTimeout(() => {
      // Tells a server that is gone from one that wants a token: the stream does not say.
      void store.refreshStatus()
      open()
    }, AGAIN_MS)
  }
  setInterval(() => {
    if (store.link === 'live' && Date.now() - store.heardAt > SILENT_MS) {
      store.setLink('waiting')
      open()
    }
  }, 1000)
  open()
}

const read = <T>(event: MessageEvent<string>): T => JSON.parse(event.data) as T
