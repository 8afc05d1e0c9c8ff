/** A real small file system, to see a full disk. Needs root and the right to mount. */
import { spawnSync } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

export interface SmallDisk {
  readonly path: string
  unmount(): void
}

/** Mounts a file system of so many bytes, or says why it cannot. */
export function mountSmallDisk(bytes: number): SmallDisk | string {
  if (process.getuid?.() !== 0) return 'mounting a small file system needs root'
  const path = mkdtempSync(join(tmpdir(), 'andon-small-'))
  const mounted = spawnSync('mount', ['-t', 'tmpfs', '-o', `size=${bytes}`, 'andon-small', path], { encoding: 'utf8' })
  if (mounted.status !== 0) {
    rmSync(path, { recursive: true })
    return `mount was refused: ${mounted.stderr?.trim() || mounted.error}`
  }
  return {
    path,
    unmount() {
      spawnSync('umount', ['-l', path])
      rmSync(path, { recursive: true, force: true })
    }
  }
}
