/** The waiting room under every interleaving, with restarts at any point. */
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import type { Label } from '../../src/events/event.ts'
import { MAX_TASKS, Room, type RoomOptions } from '../../src/join/room.ts'

const HOUR = 3_600_000
const roomy: RoomOptions = { maxWaiting: 1000, maxAgeMs: HOUR, predictionWaitMs: 1000, maxIds: 1000 }
const bytes = (text: string): Uint8Array => new TextEncoder().encode(text)
const text = (value: Uint8Array | null): string | null => (value === null ? null : new TextDecoder().decode(value))
const origin = (timestamp: number, offset = 0) => ({ topic: 'labels', partition: 0, offset, timestamp })
const labelOf = (observation: string, line: string, time: number, labels: Record<string, string>): Label => ({
  observation,
  line,
  time,
  source: null,
  labels
})

type Event =
  | { readonly kind: 'observation' | 'prediction'; readonly id: string }
  | { readonly kind: 'label'; readonly label: Label; readonly offset: number }

/** A room with what it made and told since the beginning, over as many restarts as there are. */
class Table {
  room: Room
  readonly options: RoomOptions
  readonly notes = new Map<string, Uint8Array>()
  readonly made: string[] = []
  /** What a learner would hold: (id, task) → class, the last one told. */
  readonly standing = new Map<string, string>()
  readonly served: (string | null)[] = []
  readonly outcomes: string[] = []
  readonly left: string[] = []

  constructor(options: RoomOptions) {
    this.options = options
    this.room = new Room(options)
  }

  take(event: Event, now: number): void {
    if (event.kind === 'label') this.outcomes.push(this.room.label(event.label, origin(now, event.offset)))
    else if (event.kind === 'observation') this.outcomes.push(this.room.observe(event.id, lineOf(event.id), now, bytes(event.id), now))
    else this.outcomes.push(this.room.predict(event.id, now, bytes(`p-${event.id}`)))
    this.drain()
  }

  drain(): void {
    for (const { observation, prediction, label } of this.room.ready()) {
      expect(text(observation)).toBe(label.observation)
      expect(label.line).toBe(lineOf(label.observation))
      this.served.push(text(prediction))
      for (const task in label.labels) {
        this.made.push(`${label.observation} ${task} ${label.labels[task]}`)
        this.standing.set(`${label.observation} ${task}`, label.labels[task]!)
      }
    }
    for (const { reason, id, labels } of this.room.left()) this.left.push(`${reason} ${id} ${labels.length}`)
  }

  restart(): void {
    this.commit()
    this.room = new Room(this.options)
    for (const key of [...this.notes.keys()].sort()) this.room.restore(key, this.notes.get(key)!)
    this.room.restored()
  }

  commit(): void {
    for (const { key, value } of this.room.changes()) {
      if (value === null) this.notes.delete(key)
      else this.notes.set(key, value)
    }
  }
}

const lineOf = (id: string): string => (id < 'c' ? 'line-1' : 'line-2')
const ids = ['a', 'b', 'c'] as const
const labels = fc.array(
  fc.record({
    id: fc.constantFrom(...ids),
    stranger: fc.nat(4).map(n => n === 0),
    time: fc.integer({ min: 100, max: 104 }),
    labels: fc.dictionary(fc.constantFrom('fault', 'grade'), fc.constantFrom('x', 'y', 'z'), { minKeys: 1, noNullPrototype: true })
  }),
  { maxLength: 10 }
)

/** The label that stands for each (id, task): of its own line, the latest, then the greatest name. */
function expected(events: readonly Event[]): Record<string, string> {
  const best = new Map<string, { time: number; name: string }>()
  for (const event of events) {
    if (event.kind !== 'label' || event.label.line !== lineOf(event.label.observation)) continue
    for (const [task, name] of Object.entries(event.label.labels)) {
      const key = `${event.label.observation} ${task}`
      const before = best.get(key)
      const { time } = event.label
      if (before === undefined || time > before.time || (time === before.time && name > before.name)) best.set(key, { time, name })
    }
  }
  return sorted(new Map([...best].map(([key, { name }]) => [key, name])))
}

const sorted = (map: ReadonlyMap<string, string>): Record<string, string> => Object.fromEntries([...map].sort())

const interleaving = labels
  .map((given): Event[] => [
    ...ids.flatMap((id): Event[] => [
      { kind: 'observation', id },
      { kind: 'prediction', id }
    ]),
    ...given.map(
      ({ id, stranger, time, labels }, offset): Event => ({
        kind: 'label',
        offset,
        label: labelOf(id, stranger ? 'line-9' : lineOf(id), time, labels)
      })
    )
  ])
  .chain(events => fc.shuffledSubarray(events, { minLength: events.length, maxLength: events.length }))

