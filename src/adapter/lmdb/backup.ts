/** Copies of a log: taken while others write, and put back where nothing is. A copy is whole or absent. */
import { existsSync } from 'node:fs'
import { copyFile, mkdir, open, readdir, rename, rm } from 'node:fs/promises'
import { dirname, join, resolve } from 'node:path'
import { Fault } from '../../fault/fault.ts'
import { openTables } from './tables.ts'

const FILE = 'data.mdb'
/** What node and strerror say of ENOSPC and EDQUOT; LMDB's copy reports words only. */
const FULL = /ENOSPC|EDQUOT|no space left|quota exceeded/i

/**
 * Copies the log in `directory` to the new directory `target`, as it stands at one moment, while any process may go on
 * writing. Compacted, so that it needs the room of its records only. Resolves once durable.
 *
 * Throws `FILE_UNREADABLE` where there is no log or `target` is not empty, `LOG_FULL` where the copy has no room,
 * leaving nothing behind.
 */
export async function backupLmdb(directory: string, target: string): Promise<void> {
  await expectEmpty(target)
  const tables = openTables(directory, undefined, 0, true)
  try {
    await place(target, partial => tables.root.backup(partial, true))
  } finally {
    await tables.root.close()
  }
}

/**
 * Puts the log that `backupLmdb` wrote to `source` into `directory`, which must be absent or empty. Resolves once
 * durable. Throws as `backupLmdb` does, and `LOG_DAMAGED` where `source` holds no log.
 */
export async function restoreLmdb(source: string, directory: string): Promise<void> {
  await expectEmpty(directory)
  await openTables(source, undefined, 0, true).root.close()
  await place(directory, partial => copyFile(join(source, FILE), join(partial, FILE)))
}

async function expectEmpty(directory: string): Promise<void> {
  if (existsSync(directory) && (await readdir(directory)).length > 0)
    throw new Fault(
      'FILE_UNREADABLE',
      `expected ${directory} to be absent or empty, came other files: nothing is ever overwritten, name another`
    )
}

/** Has `copy` fill a directory beside `target`, makes that durable, and gives it its name. */
async function place(target: string, copy: (partial: string) => Promise<void>): Promise<void> {
  const partial = `${resolve(target)}.partial`
  try {
    await rm(partial, { recursive: true, force: true })
    await mkdir(partial, { recursive: true })
    await copy(partial)
    for (const path of [join(partial, FILE), partial]) await sync(path)
    await rename(partial, target)
    await sync(dirname(resolve(target)))
  } catch (error) {
    await rm(partial, { recursive: true, force: true })
    if (error instanceof Fault) throw error
    throw FULL.test(String(error))
      ? new Fault('LOG_FULL', `expected room for a copy in ${target}, came ${String(error)}: free some space`, error)
      : new Fault('FILE_UNREADABLE', `expected to write a copy to ${target}, came ${String(error)}: check the path`, error)
  }
}

async function sync(path: string): Promise<void> {
  const file = await open(path, 'r')
  try {
    await file.sync()
  } finally {
    await file.close()
  }
}
