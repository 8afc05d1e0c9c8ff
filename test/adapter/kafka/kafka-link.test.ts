/** One client for many calls: what one of them does about a lost connection must not break the others. */
import { createRequire } from 'node:module'
import { setTimeout as sleep } from 'node:timers/promises'
import { describe, expect, test, vi } from 'vitest'
import { Link } from '../../../src/adapter/kafka/link.ts'
import { noKafka, withBroker } from './broker.ts'

/** The client's own, to hold it where it has just connected. */
const Broker = createRequire(import.meta.url)('kafkajs/src/broker/index.js') as { readonly prototype: { connect(): Promise<void> } }

function resolvers(): { readonly promise: Promise<void>; readonly resolve: () => void } {
  let resolve = (): void => undefined
  const promise = new Promise<void>(done => {
    resolve = done
  })
  return { promise, resolve }
}

describe.skipIf(noKafka !== null)('a link', () => {
  const broker = withBroker()

  test('whose call has lost its connection leaves the broker to another that is connecting to it', async () => {
    const { address } = broker()
    const [host, port] = [address.split(':')[0]!, Number(address.split(':')[1])]
    const link = new Link({ brokers: [address] }, [])
    await link.use('look', each => each.anyBroker())
    const lost = resolvers()
    let tries = 0
    const losing = link.use('lose', async () => {
      await lost.promise
      if (tries++ === 0) throw Object.assign(new Error('gone'), { name: 'KafkaJSConnectionClosedError', retriable: true, host, port })
      return 'done'
    })
    await broker().kill()
    await broker().start()
    const [connected, go] = [resolvers(), resolvers()]
    const { connect } = Broker.prototype
    const spy = vi.spyOn(Broker.prototype, 'connect').mockImplementation(async function (this: object) {
      await connect.call(this)
      connected.resolve()
      await go.promise
    })
    const connecting = link.use('connect', async () => 'done')
    await connected.promise
    lost.resolve()
    await sleep(200)
    go.resolve()
    expect(await Promise.all([connecting, losing])).toEqual(['done', 'done'])
    spy.mockRestore()
    await link.close()
  }, 120_000)
})
