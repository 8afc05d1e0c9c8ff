/** What is posted is durable before it is answered: as an event, or whole in `rejects`. */
import { describe, expect, test } from 'vitest'
import { openAvroCodec } from '../../src/adapter/avro/codec.ts'
import { openMemoryLog } from '../../src/adapter/memory/log.ts'
import type { Events, Observation, Prediction, Rejection } from '../../src/events/event.ts'
import { topics } from '../../src/events/event.ts'
import { Intake } from '../../src/pipeline/intake.ts'
import type { Log } from '../../src/pipeline/log.ts'
import { Posting, type PostingOptions } from '../../src/pipeline/posting.ts'
import { range } from '../../src/pipeline/range.ts'
import { Shards } from '../../src/pipeline/shards.ts'

const NOW = Date.UTC(2026, 4, 1)
const codec = openAvroCodec({ maxBytes: 4096 })
const policy = { maxSkewMs: 1000, maxFeatures: 10_000 }
const never = new AbortController().signal

function posting(change: Partial<PostingOptions> = {}) {
  const log = openMemoryLog({ partitions: Object.fromEntries(Object.keys(topics).map(topic => [topic, 1])), clock: () => NOW })
  const told: string[] = []
  const made = new Posting({
    log,
    codec,
    intake: new Intake(codec, policy),
    policy,
    shards: new Shards(),
    clock: () => NOW,
    maxWaiting: 10,
    predictWaitMs: 60_000,
    predictionOf: () => null,
    tell: (topic, outcome) => told.push(`${topic} ${outcome}`),
    ...change
  })
  return { log, told, posting: made }
}

async function rejectsIn(log: Log): Promise<Rejection[]> {
  const found: Rejection[] = []
  for await (const { value } of range(log, 'rejects', [], await log.ends(['rejects']), never)) {
    const decoded = codec.decode(value)
    if ('code' in decoded || decoded.name !== 'rejection') throw new Error(`expected a rejection, came ${JSON.stringify(decoded)}`)
    found.push(decoded.event)
  }
  return found
}

const label = (observation: string): Events['label'] => ({ observation, line: 'l', time: NOW, source: null, labels: { fault: 'none' } })
const observation = (id: string, features: Observation['features'] = { torque: 1 }): Observation => ({
  id,
  line: 'l',
  station: null,
  product: null,
  time: NOW,
  features
})
const wide = observation('wide', Object.fromEntries(Array.from({ length: 1000 }, (_, i) => [`sensor-${i}`, i])))

describe('an id that another line has taken', () => {
  test('gives who posts it here nothing of what is predicted there', async () => {
    const prediction = (line: string) => ({ id: 'p', observation: 'x', line, tasks: [] }) as unknown as Prediction
    const answer = async (line: string) => {
      const { posting: made } = posting({ predictionOf: () => prediction(line) })
      const [receipt] = await made.post('observation', [observation('x')], never)
      return receipt?.accepted === true ? receipt.prediction : undefined
    }
    expect(await answer('elsewhere')).toBeNull()
    expect(await answer('l')).toEqual(prediction('l'))
  })
})

describe('what is posted and is no event', () => {
  test('goes to rejects whole, with its topic and its reason, and is counted', async () => {
    const { posting: made, log, told } = posting()
    const bytes = new TextEncoder().encode('{"id": 1, "line": ["wrong"]}')
    await made.reject('label', [
      { bytes, code: 'malformed', reason: 'id: expected text, got 1' },
      { bytes: new Uint8Array(), code: 'malformed', reason: 'nothing' }
    ])
    const [first, second] = await rejectsIn(log)
    expect(first).toMatchObject({
      topic: 'labels',
      code: 'malformed',
      reason: 'id: expected text, got 1',
      time: NOW,
      truncated: false,
      length: bytes.length
    })
    expect(new Uint8Array(first!.value)).toEqual(bytes)
    expect([second!.length, second!.value.length]).toEqual([0, 0])
    expect(told).toEqual(['labels rejected', 'labels rejected'])
  })

  test('is not counted where it could not be made durable', async () => {
    const full = openMemoryLog({ partitions: { rejects: 1 }, clock: () => NOW, maxRecords: 0 })
    const { posting: made, told } = posting({ log: full })
    await expect(made.reject('label', [{ bytes: Uint8Array.of(1), code: 'malformed', reason: 'x' }])).rejects.toMatchObject({
      code: 'LOG_FULL'
    })
    expect(told).toEqual([])
  })
})

describe('a record longer than its limit', () => {
  test('is rejected by itself, whole, and the others of the request are taken', async () => {
    const { posting: made, log, told } = posting()
    const request = made.post('observation', [observation('a'), wide, observation('b')], never)
    await expect.poll(async () => (await log.ends(['observations']))[0]!.offset).toBe(2)
    for (const id of ['a', 'b']) made.served({ observation: id, line: 'l', station: null, time: NOW, learned: 0, fold: 1, tasks: [] })
    const receipts = await request
    expect(receipts.map(each => each.accepted)).toEqual([true, false, true])
    expect(receipts[1]).toMatchObject({ rejection: { code: 'too-long', reason: expect.stringMatching(/at most 4096 bytes/) } })
    const [kept] = await rejectsIn(log)
    expect(kept).toMatchObject({ code: 'too-long', topic: 'observations' })
    expect(JSON.parse(new TextDecoder().decode(kept!.value))).toEqual(wide)
    expect(told).toEqual(['observations rejected'])
  })

  test('a codec that breaks for another reason fails the request', async () => {
    const broken = {
      ...codec,
      encode: () => {
        throw new TypeError('broken')
      }
    }
    const { posting: made } = posting({ codec: broken })
    await expect(made.post('label', [label('a')], never)).rejects.toThrow('broken')
  })
})

describe('an observation', () => {
  test('is durable before it is answered, and answered with the prediction it has already', async () => {
    const prediction = { observation: 'a', line: 'l', station: null, time: NOW, learned: 3, fold: 1, tasks: [] }
    const { posting: made, log } = posting({ predictionOf: id => (id === 'a' ? prediction : null) })
    expect(await made.post('observation', [observation('a')], never)).toMatchObject([
      { accepted: true, prediction, position: { offset: 0 } }
    ])
    expect((await log.ends(['observations']))[0]!.offset).toBe(1)
  })

  test('whose sender has gone is answered without a prediction and waits no longer', async () => {
    const { posting: made } = posting({ maxWaiting: 1 })
    const gone = new AbortController()
    const request = made.post('observation', [observation('a')], gone.signal)
    await expect(made.post('observation', [observation('b')], never)).rejects.toMatchObject({ code: 'OVERLOADED' })
    gone.abort()
    expect(await request).toMatchObject([{ accepted: true, prediction: null }])
    const next = made.post('observation', [observation('b')], never)
    made.served({ observation: 'b', line: 'l', station: null, time: NOW, learned: 0, fold: 1, tasks: [] })
    expect(await next).toMatchObject([{ accepted: true, prediction: { observation: 'b' } }])
  })
})

test('a label without a class is rejected with its code; what came stays readable', async () => {
  const { posting: made, log } = posting()
  const empty = { ...label('a'), labels: {} }
  expect(await made.post('label', [empty, label('b')], never)).toMatchObject([
    { accepted: false, rejection: { code: 'no-labels' } },
    { accepted: true }
  ])
  expect(JSON.parse(new TextDecoder().decode((await rejectsIn(log))[0]!.value))).toEqual(empty)
})
