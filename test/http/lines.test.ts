/** What a token may change something of, and whose name stands in what it posts. */
import { describe, expect, test } from 'vitest'
import { openAvroCodec } from '../../src/adapter/avro/codec.ts'
import { fromJson } from '../../src/events/from-json.ts'
import { digestOf, tokenOf, unnamedToken } from '../../src/http/token.ts'
import { lineIn } from '../../src/wiring-http.ts'
import { answerOf, observation, sendBare, served, token } from './fake-gateway.ts'

const text = 'the-token-of-press-1-and-2'
const press = tokenOf({ name: 'press', role: 'feed', lines: ['press-1', 'press-2'] }, digestOf(text))
const codec = openAvroCodec()
const options = {
  tokens: [press, unnamedToken(token)],
  parse: fromJson,
  lineOf: (name: 'observation' | 'label' | 'example', bytes: Uint8Array) => lineIn(codec.decode(bytes), name)
}
const bearer = { authorization: `Bearer ${text}` }
const seen = (line: string) => ({ ...observation, line })
const label = (line: string, source: string | null = null) => ({ observation: 'p', line, time: 1, source, labels: { fault: 'none' } })
const example = (line: string) => ({ observation: seen(line), labels: { fault: 'none' }, labelTime: 1, source: null, prediction: null })

describe('a token for some lines', () => {
  test.each([
    ['observations', seen],
    ['labels', label],
    ['examples', example]
  ])('posts %s of its own lines; another is refused by its receipt, kept nowhere, and the others go on', async (path, of) => {
    await served(options, async (url, _server, gateway) => {
      const response = await sendBare(`${url}/${path}`, [of('press-1'), of('press-3'), of('press-2')], bearer)
      expect(response.status).toBe(207)
      const { receipts } = await answerOf(response)
      expect(receipts.map(({ accepted }) => accepted)).toEqual([true, false, true])
      expect(receipts[1]!.rejection).toEqual({
        code: 'line-not-allowed',
        reason: 'expected a line that press may touch (press-1, press-2), got another: use another token'
      })
      expect(gateway.posted.flatMap(({ records }) => records)).toHaveLength(2)
      expect(gateway.refused).toEqual([])
      expect((await sendBare(`${url}/${path}`, of('press-3'), bearer)).status).toBe(422)
      expect(gateway.posted).toHaveLength(1)
    })
  })

  test('in Avro too, where the line can be told; what cannot be read is refused', async () => {
    await served(options, async (url, _server, gateway) => {
      const avro = { ...bearer, 'content-type': 'application/avro' }
      expect((await sendBare(`${url}/observations`, codec.encode('observation', seen('press-1')), avro)).status).toBe(200)
      expect((await sendBare(`${url}/examples`, codec.encode('example', example('press-2')), avro)).status).toBe(200)
      expect((await sendBare(`${url}/observations`, codec.encode('observation', seen('press-3')), avro)).status).toBe(422)
      // The label of a line of its own, posted as what it is not, would be told by another check: it goes no further here.
      expect((await sendBare(`${url}/observations`, codec.encode('label', label('press-1')), avro)).status).toBe(422)
      expect((await sendBare(`${url}/observations`, Uint8Array.of(1, 2, 3), avro)).status).toBe(422)
      expect(gateway.posted).toHaveLength(2)
    })
    const { lineOf: _, ...blind } = options
    await served(blind, async (url, _server, gateway) => {
      const avro = { ...bearer, 'content-type': 'application/avro' }
      expect((await sendBare(`${url}/observations`, codec.encode('observation', seen('press-1')), avro)).status).toBe(422)
      expect(gateway.posted).toEqual([])
    })
  })

  test('a record that is no event is rejected as ever, whoever posts it', async () => {
    await served(options, async (url, _server, gateway) => {
      const response = await sendBare(`${url}/labels`, [{ bad: 1 }, label('press-1')], bearer)
      expect(response.status).toBe(207)
      expect((await answerOf(response)).receipts[0]!.rejection.code).toBe('malformed')
      expect(gateway.refused).toHaveLength(1)
    })
  })
})

describe('whose label it is', () => {
  const sources = async (headers: Record<string, string>, path: string, body: unknown) =>
    served(options, async (url, _server, gateway) => {
      expect((await sendBare(`${url}/${path}`, body, headers)).status).toBe(200)
      return (gateway.posted[0]!.records as { source: string | null }[]).map(({ source }) => source)
    })

  test('where it names no source, that of the token; one that it names stays', async () => {
    const body = [label('press-1'), label('press-1', 'gauge-7')]
    expect(await sources(bearer, 'labels', body)).toEqual([press.source, 'gauge-7'])
    expect(await sources(bearer, 'examples', [example('press-1')])).toEqual([press.source])
  })

  test('a token without a name of its own gives none, and observations have none', async () => {
    expect(await sources({ authorization: `Bearer ${token}` }, 'labels', [label('press-9')])).toEqual([null])
    expect(await sources(bearer, 'observations', [seen('press-1')])).toEqual([undefined])
  })
})
