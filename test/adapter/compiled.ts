/** The sources as JavaScript, for tests that start processes of their own: Node 20 runs no TypeScript. */
import { spawnSync } from 'node:child_process'
import { mkdirSync, rmSync } from 'node:fs'
import { join } from 'node:path'

const root = join(import.meta.dirname, '..', '..')

/** Compiles the sources into a new folder inside the repository, where packages resolve. */
export function compileSources(path = join(root, 'test', '.run', `compiled-${process.pid}`)): { readonly path: string; remove(): void } {
  mkdirSync(path, { recursive: true })
  const tsc = join(root, 'node_modules', '.bin', 'tsc')
  const run = spawnSync(tsc, ['-p', 'tsconfig.build.json', '--outDir', path, '--declaration', 'false', '--sourceMap', 'false'], {
    cwd: root,
    encoding: 'utf8'
  })
  if (run.error) throw run.error
  return { path, remove: () => rmSync(path, { recursive: true, force: true }) }
}
