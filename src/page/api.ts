/** What is asked of the server. Every answer that is none is an `Answered` error with the words of the server. */

export class Answered extends Error {
  readonly status: number

  constructor(status: number, message: string) {
    super(message)
    this.name = 'Answered'
    this.status = status
  }
}

/** The answer, or null where this server has no such address yet. Throws `Answered`. */
export async function get<T>(address: string, signal?: AbortSignal): Promise<T | null> {
  const response = await fetch(address, { headers: { accept: 'application/json' }, ...(signal === undefined ? {} : { signal }) })
  if (response.status === 404) return null
  return (await answerOf(response)) as T
}

/** Takes away what is at an address. */
export async function remove(address: string): Promise<void> {
  await answerOf(await fetch(address, { method: 'DELETE' }))
}

export async function post<T>(address: string, body: unknown): Promise<T> {
  return (await answerOf(
    await fetch(address, {
      method: 'POST',
      headers: { 'content-type': 'application/json', accept: 'application/json' },
      body: JSON.stringify(body)
    })
  )) as T
}

async function answerOf(response: Response): Promise<unknown> {
  const text = await response.text()
  const answer = parsed(text)
  if (response.ok || response.status === 422) return answer
  const told = (answer as { error?: { message?: string } } | null)?.error?.message
  throw new Answered(response.status, told ?? `the server answered ${response.status}`)
}

function parsed(text: string): unknown {
  try {
    return text === '' ? null : JSON.parse(text)
  } catch {
    return null
  }
}
