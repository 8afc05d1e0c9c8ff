/** The laws over the log in memory, and a planted fault for each way to break them. */
import { describe, expect, test } from 'vitest'
import { Random } from '../../src/numeric/random.ts'
import type { Saved } from '../../src/numeric/saved.ts'
import type { Claim, Commit, Outgoing, Position } from '../../src/pipeline/log.ts'
import { pipelineLaws } from './pipeline.laws.ts'
import { type Plant, World } from './world.ts'

describe('a pipeline over the log in memory', () => {
  for (const { name, run } of pipelineLaws) test(name, { timeout: 300_000 }, () => run(options => World.make(options)))
})

describe('a pipeline so slow that every record is a step', () => {
  let now = 0
  const stopwatch = (): number => {
    now += 1000
    return now
  }
  for (const { name, run } of pipelineLaws)
    test(name, { timeout: 300_000 }, () => run(given => World.make({ options: { ...given?.options, stopwatch } })))
})

const committing =
  (commit: (claim: Claim, given: Commit) => ReturnType<Claim['commit']>): NonNullable<Plant['log']> =>
  log => ({
    claim: async group => {
      const claim = await log.claim(group)
      return { ...claim, commit: given => commit(claim, given) }
    }
  })

const dropped = (topic: string): NonNullable<Plant['log']> =>
  committing((claim, given) => claim.commit({ ...given, outputs: given.outputs.filter(output => output.topic !== topic) }))

const moved = (by: number): Plant => ({
  snapshots: store => ({
    write: (header, state) =>
      store.write(
        { ...header, positions: header.positions.map(p => (p.topic === 'examples' ? { ...p, offset: p.offset + by } : p)) },
        state
      )
  })
})

/** Commits are acknowledged at once and written with the next one. */
const late: NonNullable<Plant['log']> = log => ({
  claim: async group => {
    const claim = await log.claim(group)
    const positions = new Map(claim.positions().map(p => [`${p.topic}/${p.partition}`, p]))
    let waiting: Commit | null = null
    return {
      ...claim,
      positions: () => [...positions.values()],
      commit: async given => {
        for (const p of given.positions) positions.set(`${p.topic}/${p.partition}`, p)
        const before = waiting
        waiting = given
        return before === null ? [] : claim.commit(before)
      }
    }
  }
})

let draws = 0
const faults: Readonly<Record<string, Plant>> = {
  'positions are committed apart from outputs': {
    log: committing(async (claim, { outputs, positions, notes }) => {
      await claim.commit({ outputs: [], positions, notes })
      return claim.commit({ outputs, positions: [], notes: [] })
    })
  },
  'outputs are committed before their positions': {
    log: committing(async (claim, { outputs, positions, notes }) => {
      const places: readonly Position[] = await claim.commit({ outputs, positions: [], notes: [] })
      await claim.commit({ outputs: [], positions, notes })
      return places
    })
  },
  'a snapshot is taken before its outputs are committed': { log: late },
  'a draw is not seeded': {
    state: state => ({
      encode: state.encode,
      decode: bytes => ({ ...(state.decode(bytes) as { [key: string]: Saved }), random: new Random(1000 + draws++).save() })
    })
  },
  'the waiting room is not committed': { log: committing((claim, given) => claim.commit({ ...given, notes: [] })) },
  'the learner is fed the same example twice': {
    log: committing((claim, given) => {
      const twice = (output: Outgoing): Outgoing[] => (output.topic === 'examples' ? [output, output] : [output])
      return claim.commit({ ...given, outputs: given.outputs.flatMap(twice) })
    })
  },
  'the learner is fed a record that the log holds once': {
    log: log => ({
      async *read(topics, from, signal) {
        for await (const batch of log.read(topics, from, signal))
          yield batch.flatMap(each => (each.topic === 'examples' ? [each, each] : [each]))
      }
    })
  },
  'a snapshot is written with a position too early': moved(-1),
  'a snapshot is written with a position too late': moved(1),
  'signals are lost': { log: dropped('signals') },
  'rejects are lost': { log: dropped('rejects') },
  'predictions are lost': { log: dropped('predictions') },
  'labels are known before they arrive': {
    feed: chunks => {
      const early = chunks.slice(1).flatMap(chunk => chunk.filter(({ topic }) => topic === 'labels'))
      return [[...early, ...chunks[0]!], ...chunks.slice(1).map(chunk => chunk.filter(({ topic }) => topic !== 'labels'))]
    }
  }
}

describe('the laws of a pipeline go red', () => {
  test.each(Object.keys(faults))('when %s', { timeout: 300_000 }, async name => {
    const red: string[] = []
    for (const law of pipelineLaws) {
      try {
        await law.run(options => World.make({ ...options, plant: faults[name]! }))
      } catch {
        red.push(law.name)
        break
      }
    }
    expect(red.length).toBeGreaterThan(0)
  })
})
