/** Faults to be planted in a log, so that each law is seen to go red. */
import { Fault } from '../../src/fault/fault.ts'
import type { Claim, Commit, Forgetful, Incoming, Log } from '../../src/pipeline/log.ts'

export type Whole = Log & Forgetful
export type Plant = (log: Whole) => Partial<Whole>

/** A log that commits in a way of its own. */
const committing =
  (commit: (claim: Claim, commit: Commit, log: Whole, group: string) => ReturnType<Claim['commit']>): Plant =>
  log => ({
    claim: async group => {
      const claim = await log.claim(group)
      return { ...claim, commit: given => commit(claim, given, log, group) }
    }
  })

/** A log that reads in a way of its own. */
const reading =
  (change: (batch: readonly Incoming[], n: number) => readonly Incoming[]): Plant =>
  log => ({
    read(topics, from, signal, limit) {
      const batches = log.read(topics, from, signal, limit)
      return (async function* () {
        let n = 0
        for await (const batch of batches) yield change(batch, n++)
      })()
    }
  })

/** What an adapter may get wrong, by name. */
export const faults: Readonly<Record<string, Plant>> = {
  'positions are committed apart from outputs': committing(async (claim, { outputs, positions, notes }) => {
    await claim.commit({ outputs: [], positions, notes })
    return claim.commit({ outputs, positions: [], notes: [] })
  }),
  'outputs are written apart from positions': committing(async (claim, { outputs, positions, notes }, log) => {
    const places = await log.write(outputs)
    await claim.commit({ outputs: [], positions, notes })
    return places
  }),
  'notes are lost': committing((claim, commit) => claim.commit({ ...commit, notes: [] })),
  'a note is never removed': committing((claim, commit) =>
    claim.commit({ ...commit, notes: commit.notes.filter(({ value }) => value !== null) })
  ),
  'fencing is ignored': committing(async (claim, commit, log, group) => {
    try {
      return await claim.commit(commit)
    } catch (error) {
      if (!(error instanceof Fault) || error.code !== 'LOG_FENCED') throw error
      return (await log.claim(group)).commit(commit)
    }
  }),
  'a record comes twice': reading((batch, n) => (n === 0 ? [batch[0]!, ...batch] : batch)),
  'a record is left out': reading(batch => (batch.length > 1 ? batch.slice(1) : batch)),
  'a batch comes in the wrong order': reading(batch => [...batch].reverse()),
  'keys are lost': reading(batch => batch.map(record => ({ ...record, key: null }))),
  'the limit is ignored': log => ({ read: (topics, from, signal) => log.read(topics, from, signal, 1000) }),
  'the position is ignored': log => ({ read: (topics, _from, signal, limit) => log.read(topics, [], signal, limit) }),
  'readers end where the log ends': log => ({
    read(topics, from, signal, limit) {
      const batches = log.read(topics, from, signal, limit)[Symbol.asyncIterator]()
      const next = () =>
        Promise.race([
          batches.next(),
          new Promise<{ done: true; value: undefined }>(end => setImmediate(() => end({ done: true, value: undefined })))
        ])
      return { [Symbol.asyncIterator]: () => ({ next }) }
    }
  }),
  'groups share their notes': log => ({ claim: () => log.claim('all') }),
  'retention passes the floor': log => ({ retain: (retentions, _floors, now) => log.retain(retentions, [], now) }),
  'retention removes nothing': () => ({ retain: async () => ({}) }),
  'half of a refused write stays': log => ({
    async write(records) {
      const places = []
      for (const record of records) places.push(...(await log.write([record])))
      return places
    }
  }),
  'the time that another log gave is forgotten': log => ({
    write: records => log.write(records.map(({ topic, key, value }) => ({ topic, key, value })))
  }),
  'a closed log still takes records': log => ({ close: async () => void log })
}

/** A log with a fault in it. */
export function planted(inner: Whole, plant: Plant): Whole {
  const changed = plant(inner)
  return {
    partitions: inner.partitions,
    write: records => (changed.write ?? inner.write.bind(inner))(records),
    read: (topics, from, signal, limit) => (changed.read ?? inner.read.bind(inner))(topics, from, signal, limit),
    ends: topics => inner.ends(topics),
    starts: topics => inner.starts(topics),
    claim: group => (changed.claim ?? inner.claim.bind(inner))(group),
    committed: group => inner.committed(group),
    retain: (retentions, floors, at) => (changed.retain ?? inner.retain.bind(inner))(retentions, floors, at),
    close: () => (changed.close ?? inner.close.bind(inner))()
  }
}
