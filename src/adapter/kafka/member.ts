/**
 * A member of a group, on the classic protocol of groups: whoever joins or goes makes everyone join anew, and one of them says
 * who works on what. Between two joins lies a generation.
 *
 *     join → sync → heartbeat … → (told to join anew) → finish what is under way → join → …
 *
 * Invariant: what is given to us is ours until the generation is over *and* we have joined anew, or until we are expelled.
 */
import { ALLOTMENT, allot, decodeAllotted, decodeCandidate, encodeAllotted, encodeStanding } from './allotment.ts'
import { type Link, pause } from './link.ts'
import { isRegrouped, typeOf } from './problem.ts'
import { GROUP_COORDINATOR, type Joined } from './protocol.ts'

export interface MemberOptions {
  /** This member's alone: a request to join is answered when all have joined, and what comes behind it waits. */
  readonly link: Link
  /** For leaving, which must not wait behind a request to join. */
  readonly aside: Link
  readonly group: string
  /** None where it is about something else than partitions of topics. */
  readonly topics: readonly string[]
  /** How many numbers are shared out. */
  readonly count: number
  /** A member not heard of for so long is expelled. */
  readonly sessionMs: number
  /** How long the others wait for a member that is to join anew. */
  readonly rejoinMs: number
}

export interface Generation {
  readonly id: number
  readonly member: string
  /** The numbers that are ours. */
  readonly mine: readonly number[]
  /** Aborts when everyone is to join anew: finish what is under way, then join. */
  readonly over: AbortSignal
  /** Aborts when we are no longer of the group: what is under way belongs to others. */
  readonly gone: AbortSignal
  /** The group has answered that it no longer knows us, or it is not known what became of our work. */
  expel(): void
}

/** Heartbeats within a session: some may be lost. */
const BEATS = 4
const LEAVE_MS = 2000

export class Member {
  readonly #options: MemberOptions
  #id = ''
  #held: readonly number[] = []
  #generations = 0
  #beating = new AbortController()
  #confirmedAt = Number.NEGATIVE_INFINITY
  readonly #left = new AbortController()
  #joining: Promise<Generation> | null = null
  #leaving: Promise<void> | null = null

  constructor(options: MemberOptions) {
    this.#options = options
  }

  /** When the newest request that the group has answered was sent: for a session after it nobody else is given what is ours. Milliseconds of `performance.now`. */
  get confirmedAt(): number {
    return this.#confirmedAt
  }

  /** Aborts when we leave by our own will. */
  get left(): AbortSignal {
    return this.#left.signal
  }

  /** Takes part in the next generation. Resolves when all have joined; throws as `Link.use` does. Who asks twice joins once. */
  join(): Promise<Generation> {
    this.#joining ??= this.#join().finally(() => {
      this.#joining = null
    })
    return this.#joining
  }

  async #join(): Promise<Generation> {
    this.#beating.abort()
    for (;;) {
      try {
        const joined = await this.#enter()
        const mine = await this.#sync(joined)
        this.#held = mine
        this.#generations++
        return this.#begin(joined.generationId, mine)
      } catch (error) {
        if (!isRegrouped(error)) throw error
        if (typeOf(error) !== 'REBALANCE_IN_PROGRESS') this.#forget()
      }
    }
  }

  /** For good: the connections are closed, and the others need not wait for the session to end. Idempotent. */
  leave(): Promise<void> {
    this.#leaving ??= (async () => {
      this.#left.abort()
      this.#beating.abort()
      const { aside, link, group } = this.#options
      const memberId = this.#id
      if (memberId !== '') {
        const leave = async (): Promise<unknown> =>
          (await aside.coordinatorOf(group, GROUP_COORDINATOR)).leaveGroup({ groupId: group, memberId })
        const told = aside.use(`leave the group ${group}`, leave, LEAVE_MS).catch(() => undefined)
        const late = new AbortController()
        await Promise.race([told, pause(LEAVE_MS, late.signal)])
        late.abort()
      }
      await link.close()
    })()
    return this.#leaving
  }

  async #enter(): Promise<Joined> {
    const { link, group, topics, sessionMs, rejoinMs } = this.#options
    let sent = 0
    const joined = await link.use(`join the group ${group}`, async () => {
      const coordinator = await link.coordinatorOf(group, GROUP_COORDINATOR)
      sent = performance.now()
      return coordinator.joinGroup({
        groupId: group,
        sessionTimeout: sessionMs,
        rebalanceTimeout: rejoinMs,
        memberId: this.#id,
        groupProtocols: [{ name: ALLOTMENT, metadata: encodeStanding(topics, { held: this.#held, generations: this.#generations }) }]
      })
    })
    this.#confirmedAt = sent
    this.#id = joined.memberId
    return joined
  }

  async #sync({ generationId, memberId, leaderId, members }: Joined): Promise<readonly number[]> {
    const { link, group, topics, count } = this.#options
    const candidates = members.map(each => decodeCandidate(each.memberId, each.memberMetadata))
    const given = memberId === leaderId ? [...allot(count, candidates)] : []
    const groupAssignment = given.map(([id, numbers]) => ({ memberId: id, memberAssignment: encodeAllotted(topics, numbers) }))
    let sent = 0
    const { memberAssignment } = await link.use(`be given work of the group ${group}`, async () => {
      const coordinator = await link.coordinatorOf(group, GROUP_COORDINATOR)
      sent = performance.now()
      return coordinator.syncGroup({ groupId: group, generationId, memberId, groupAssignment })
    })
    this.#confirmedAt = sent
    return decodeAllotted(memberAssignment)
  }

  #begin(id: number, mine: readonly number[]): Generation {
    const over = new AbortController()
    const gone = new AbortController()
    const beating = new AbortController()
    this.#beating = beating
    const expel = (): void => {
      beating.abort()
      gone.abort()
      over.abort()
    }
    this.#beat(id, over, beating.signal).catch(expel) // a fault is met again by the next join
    return { id, member: this.#id, mine, over: over.signal, gone: gone.signal, expel }
  }

  /** Goes on when the generation is over, so that we stay in the group while we finish. Throws when we are no longer of it. */
  async #beat(generation: number, over: AbortController, stop: AbortSignal): Promise<void> {
    const { link, group, sessionMs } = this.#options
    const memberId = this.#id
    for (;;) {
      await pause(sessionMs / BEATS, stop)
      if (stop.aborted) return
      let sent = 0
      try {
        await link.use(`stay in the group ${group}`, async () => {
          const coordinator = await link.coordinatorOf(group, GROUP_COORDINATOR)
          sent = performance.now()
          return coordinator.heartbeat({ groupId: group, groupGenerationId: generation, memberId })
        })
      } catch (error) {
        if (typeOf(error) !== 'REBALANCE_IN_PROGRESS') throw error
        over.abort()
      }
      if (!stop.aborted) this.#confirmedAt = sent
    }
  }

  #forget(): void {
    this.#id = ''
    this.#held = []
  }
}
