import { expect } from 'vitest'

/** That a law finds a planted fault: it was broken, and not by a fault that cannot run at all. */
export function expectBroken(law: () => void): void {
  const thrown = caught(law)
  expect(thrown, 'the law holds in spite of the fault').toBeInstanceOf(Error)
  // fast-check tells a failed property in an error of its own, with what failed as its cause.
  const { cause = thrown } = thrown as Error
  expect((cause as Error).name, `${(cause as Error).stack}`).toBe('AssertionError')
}

function caught(law: () => void): unknown {
  try {
    law()
  } catch (error) {
    return error
  }
  return null
}
