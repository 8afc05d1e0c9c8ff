/**
 * A snapshot as records of a log: its state in chunks, and last a header that names them.
 *
 *     snapshot = chunk* header          in this order; records of other snapshots may stand between
 *     chunk    = "andon-chunk 1 " id " " index LF bytes
 *     header   = "andon-snapshot 1 " sum LF json
 *     id       = UUID, one for each snapshot
 *     index    = decimal, from 0
 *     sum      = hexadecimal SHA-256 of json
 *     json     = {fold, positions, learned, sha256, bytes, id, chunks: [offset of each chunk]}
 *
 * A header is written once its chunks are durable: what has none is no snapshot.
 */
import { createHash } from 'node:crypto'
import type { SnapshotHeader } from './snapshot-store.ts'

const CHUNK = 'andon-chunk 1 '
const HEADER = 'andon-snapshot 1 '
const LF = 10
/** Where the first line of a record must have ended: the longest is the header's, with its sum. */
const LINE_BYTES = 128

/** A header with what only the log needs of it. */
export interface PublishedHeader extends SnapshotHeader {
  readonly id: string
  /** Offset of each chunk. */
  readonly chunks: readonly number[]
}

export type SnapshotRecord =
  | { readonly kind: 'chunk'; readonly id: string; readonly index: number; readonly bytes: Uint8Array }
  | { readonly kind: 'header'; readonly header: PublishedHeader }
  /** Neither: what came instead, in words. */
  | { readonly kind: 'damaged'; readonly damage: string }

export function encodeChunk(id: string, index: number, bytes: Uint8Array): Uint8Array {
  return Buffer.concat([Buffer.from(`${CHUNK}${id} ${index}\n`), bytes])
}

export function encodeHeader({ fold, positions, learned, sha256: sum, bytes, id, chunks }: PublishedHeader): Uint8Array {
  const json = JSON.stringify({ fold, positions, learned, sha256: sum, bytes, id, chunks })
  return Buffer.from(`${HEADER}${sha256(Buffer.from(json))}\n${json}`)
}

/** What a record of the topic is. Shares memory with `value`. */
export function decodeSnapshotRecord(value: Uint8Array): SnapshotRecord {
  const bytes = Buffer.from(value.buffer, value.byteOffset, value.length)
  const end = bytes.subarray(0, LINE_BYTES).indexOf(LF)
  const line = bytes.toString('latin1', 0, Math.max(0, end))
  const rest = bytes.subarray(end + 1)
  if (line.startsWith(CHUNK)) {
    const [id = '', index = ''] = line.slice(CHUNK.length).split(' ')
    return { kind: 'chunk', id, index: Number(index), bytes: rest }
  }
  if (!line.startsWith(HEADER)) return { kind: 'damaged', damage: `a record of ${bytes.length} bytes that begins '${shown(bytes)}'` }
  if (line.slice(HEADER.length) !== sha256(rest)) return { kind: 'damaged', damage: 'a header that differs from its checksum' }
  return { kind: 'header', header: JSON.parse(rest.toString()) as PublishedHeader }
}

/** Hexadecimal. */
export function sha256(bytes: Uint8Array): string {
  return createHash('sha256').update(bytes).digest('hex')
}

function shown(bytes: Buffer): string {
  return bytes.toString('latin1', 0, HEADER.length).replace(/[^ -~]/g, '?')
}
