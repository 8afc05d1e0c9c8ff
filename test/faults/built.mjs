/** The built parts that the fault runs use. Plain JavaScript, as the processes they start run without a compiler. */
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'

export const distOf = given => given ?? join(import.meta.dirname, '..', '..', 'dist')

/** Exports of several built modules in one object: `await built(dist, 'wiring', 'config/load')`. */
export async function built(dist, ...modules) {
  const loaded = await Promise.all(modules.map(name => import(pathToFileURL(join(dist, `${name}.js`)).href)))
  return Object.assign({}, ...loaded)
}
