/** The file of a token is read at each sign-in: one that cannot be read is told as such. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { loadConfig } from '../../../src/config/load.ts'
import { kafkaOptionsOf } from '../../../src/wiring.ts'

test('a token file is read anew each time, and one that is not there is a file that cannot be read', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'andon-token-'))
  try {
    const file = join(folder, 'token')
    const env = {
      ANDON_LOG__KIND: 'kafka',
      ANDON_LOG__KAFKA__TLS__ENABLED: 'true',
      ANDON_LOG__KAFKA__SASL__MECHANISM: 'oauthbearer',
      ANDON_LOG__KAFKA__SASL__TOKENFILE: file
    }
    const { sasl } = kafkaOptionsOf(loadConfig({ path: undefined, env }).log)
    if (sasl?.mechanism !== 'oauthbearer') throw new Error('expected to sign in with a token')
    await expect(sasl.token()).rejects.toMatchObject({
      code: 'FILE_UNREADABLE',
      message: expect.stringContaining('log.kafka.sasl.tokenFile')
    })
    for (const text of ['first', 'second']) {
      writeFileSync(file, `${text}\n`)
      expect((await sasl.token()).reveal()).toBe(text)
    }
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
})
