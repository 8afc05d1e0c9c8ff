/**
 * The page: its files are read once, at the start, and served from a closed list, so that no address can name anything else.
 * It needs nothing from elsewhere, and its policy lets nothing else in.
 */
import { createHash } from 'node:crypto'
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { dirname, join } from 'node:path'
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'

/** Scripts, styles and data from here only; no frame, no form that goes elsewhere, nothing inline. */
export const contentPolicy = [
  "default-src 'none'",
  "script-src 'self'",
  "style-src 'self'",
  "img-src 'self' data:",
  "connect-src 'self'",
  "manifest-src 'self'",
  "base-uri 'none'",
  "form-action 'self'",
  "frame-ancestors 'none'",
  "require-trusted-types-for 'script'"
].join('; ')

const types: Readonly<Record<string, string>> = {
  html: 'text/html; charset=utf-8',
  css: 'text/css; charset=utf-8',
  js: 'text/javascript; charset=utf-8',
  svg: 'image/svg+xml'
}

/** Modules of other layers that the page computes with, too. */
const shared = ['judge/interval.js']

interface PageFile {
  readonly type: string
  readonly etag: string
  readonly bytes: Buffer
}

/** Where the built page lies: beside this file, or in `dist` where this file runs from the sources. */
const built = import.meta.url.endsWith('.ts') ? join(import.meta.dirname, '../../dist/page') : join(import.meta.dirname, '../page')

/** The page's files by address. Empty where it has not been built. */
export function pageFiles(folder: string = built): ReadonlyMap<string, PageFile> {
  const files = new Map<string, PageFile>()
  if (!existsSync(join(folder, 'index.html'))) return files
  const add = (address: string, path: string): void => {
    const type = types[path.slice(path.lastIndexOf('.') + 1)]
    if (type === undefined || !existsSync(path)) return
    const bytes = readFileSync(path)
    files.set(address, { type, bytes, etag: `"${createHash('sha256').update(bytes).digest('base64url').slice(0, 22)}"` })
  }
  for (const entry of readdirSync(folder, { withFileTypes: true })) if (entry.isFile()) add(`/page/${entry.name}`, join(folder, entry.name))
  for (const path of shared) add(`/${path}`, join(folder, '..', path))
  const folderOf = (name: string): string => dirname(createRequire(import.meta.url).resolve(name))
  for (const name of ['uPlot.iife.min.js', 'uPlot.min.css']) add(`/page/${name}`, join(folderOf('uplot'), name))
  add('/page/morphdom-umd.min.js', join(folderOf('morphdom'), 'morphdom-umd.min.js'))
  files.set('/', files.get('/page/index.html')!)
  return files
}

/** Serves the page. `allow` refuses who asks under a foreign name; no file holds anything of the plant, so no token is needed. */
export function addPage(app: FastifyInstance, allow: (request: FastifyRequest) => Promise<void>): void {
  for (const [address, file] of pageFiles())
    app.get(address, { onRequest: allow }, async (request, reply) => {
      // Asked for anew each time, answered in a line where nothing has changed: a new version is never mixed with an old one.
      reply.headers({ 'cache-control': 'no-cache', etag: file.etag })
      if (address === '/' || address.endsWith('.html')) protect(reply)
      if (request.headers['if-none-match'] === file.etag) return reply.code(304).send()
      return reply.type(file.type).send(file.bytes)
    })
}

function protect(reply: FastifyReply): void {
  reply.headers({
    'content-security-policy': contentPolicy,
    'referrer-policy': 'no-referrer',
    'x-frame-options': 'DENY',
    'cross-origin-opener-policy': 'same-origin',
    'cross-origin-resource-policy': 'same-origin',
    'permissions-policy': 'camera=(), microphone=(), geolocation=()'
  })
}
