/** What a start makes of snapshots and a log that do not fit: passed over and told, or refused. */
import { describe, expect, test } from 'vitest'
import { encodeSaved } from '../../src/adapter/file/saved.ts'
import type { Signal } from '../../src/events/event.ts'
import { Fault } from '../../src/fault/fault.ts'
import type { Outgoing } from '../../src/pipeline/log.ts'
import { codec, input, learnerOptions, MemorySnapshots, type Plant, World } from './world.ts'

const examples = (from: number, to: number): Outgoing[] =>
  Array.from({ length: to - from }, (_, i) => input.example(from + i, { fault: (from + i) % 3 === 0 ? 'scratch' : 'none' }))

/** Two lives of ten examples: a snapshot at each end. */
async function lived(plant: Plant = {}): Promise<{ world: World; snapshots: MemorySnapshots }> {
  const snapshots = new MemorySnapshots()
  const world = await World.make({ snapshots, plant, options: { snapshot: { everyExamples: 100, keep: 2 } } })
  for (const round of [examples(0, 10), examples(10, 20)]) {
    await world.log.write(round)
    await world.drain()
  }
  expect(snapshots.kept.map(({ header }) => header.learned)).toEqual([10, 20])
  return { world, snapshots }
}

async function expectWhole(world: World): Promise<void> {
  const pipeline = await world.drain()
  expect(Buffer.compare(encodeSaved(pipeline.learner!.save()), (await world.fold()).bytes)).toBe(0)
}

/** The second life over the same log and snapshots, with the signals that the first wrote changed on their way. */
async function rewritten(change: (signals: Outgoing[]) => Outgoing[]): Promise<unknown> {
  const { world, snapshots } = await lived({
    log: log => ({
      claim: async group => {
        const claim = await log.claim(group)
        const others = (outputs: readonly Outgoing[]) => outputs.filter(({ topic }) => topic !== 'signals')
        const signals = (outputs: readonly Outgoing[]) => change(outputs.filter(({ topic }) => topic === 'signals'))
        return { ...claim, commit: given => claim.commit({ ...given, outputs: [...others(given.outputs), ...signals(given.outputs)] }) }
      }
    })
  })
  snapshots.kept = []
  return world.drain()
}

describe('snapshots', () => {
  test('a damaged newest one is told and passed over for the older; a fresh one is written at once', async () => {
    const { world, snapshots } = await lived()
    const read = snapshots.read.bind(snapshots)
    const newest = snapshots.kept.at(-1)!.header.name
    snapshots.read = async name => {
      if (name === newest) throw new Fault('SNAPSHOT_DAMAGED', 'expected a whole snapshot, came half of one')
      return read(name)
    }
    await expectWhole(world)
    expect(world.told.filter(message => message.includes(`${newest} cannot be read`))).toHaveLength(1)
    expect(world.told.join()).toContain('20 examples known, 10 folded again')
    expect(snapshots.kept.at(-1)!.header).toMatchObject({ learned: 20, name: '000003' })
  })

  test('one ahead of the log is told and passed over', async () => {
    const { world, snapshots } = await lived()
    const { header, state } = snapshots.kept[0]!
    const positions = [{ topic: 'examples', partition: 0, offset: 1000 }]
    snapshots.kept.push({ header: { ...header, positions, name: '000009' }, state })
    await expectWhole(world)
    expect(world.told.join()).toMatch(/snapshot 000009 holds examples up to 1000, which the log has not committed: passed over/)
  })

  test('all of them gone, the whole log is folded again', async () => {
    const { world, snapshots } = await lived()
    snapshots.kept = []
    await expectWhole(world)
    expect(world.told.join()).toContain('20 folded again')
  })

  test('one learned with other options is refused with the option named', async () => {
    const { world } = await lived()
    const refused = world.drain(undefined, { learner: { ...learnerOptions, guardShare: 0.5 } })
    await expect(refused).rejects.toMatchObject({ code: 'FOLD_VERSION', message: expect.stringMatching(/got others for guardShare:/) })
  })

  test('one that cannot be read for now is no reason to learn from an older', async () => {
    const { world, snapshots } = await lived()
    snapshots.read = async () => Promise.reject(new Fault('FILE_UNREADABLE', 'expected to read it'))
    await expect(world.drain()).rejects.toMatchObject({ code: 'FILE_UNREADABLE' })
    expect(snapshots.kept).toHaveLength(2)
  })
})

describe('the log', () => {
  test('examples that retention took before they were in a snapshot kept are a gap that is refused', async () => {
    const { world, snapshots } = await lived()
    await world.log.retain([{ topic: 'examples', keepBytes: 0 }], [{ topic: 'examples', partition: 0, offset: 10 }], world.now)
    await expectWholeFrom(world, 10)
    snapshots.kept = []
    await expect(world.drain()).rejects.toMatchObject({
      code: 'LOG_DAMAGED',
      message: expect.stringMatching(/from 0 on.*oldest kept is 10/)
    })
  })

  test('signals that differ from those told again are refused', async () => {
    const other = ({ value, ...rest }: Outgoing): Outgoing => {
      const decoded = codec.decode(value)
      if ('code' in decoded || decoded.name !== 'signal') throw new Error('expected a signal')
      const event: Signal = { ...decoded.event, message: 'another' }
      return { ...rest, value: codec.encode('signal', event) }
    }
    await expect(rewritten(signals => signals.map(other))).rejects.toMatchObject({
      code: 'FOLD_DIVERGED',
      message: expect.stringMatching(/told again as "another"/)
    })
  })

  test('signals that are missing, or that nothing tells again, are refused', async () => {
    await expect(rewritten(() => [])).rejects.toMatchObject({
      code: 'FOLD_DIVERGED',
      message: expect.stringMatching(/log to hold signal-0/)
    })
    const extra: Signal = {
      id: 'signal-999',
      time: 0,
      kind: 'task-appeared',
      domain: null,
      task: 'ghost',
      class: null,
      bank: null,
      expert: null,
      value: null,
      learned: 0,
      message: 'a ghost'
    }
    const ghost = { topic: 'signals', key: null, value: codec.encode('signal', extra) }
    // Once: what reads signals would commit for ever what each commit adds.
    let told = false
    const once = (signals: Outgoing[]): Outgoing[] => {
      if (told || signals.length === 0) return signals
      told = true
      return [...signals, ghost]
    }
    await expect(rewritten(once)).rejects.toMatchObject({
      code: 'FOLD_DIVERGED',
      message: expect.stringMatching(/"a ghost", got nothing/)
    })
  })
})

/** Recovers from the snapshot at `offset`: there is one, and nothing before it is asked for. */
async function expectWholeFrom(world: World, offset: number): Promise<void> {
  expect(await world.log.starts(['examples'])).toEqual([{ topic: 'examples', partition: 0, offset }])
  const pipeline = await world.drain()
  expect(pipeline.learner!.learned).toBe(20)
}
