/** A view of the page: built when it is opened, told to go when it is left. */
import type { Store } from './store.ts'

export interface View {
  /** In the address, after `#/`. */
  readonly name: string
  readonly title: string
  /** Builds it in `root`; `rest` is what the address says beyond its name. Aborting `left` ends whatever it has started. */
  open(root: HTMLElement, store: Store, rest: URLSearchParams, left: AbortSignal): void
}

/** Runs now and again every so often while the page is looked at, until `left` aborts. A run that is still under way is not doubled. */
export function every(ms: number, left: AbortSignal, run: () => Promise<void>): void {
  let busy = false
  const go = async (): Promise<void> => {
    if (busy || document.visibilityState === 'hidden') return
    busy = true
    await run().catch(() => undefined)
    busy = false
  }
  const timer = setInterval(() => void go(), ms)
  const seen = (): void => void go()
  document.addEventListener('visibilitychange', seen)
  left.addEventListener('abort', () => {
    clearInterval(timer)
    document.removeEventListener('visibilitychange', seen)
  })
  void go()
}

/** The address of a view. */
export function address(name: string, rest: Readonly<Record<string, string | null>> = {}): string {
  const query = new URLSearchParams(Object.entries(rest).flatMap(([key, value]) => (value === null || value === '' ? [] : [[key, value]])))
  const text = query.toString()
  return `#/${name}${text === '' ? '' : `?${text}`}`
}
