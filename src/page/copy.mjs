/**
 * Lays the files of the page that need no compiling beside those that do: `node src/page/copy.mjs`. The page then names all
 * its modules at once, so that a browser fetches them together and not one after the other.
 */
import { copyFileSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'

const to = join(import.meta.dirname, '../../dist/page')
mkdirSync(to, { recursive: true })
for (const file of ['style.css', 'icon.svg']) copyFileSync(join(import.meta.dirname, file), join(to, file))
const modules = readdirSync(to).filter(file => file.endsWith('.js') && !['app.js', 'theme.js', 'shapes.js'].includes(file))
const links = modules.map(file => `    <link rel="modulepreload" href="/page/${file}">\n`).join('')
const html = readFileSync(join(import.meta.dirname, 'index.html'), 'utf8')
writeFileSync(join(to, 'index.html'), html.replace('  </head>', `${links}  </head>`))
