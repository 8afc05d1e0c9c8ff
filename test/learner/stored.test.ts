/**
 * The upgrade test: a state saved long ago still loads and goes on to the same bytes. Where a change of what `take` computes
 * is meant, raise `FOLD` and write the state and its fingerprint anew:
 *
 *     ANDON_WRITE_FIXTURES=1 npx vitest run test/learner/stored.test.ts
 */
import { createHash } from 'node:crypto'
import { readFileSync, writeFileSync } from 'node:fs'
import { expect, test } from 'vitest'
import { decodeSaved, encodeSaved } from '../../src/adapter/file/saved.ts'
import { FOLD, Learner } from '../../src/learner/learner.ts'
import { log, small } from './stream.ts'

const state = new URL(`snapshot-v${FOLD}.bin`, import.meta.url)
const fingerprint = new URL(`snapshot-v${FOLD}.sha256`, import.meta.url)
const sha256 = (learner: Learner) => createHash('sha256').update(encodeSaved(learner.save())).digest('hex')

const options = { ...small, experts: 2, single: false }
const all = log(21, 120)

function goneOn(learner: Learner): string {
  for (const entry of all.slice(60)) learner.take(entry)
  return sha256(learner)
}

if (process.env.ANDON_WRITE_FIXTURES === '1') {
  const learner = new Learner(options)
  for (const entry of all.slice(0, 60)) learner.take(entry)
  writeFileSync(state, encodeSaved(learner.save()))
  writeFileSync(fingerprint, `${goneOn(learner)}\n`)
}

test('the stored state of this version of the fold loads, goes on, and ends in the stored fingerprint', () => {
  const learner = Learner.load(decodeSaved(readFileSync(state)), options)
  expect(learner.learned).toBeGreaterThan(20)
  expect(goneOn(learner)).toBe(readFileSync(fingerprint, 'utf8').trim())
})

test('the log from its beginning ends in the same fingerprint', () => {
  const learner = new Learner(options)
  for (const entry of all.slice(0, 60)) learner.take(entry)
  expect(goneOn(learner)).toBe(readFileSync(fingerprint, 'utf8').trim())
})

test('another log ends in another fingerprint', () => {
  const learner = new Learner(options)
  for (const entry of log(22, 120)) learner.take(entry)
  expect(sha256(learner)).not.toBe(readFileSync(fingerprint, 'utf8').trim())
})
