/** Lays the files of the page that need no compiling beside those that do: `node src/page/copy.mjs`. */
import { copyFileSync, mkdirSync } from 'node:fs'
import { join } from 'node:path'

const to = join(import.meta.dirname, '../../dist/page')
mkdirSync(to, { recursive: true })
for (const file of ['index.html', 'style.css', 'icon.svg']) copyFileSync(join(import.meta.dirname, file), join(to, file))