describe('the waiting room', () => {
  test('any interleaving of observations, predictions and labels ends in the same (id, task, label), each once unless corrected', () => {
    fc.assert(
      fc.property(interleaving, events => {
        const table = new Table(roomy)
        for (const event of events) table.take(event, 100)
        expect(sorted(table.standing)).toEqual(expected(events))
        expect(new Set(table.served)).toEqual(new Set(table.served.length === 0 ? [] : table.served.filter(p => p !== null)))
        const pairs = new Set(table.made.map(made => made.slice(0, made.lastIndexOf(' '))))
        expect(table.made.length - pairs.size).toBeLessThanOrEqual(table.outcomes.filter(outcome => outcome === 'corrected').length * 2)
        for (const pair of pairs) {
          const classes = table.made.filter(made => made.startsWith(`${pair} `))
          for (const [i, one] of classes.entries()) expect(one).not.toBe(classes[i - 1])
        }
      }),
      { numRuns: 500, seed: 1 }
    )
  })

  test('a restart at any point changes nothing: not what is made, not what is told, not what is kept', () => {
    fc.assert(
      fc.property(interleaving, fc.array(fc.nat(20), { maxLength: 4 }), fc.integer({ min: 1, max: 4 }), (events, restarts, maxWaiting) => {
        const options = { ...roomy, maxWaiting, maxIds: 2 }
        const whole = new Table(options)
        const cut = new Table(options)
        events.forEach((event, i) => {
          whole.take(event, 100 + i)
          cut.take(event, 100 + i)
          if (restarts.includes(i)) cut.restart()
        })
        for (const table of [whole, cut]) {
          table.room.tick(1000, 1000)
          table.room.tick(9000, 9000)
          table.drain()
          table.restart()
        }
        expect(cut.made).toEqual(whole.made)
        expect(cut.served).toEqual(whole.served)
        expect(cut.outcomes).toEqual(whole.outcomes)
        expect(cut.left).toEqual(whole.left)
        expect(cut.room.size).toEqual(whole.room.size)
        expect([...cut.notes.keys()].sort()).toEqual([...whole.notes.keys()].sort())
      }),
      { numRuns: 500, seed: 2 }
    )
  })

  test('its bounds hold, and every observation and label in it is made into an example, told, or still there', () => {
    fc.assert(
      fc.property(
        fc.array(fc.record({ id: fc.integer({ min: 0, max: 30 }), what: fc.nat(2), age: fc.integer({ min: 0, max: 3000 }) }), {
          maxLength: 120
        }),
        events => {
          const options = { maxWaiting: 5, maxAgeMs: 1000, predictionWaitMs: 100, maxIds: 3 }
          const room = new Room(options)
          const quiet = new Set<string>()
          let waitingLabels = 0
          events.forEach(({ id, what, age }, i) => {
            const now = 10_000 + 40 * i
            const time = now - age
            if (what === 0 && room.observe(`${id}`, 'l', time, bytes(`${id}`), now) === 'waiting') quiet.add(`${id}`)
            if (what === 1) room.predict(`${id}`, time, bytes('p'))
            if (what === 2 && room.label(labelOf(`${id}`, 'l', time, { [`t${i}`]: 'x' }), origin(now)) === 'waiting') waitingLabels++
            room.tick(now, now)
            for (const { observation } of room.ready()) {
              waitingLabels--
              quiet.delete(text(observation)!)
            }
            for (const { id, labels } of room.left()) {
              waitingLabels -= labels.length
              quiet.delete(id)
            }
            const { observations, labels } = room.size
            expect(observations).toBeLessThanOrEqual(options.maxWaiting)
            expect(observations).toBeGreaterThanOrEqual(quiet.size)
            expect(labels).toBe(waitingLabels)
          })
        }
      ),
      { numRuns: 300, seed: 3 }
    )
  })

  test('an observation without a label leaves after its time and is told; then it is known as repeated', () => {
    const room = new Room({ ...roomy, maxAgeMs: 1000 })
    expect(room.observe('a', 'l', 5000, bytes('a'), 5000)).toBe('waiting')
    expect(room.observe('b', 'l', 5500, bytes('b'), 5500)).toBe('waiting')
    expect(room.observe('c', 'l', 6011, bytes('c'), 6011)).toBe('waiting')
    expect(room.left()).toEqual([{ reason: 'unlabelled', id: 'a', observed: true, labels: [] }])
    expect(room.observe('a', 'l', 5000, bytes('a'), 6011)).toBe('repeated')
    expect(room.observe('d', 'l', 5000, bytes('d'), 6011)).toBe('expired')
    expect(room.admits('d', 5000)).toBe(false)
    expect(room.label(labelOf('a', 'l', 6011, { fault: 'x' }), origin(6011))).toBe('expired')
    expect(room.size.observations).toBe(2)
  })

  test('an old observation behind a young one leaves in its own time', () => {
    const room = new Room({ ...roomy, maxAgeMs: 1000 })
    room.observe('young', 'l', 5900, bytes('young'), 5900)
    room.observe('old', 'l', 5000, bytes('old'), 5900)
    room.observe('now', 'l', 6020, bytes('now'), 6020)
    expect(room.left().map(({ id }) => id)).toEqual(['old'])
  })

  test('an event from the future does not empty the room', () => {
    const room = new Room({ ...roomy, maxAgeMs: 1000 })
    room.observe('a', 'l', 5000, bytes('a'), 5000)
    room.observe('b', 'l', 5000 + 24 * HOUR, bytes('b'), 5000)
    room.label(labelOf('z', 'l', 5000 + 24 * HOUR, { fault: 'x' }), origin(5000))
    expect(room.left()).toEqual([])
    expect(room.observe('c', 'l', 5001, bytes('c'), 5001)).toBe('waiting')
  })

  test('a label whose observation never comes leaves whole; should the observation come after all, it is taken', () => {
    const room = new Room({ ...roomy, maxAgeMs: 1000 })
    const label = labelOf('a', 'l', 5000, { fault: 'x', grade: 'A' })
    room.label(label, origin(5000, 7))
    room.observe('b', 'l', 6020, bytes('b'), 6020)
    expect(room.left()).toEqual([
      { reason: 'never-seen', id: 'a', observed: false, labels: [{ label, origin: origin(5000, 7), stands: { fault: 5000, grade: 5000 } }] }
    ])
    expect(room.admits('a', 5990)).toBe(true)
    expect(room.observe('a', 'l', 5990, bytes('a'), 6020)).toBe('waiting')
  })

  test('labels of another line are turned away, before and after the observation, and take no place from the right one', () => {
    const before = new Room(roomy)
    const stranger = labelOf('a', 'other', 90, { fault: 'z' })
    expect(before.label(stranger, origin(90))).toBe('waiting')
    expect(before.label(labelOf('a', 'l', 50, { fault: 'x' }), origin(90))).toBe('waiting')
    before.observe('a', 'l', 40, bytes('a'), 90)
    before.predict('a', 40, bytes('p'))
    expect(before.left()).toMatchObject([{ reason: 'wrong-line', id: 'a', labels: [{ label: stranger }] }])
    expect(before.ready().map(({ label }) => label.labels)).toEqual([{ fault: 'x' }])
    expect(before.label(stranger, origin(90))).toBe('wrong-line')
  })

  test('one task now and another later are two examples; a correction is one more; an older label is superseded', () => {
    const room = new Room(roomy)
    room.observe('a', 'l', 10, bytes('a'), 10)
    room.predict('a', 10, bytes('p'))
    const tell = (time: number, labels: Record<string, string>) => room.label(labelOf('a', 'l', time, labels), origin(time))
    expect(tell(20, { fault: 'x' })).toBe('waiting')
    expect(tell(30, { fault: 'x', grade: 'A' })).toBe('waiting')
    expect(tell(40, { fault: 'x' })).toBe('repeated')
    expect(tell(35, { fault: 'y' })).toBe('superseded')
    expect(tell(50, { fault: 'y', grade: 'A' })).toBe('corrected')
    expect(room.ready().map(({ label }) => label.labels)).toEqual([{ fault: 'x' }, { grade: 'A' }, { fault: 'y' }])
  })

  test('without its prediction a labelled observation waits until all that was written in its time has been heard', () => {
    const room = new Room(roomy)
    room.label(labelOf('a', 'l', 10, { fault: 'x' }), origin(10))
    room.tick(0, 0)
    room.tick(60_000, 60_000)
    room.observe('a', 'l', 10, bytes('a'), 10)
    room.tick(100_000, 100_000)
    room.tick(200_000, 100_999)
    expect(room.ready()).toEqual([])
    room.tick(200_000, 101_000)
    expect(room.ready().map(({ prediction, label }) => [prediction, label.labels])).toEqual([[null, { fault: 'x' }]])
    expect(room.predict('a', 10, bytes('p'))).toBe('joined')
    expect(room.ready()).toEqual([])
  })

  test('the oldest leaves a full room: with its labels as examples, without them told', () => {
    const room = new Room({ ...roomy, maxWaiting: 2 })
    room.observe('a', 'l', 10, bytes('a'), 10)
    room.label(labelOf('a', 'l', 11, { fault: 'x' }), origin(11))
    room.label(labelOf('b', 'l', 12, { fault: 'y' }), origin(12))
    room.observe('c', 'l', 13, bytes('c'), 13)
    expect(room.ready().map(({ prediction, label }) => [prediction, label.labels])).toEqual([[null, { fault: 'x' }]])
    room.observe('d', 'l', 14, bytes('d'), 14)
    room.observe('e', 'l', 15, bytes('e'), 15)
    expect(room.left().map(({ reason, id, labels }) => [reason, id, labels.length])).toEqual([
      ['overflowed', 'b', 1],
      ['overflowed', 'c', 0]
    ])
  })

  test('labels without end for one part are told, not kept', () => {
    const room = new Room(roomy)
    const tasks = (n: number, from = 0) => Object.fromEntries(Array.from({ length: n }, (_, i) => [`t${from + i}`, 'x']))
    expect(room.label(labelOf('a', 'l', 10, tasks(MAX_TASKS)), origin(10))).toBe('waiting')
    expect(room.label(labelOf('a', 'l', 10, tasks(1, MAX_TASKS)), origin(10))).toBe('overflowed')
    expect(room.label(labelOf('b', 'l', 10, tasks(MAX_TASKS + 1)), origin(10))).toBe('overflowed')
    expect(room.size.labels).toBe(1)
  })
})
