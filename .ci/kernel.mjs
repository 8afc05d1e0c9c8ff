/**
 * Makes src/numeric/simd-binary.ts of src/numeric/simd.as.ts: `node .ci/kernel.mjs`. With `--check` it writes nothing and
 * ends with 1 where what is there differs from what would be made.
 */
import { execFileSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

const root = join(import.meta.dirname, '..')
const source = 'src/numeric/simd.as.ts'
const target = join(root, 'src/numeric/simd-binary.ts')
const work = mkdtempSync(join(tmpdir(), 'kernel-'))
try {
  const wasm = join(work, 'kernel.wasm')
  const words = `${source} -o ${wasm} --runtime stub --noAssert --optimizeLevel 3 --shrinkLevel 0 --enable simd --enable threads --importMemory --sharedMemory --initialMemory 1 --maximumMemory 65536`
  // The compiler is 100 MB: it is had when it is needed, in the version whose output is kept, and is no dependency.
  execFileSync('npm', ['exec', '--yes', '--package=assemblyscript@0.28.20', '--', 'asc', ...words.split(' ')], {
    cwd: root,
    stdio: 'inherit'
  })
  const lines = readFileSync(wasm)
    .toString('base64')
    .match(/.{1,120}/g)
  const text = [
    '/** Made by `npm run kernel` of simd.as.ts: its WebAssembly in base64. */',
    'export const simdBinary =',
    ...lines.map((line, i) => `  '${line}'${i < lines.length - 1 ? ' +' : ''}`),
    ''
  ].join('\n')
  if (!process.argv.includes('--check')) writeFileSync(target, text)
  else if (readFileSync(target, 'utf8') !== text) {
    console.error('expected src/numeric/simd-binary.ts as simd.as.ts makes it, it differs: run npm run kernel')
    process.exitCode = 1
  }
} finally {
  rmSync(work, { recursive: true, force: true })
}
