/** The kernel that this engine can run: WebAssembly SIMD, else plain TypeScript, which gives the same bits more slowly. */
import type { Kernel } from './kernel.ts'
import { plainKernel } from './plain-kernel.ts'
import { simdKernel } from './simd-kernel.ts'

/** `wanted` asks for one by name; `simd` is still `plain` where the engine has none. */
export function openKernel(wanted: Kernel['name'] = 'simd'): Kernel {
  return (wanted === 'simd' ? simdKernel() : null) ?? plainKernel()
}
