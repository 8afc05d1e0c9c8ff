/**
 * What the page knows: the live state, filled by the stream, and answers asked for by the views that are open. Whoever shows
 * something listens to its name and reads it when told.
 */
import type { Signal } from '../events/event.ts'
import type { Pulse, Tile } from '../pipeline/board.ts'
import { Answered, get } from './api.ts'
import type { Alerts, Me, Status, TaskField } from './shapes.ts'

export type Topic = 'pulse' | 'alerts' | 'signal' | 'link' | 'status' | 'me'
/** `live`: events come. `waiting`: the server does not answer, what is shown is from before. `locked`: it wants a token. */
export type Link = 'starting' | 'live' | 'waiting' | 'locked'

export const tileKey = ({ line, station }: Pick<Tile, 'line' | 'station'>): string => JSON.stringify([line, station])

export class Store {
  pulse: Pulse | null = null
  readonly tiles = new Map<string, Tile>()
  /** Null where this server has no alerts, or none that are known yet. */
  alerts: Alerts | null = null
  status: Status | null = null
  me: Me | null = null
  /** Addresses that this server has, of those that not every server has. */
  offers: readonly string[] = []
  link: Link = 'starting'
  /** When the last event came. */
  heardAt = 0
  /** Milliseconds that the server's clock is ahead of this one. */
  ahead = 0
  readonly #listeners = new Map<Topic, Set<(value?: unknown) => void>>()
  /** What is asked of each task, and the answer under way. */
  #statusOf: readonly TaskField[] = []
  #statusAsked: { readonly of: string; readonly answer: Promise<void> } | null = null
  #alertsAsked: Promise<void> | null = null
  #alertsAgain = false

  /** The server's time. */
  now(): number {
    return Date.now() + this.ahead
  }

  /** Calls `listener` whenever a topic changed, until what it returns is called. */
  on(topics: readonly Topic[], listener: (value?: unknown) => void): () => void {
    for (const topic of topics) {
      const listeners = this.#listeners.get(topic) ?? new Set()
      listeners.add(listener)
      this.#listeners.set(topic, listeners)
    }
    return () => {
      for (const topic of topics) this.#listeners.get(topic)?.delete(listener)
    }
  }

  tell(topic: Topic, value?: unknown): void {
    for (const listener of [...(this.#listeners.get(topic) ?? [])]) listener(value)
  }

  takePulse(pulse: Pulse): void {
    // A restarted server begins anew: what the one before told of its stations is not its own.
    if (this.pulse !== null && pulse.startedAt !== this.pulse.startedAt) this.tiles.clear()
    this.pulse = pulse
    this.heardAt = Date.now()
    this.ahead = pulse.at - Date.now()
    for (const tile of pulse.tiles) this.tiles.set(tileKey(tile), tile)
    this.setLink('live')
    this.tell('pulse')
  }

  takeSignal(signal: Signal): void {
    this.tell('signal', signal)
  }

  setLink(link: Link): void {
    if (this.link === link) return
    this.link = link
    this.tell('link')
  }

  /** Asks for the status with so much of each task, by default what was asked for last; once for all who want the same now. */
  refreshStatus(fields: readonly TaskField[] = this.#statusOf): Promise<void> {
    const of = fields.join()
    this.#statusOf = fields
    if (this.#statusAsked?.of === of) return this.#statusAsked.answer
    const answer = this.#ask(async () => {
      const status = await get<Status>(`/status?fields=${of}`)
      // The view that wanted it may have been left meanwhile.
      if (this.#statusAsked?.of !== of) return
      this.status = status
      this.tell('status')
    }).finally(() => {
      if (this.#statusAsked?.of === of) this.#statusAsked = null
    })
    this.#statusAsked = { of, answer }
    return answer
  }

  /** Asks for the alerts; of a server that starts, those known before stand. What happens while the answer is under way is asked for again. */
  refreshAlerts(): Promise<void> {
    if (this.#alertsAsked !== null) this.#alertsAgain = true
    this.#alertsAsked ??= this.#ask(async () => {
      if (this.offers.includes('/api/alerts')) this.alerts = await get<Alerts>('/api/alerts')
      else if (this.pulse?.ready !== false) this.alerts = null
      this.tell('alerts')
    }).finally(() => {
      this.#alertsAsked = null
      if (!this.#alertsAgain) return
      this.#alertsAgain = false
      void this.refreshAlerts()
    })
    return this.#alertsAsked
  }

  async refreshMe(): Promise<void> {
    await this.#ask(async () => {
      this.me = this.offers.includes('/api/me') ? await get<Me>('/api/me') : null
      this.tell('me')
    })
  }

  /** What cannot be had now is had later: the stream tells when the server is back. */
  async #ask(run: () => Promise<void>): Promise<void> {
    try {
      await run()
    } catch (error) {
      if (error instanceof Answered && error.status === 401) this.setLink('locked')
    }
  }
}
