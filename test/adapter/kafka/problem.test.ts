/** What errors out of the client mean: those that pass, and those that look like it. */
import { describe, expect, test } from 'vitest'
import { isFenced, problemOf } from '../../../src/adapter/kafka/problem.ts'
import { Fault } from '../../../src/fault/fault.ts'

const doing = { what: 'reach the cluster', user: null }
const coded = (code: string): Error => Object.assign(new Error(`said ${code}`), { code })
/** As the client wraps what its retries ended with. */
const wrapped = (cause: Error): Error => Object.assign(new Error(cause.message, { cause }), { name: 'KafkaJSNumberOfRetriesExceeded' })

describe('an error of the operating system', () => {
  test.each(['ECONNREFUSED', 'ECONNRESET', 'EPIPE', 'ETIMEDOUT', 'ENOTFOUND', 'EAI_AGAIN', 'EHOSTUNREACH'])('%s passes', code => {
    expect(problemOf(coded(code), doing)).toMatchObject({ passing: true, said: expect.stringContaining('gone or busy') })
  })

  test.each(['ENOENT', 'EACCES', 'EISDIR', 'EPERM'])('%s is of a file, and does not', code => {
    expect(problemOf(coded(code), doing).passing).toBe(false)
  })
})

test('a fault that says that another process has taken over is still known by what the cluster said', () => {
  const { fault } = problemOf(wrapped(Object.assign(new Error('old'), { type: 'INVALID_PRODUCER_EPOCH' })), doing)
  expect(fault()).toMatchObject({ code: 'LOG_FENCED' })
  expect(isFenced(fault())).toBe(true)
})

test('a fault of our own, thrown while the client signs in, stays what it is', () => {
  const fault = new Fault('FILE_UNREADABLE', 'expected a token', coded('ENOENT'))
  for (const error of [fault, wrapped(fault), wrapped(wrapped(fault))]) {
    const problem = problemOf(error, doing)
    expect([problem.passing, problem.fault()]).toEqual([false, fault])
  }
})
