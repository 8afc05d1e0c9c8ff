/**
 * The kernel in WebAssembly SIMD, on a memory of its own: whoever drops the kernel drops the memory. The memory is shared,
 * so that views do not detach when it grows. Places are found by size: powers of two, each with a list of what was given
 * back.
 */
import type { Kernel } from './kernel.ts'
import { simdBinary } from './simd-binary.ts'

/** The functions of simd.as.ts; arrays are byte offsets. */
interface Functions {
  gather(W: number, stride: number, from: number, width: number, index: number, value: number, n: number, out: number, add: number): void
  // biome-ignore format: one line a function
  update(W: number, S: number, stride: number, from: number, width: number, index: number, value: number, n: number, delta: number, rate: number, shrink: number, keep: number): void
  // biome-ignore format: one line a function
  updateGroups(W: number, S: number, stride: number, from: number, K: number, C: number, index: number, value: number, n: number, delta: number, rate: number, shrink: number, keep: number, groups: number, count: number, places: number): void
  forward(zg: number, z: number, K: number, C: number, g: number, P: number, q: number): void
  // biome-ignore format: one line a function
  blame(g: number, P: number, q: number, y: number, w: number, K: number, C: number, r: number, deltaGate: number, delta: number): void
  // biome-ignore format: one line a function
  nearest(M: number, capacity: number, n: number, D: number, kinds: number, scale: number, x: number, room: number, count: number, nearest: number, squares: number): number
}

const PAGE = 65_536
/** The most a 32-bit memory may have. */
const MOST_PAGES = 65_536
/** Least size of a place in bytes: a vector. */
const LEAST = 16
const f = Math.fround

/** Compiled once a process: it holds no state. */
const compiled: { module: WebAssembly.Module | null | undefined } = { module: undefined }

function compile(): WebAssembly.Module | null {
  if (compiled.module === undefined && typeof WebAssembly === 'undefined') compiled.module = null
  if (compiled.module === undefined) {
    const bytes = Uint8Array.from(atob(simdBinary), c => c.charCodeAt(0))
    compiled.module = WebAssembly.validate(bytes) ? new WebAssembly.Module(bytes) : null
  }
  return compiled.module
}

function sharedMemory(): WebAssembly.Memory | null {
  if (typeof SharedArrayBuffer === 'undefined') return null
  try {
    return new WebAssembly.Memory({ initial: 1, maximum: MOST_PAGES, shared: true })
  } catch (error) {
    if (error instanceof RangeError) return null // no room to reserve its addresses
    throw error
  }
}

/** Null where the engine has no SIMD or no shared memory, or the process no room for one. */
export function simdKernel(): Kernel | null {
  const module = compile()
  if (module === null) return null
  const memory = sharedMemory()
  if (memory === null) return null
  const wasm = new WebAssembly.Instance(module, { env: { memory } }).exports as unknown as Functions
  const places = new Places(memory)
  return {
    name: 'simd',
    floats(n) {
      const at = places.take(n * 4) // before the buffer is asked for: it is another one once the memory has grown
      return new Float32Array(memory.buffer, at, n)
    },
    ints(n) {
      const at = places.take(n * 4)
      return new Int32Array(memory.buffer, at, n)
    },
    release: array => places.give(array.byteOffset, array.byteLength),
    clear: () => places.clear(),
    gather(W, stride, from, width, { index, value, n }, out, add) {
      wasm.gather(W.byteOffset, stride, from, width, index.byteOffset, value.byteOffset, n, out.byteOffset, add ? 1 : 0)
    },
    update(W, S, stride, from, width, { index, value, n }, delta, { rate, decay, forgetting }) {
      const shrink = f(f(rate) * f(decay))
      // biome-ignore format: one call
      wasm.update(W.byteOffset, S.byteOffset, stride, from, width, index.byteOffset, value.byteOffset, n, delta.byteOffset, rate, shrink, forgetting)
    },
    updateGroups(W, S, stride, from, K, C, { index, value, n }, delta, { rate, decay, forgetting }, groups, count, places) {
      const shrink = f(f(rate) * f(decay))
      // biome-ignore format: one call
      wasm.updateGroups(W.byteOffset, S.byteOffset, stride, from, K, C, index.byteOffset, value.byteOffset, n, delta.byteOffset, rate, shrink, forgetting, groups.byteOffset, count, places.byteOffset)
    },
    forward(zg, z, K, C, g, P, q) {
      wasm.forward(zg.byteOffset, z.byteOffset, K, C, g.byteOffset, P.byteOffset, q.byteOffset)
    },
    blame(g, P, q, y, w, K, C, r, deltaGate, delta) {
      wasm.blame(g.byteOffset, P.byteOffset, q.byteOffset, y, w, K, C, r.byteOffset, deltaGate.byteOffset, delta.byteOffset)
    },
    nearest(M, capacity, n, D, kinds, scale, x, room, count, nearest, squares) {
      // biome-ignore format: one call
      return wasm.nearest(M.byteOffset, capacity, n, D, kinds.byteOffset, scale.byteOffset, x.byteOffset, room.byteOffset, count, nearest.byteOffset, squares.byteOffset)
    }
  }
}

/** Which bytes of a memory are taken. */
class Places {
  readonly #memory: WebAssembly.Memory
  readonly #free = new Map<number, number[]>()
  /** First byte never taken; the start is left out, so that no array lies at 0. */
  #end = LEAST

  constructor(memory: WebAssembly.Memory) {
    this.#memory = memory
  }

  /** Offset of at least `bytes` zeroed bytes. Throws RangeError where the memory may not grow further. */
  take(bytes: number): number {
    const size = sizeOf(bytes)
    const given = this.#free.get(size)?.pop()
    if (given !== undefined) {
      new Uint8Array(this.#memory.buffer, given, size).fill(0)
      return given
    }
    const at = this.#end
    const lacking = at + size - this.#memory.buffer.byteLength
    if (lacking > 0) this.#memory.grow(Math.ceil(lacking / PAGE))
    this.#end += size
    return at
  }

  give(at: number, bytes: number): void {
    const size = sizeOf(bytes)
    const free = this.#free.get(size)
    if (free === undefined) this.#free.set(size, [at])
    else free.push(at)
  }

  clear(): void {
    new Uint8Array(this.#memory.buffer, 0, this.#end).fill(0)
    this.#free.clear()
    this.#end = LEAST
  }
}

function sizeOf(bytes: number): number {
  let size = LEAST
  while (size < bytes) size *= 2
  return size
}
