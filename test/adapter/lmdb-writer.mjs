/**
 * A process of its own for the tests of the LMDB log: `node lmdb-writer.mjs COMPILED MODE DIRECTORY COUNT`.
 * `commit` commits COUNT steps (0: until killed) of 20 outputs with a position and a note; `write` writes COUNT records
 * one by one; `read` prints each record of `parts` until COUNT came. COMPILED is the folder of compiled sources.
 */
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'

const [compiled, mode, directory, count] = process.argv.slice(2)
const { openLmdbLog } = await import(pathToFileURL(join(compiled, 'adapter/lmdb/log.js')).href)
const log = await openLmdbLog({ directory, partitions: { lines: 3, parts: 1 }, maxBytes: 256 * 1024 * 1024 })
const steps = Number(count) || Number.POSITIVE_INFINITY
const bytes = text => new TextEncoder().encode(text)

if (mode === 'write') {
  for (let i = 0; i < steps; i++) await log.write([{ topic: 'lines', key: `line-${i % 7}`, value: bytes(`${process.pid} ${i}`) }])
} else if (mode === 'read') {
  process.stdout.write('ready\n')
  let seen = 0
  for await (const batch of log.read(['parts'], [], AbortSignal.timeout(20_000))) {
    for (const { value } of batch) process.stdout.write(`${new TextDecoder().decode(value)}\n`)
    seen += batch.length
    if (seen >= steps) break
  }
} else {
  const claim = await log.claim('g')
  let done = claim.positions()[0]?.offset ?? 0
  process.stdout.write('ready\n')
  for (let i = 0; i < steps; i++) {
    const outputs = Array.from({ length: 20 }, (_, j) => ({
      topic: 'parts',
      key: null,
      value: bytes(`${done + j}${' '.repeat((j * 97) % 300)}`)
    }))
    done += 20
    await claim.commit({
      outputs,
      positions: [{ topic: 'lines', partition: 0, offset: done }],
      notes: [{ key: 'done', value: bytes(`${done}`) }]
    })
  }
}
await log.close()
