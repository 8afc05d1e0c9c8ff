/**
 * What the pipeline needs from a durable log, and nothing more. The law-suite `test/pipeline/log.laws.ts` holds every
 * adapter to what is written here.
 */

/** A place in a partition. As a record's own position it names that record; as a reader's, the first one not yet taken. */
export interface Position {
  readonly topic: string
  readonly partition: number
  readonly offset: number
}

export interface Incoming extends Position {
  readonly key: string | null
  /** May lie in the memory of all that came with it: who keeps it for long keeps a copy. */
  readonly value: Uint8Array
  /** When the log took it, milliseconds since 1970. Never goes back within a partition. */
  readonly timestamp: number
}

export interface Outgoing {
  readonly topic: string
  /** Decides the partition (murmur2, as Kafka's clients do) and keeps its records in order. Null spreads by turns. */
  readonly key: string | null
  readonly value: Uint8Array
  /**
   * When another log took it, milliseconds since 1970: a copy keeps its age. Never later than now nor before an earlier
   * record of its partition; a log that cannot set its own time takes no notice.
   */
  readonly timestamp?: number
}

/** A change of what a group keeps beside its positions: `value` null removes the key, which has at most 1,900 bytes of UTF-8. */
export interface Note {
  readonly key: string
  readonly value: Uint8Array | null
}

/** One step of a group. All of it becomes durable, or none of it. */
export interface Commit {
  readonly outputs: readonly Outgoing[]
  /** Where to read on, for each partition taken from since the last commit. */
  readonly positions: readonly Position[]
  readonly notes: readonly Note[]
}

/**
 * The right to move a group's positions. The newest claim of a group wins: every later commit of an older one throws
 * `LOG_FENCED` and changes nothing, so that two processes never learn as one.
 */
export interface Claim {
  /** The positions committed when the claim was made, or by this claim since. A partition never committed is absent. */
  positions(): readonly Position[]
  /**
   * Every note of the group, in the order of its keys' UTF-8 bytes. Read it before this claim's first commit: of a note
   * changed while the iteration runs, either value may come.
   */
  notes(): AsyncIterable<{ readonly key: string; readonly value: Uint8Array }>
  /**
   * Resolves once durable, with the positions the outputs were given. Throws `LOG_FULL` (retry: nothing was written),
   * `LOG_FENCED` (fatal), `LOG_CLOSED` (fatal).
   */
  commit(commit: Commit): Promise<readonly Position[]>
}

export interface Log {
  /** Number of partitions of every topic. */
  readonly partitions: Readonly<Record<string, number>>

  /**
   * Resolves once every record is durable, with their positions. All or none. Throws as `Claim.commit` does, and
   * `INPUT_INVALID` for a topic that the log does not have.
   */
  write(records: readonly Outgoing[]): Promise<readonly Position[]>

  /**
   * Yields batches of at most `limit` records, never an empty one, starting at `from` and, for partitions it does not
   * name, at the oldest record kept. Records of a partition come in offset order, each once. A log with one global
   * sequence yields them in that sequence. A reader whose position retention has passed goes on at the oldest record
   * kept. Waits for records not yet written, by this process or another. Ends when `signal` aborts. Memory stays
   * bounded by one batch: nothing is read ahead of the caller.
   */
  read(topics: readonly string[], from: readonly Position[], signal: AbortSignal, limit?: number): AsyncIterable<readonly Incoming[]>

  /** The position after the last record of every partition of the topics. */
  ends(topics: readonly string[]): Promise<readonly Position[]>

  /** The position of the oldest record kept of every partition of the topics. */
  starts(topics: readonly string[]): Promise<readonly Position[]>

  claim(group: string): Promise<Claim>

  /** Positions of a group as committed, without claiming it. */
  committed(group: string): Promise<readonly Position[]>

  /** Idempotent. Readers end, later calls throw `LOG_CLOSED`. */
  close(): Promise<void>
}

/** What a member of a group was given to do: records of some partitions, in offset order within each. */
export interface Portion {
  readonly records: readonly Incoming[]
  /**
   * Writes the outputs and moves the group's positions behind the records. Whoever dies between leaves the records to another
   * member, who writes the outputs again: at least once, and exactly once where both happen in one commit. Throws as
   * `Claim.commit` does, but not `LOG_FENCED`: where the partitions have gone to another member meanwhile, nothing is moved.
   */
  done(outputs: readonly Outgoing[]): Promise<void>
}

/** A log in which a commit under way, of any process, holds back what is written behind it. */
export interface Settling {
  /**
   * As `ends`, once all that was written before the call can be read: what was committed is then found before these ends.
   * Throws the signal's reason when it aborts before.
   */
  settled(topics: readonly string[], signal: AbortSignal): Promise<readonly Position[]>
}

/** A log whose partitions several processes can share out among them. */
export interface Shared {
  /**
   * Takes part in a group: yields what this member is given, from where the group stands on, until `signal` aborts. The
   * partitions of the topics that have the same number go to the same member. A new portion of a partition comes only after
   * the one before is done.
   */
  share(group: string, topics: readonly string[], signal: AbortSignal, limit?: number): AsyncIterable<Portion>
}

/** The right to act, until it is lost. */
export interface Lease {
  /** Aborts when another may act, or the holder cannot know that none does. */
  readonly lost: AbortSignal
  release(): Promise<void>
}

/** A log that knows who of several processes lives. */
export interface Leasing {
  /**
   * Resolves once no other process holds the lease of this name; throws the signal's reason when it aborts before. Who has
   * lost it may ask again, and comes before those who wait if it has been nobody's meanwhile. `taken` is called once it is
   * known that another one holds it.
   */
  lease(name: string, signal: AbortSignal, taken?: () => void): Promise<Lease>
}

/** A log that may be cut off from where it is kept. Its calls then wait. */
export interface Reachable {
  /** What it waits for, in words; null while it is answered. */
  readonly unreachable: string | null
}

/** What may be forgotten. Absent limits keep for ever. */
export interface Retention {
  readonly topic: string
  readonly keepMs?: number
  readonly keepBytes?: number
}

/** A log that can forget. */
export interface Forgetful {
  /**
   * Removes the oldest records beyond each limit, by age at `now` or by size, but never one at or after a floor of its
   * partition. Returns how many records went, by topic.
   */
  retain(retentions: readonly Retention[], floors: readonly Position[], now: number): Promise<Readonly<Record<string, number>>>
}
