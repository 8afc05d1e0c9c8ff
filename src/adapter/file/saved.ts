/**
 * Saved state as bytes: the same tree has the same bytes on every machine, and comes back bit for bit.
 *
 *     saved   = version value
 *     version = u8                                1
 *     value   = 0                                 null
 *             | 1 | 2                             false, true
 *             | 3 i32                             a number that is such an integer; never −0
 *             | 4 f64                             any other number; NaN as 7FF8 0000 0000 0000
 *             | 5 string
 *             | 6 count u8*                       Uint8Array
 *             | 7 count i32*                      Int32Array
 *             | 8 count f32*                      Float32Array
 *             | 9 count f64*                      Float64Array
 *             | 10 count value*                   array
 *             | 11 count (string value)*          object, in the order of its keys
 *     string  = count u8*                         UTF-8
 *             | (count | 2^31) u16*               UTF-16, where halves of pairs stand alone
 *     count   = u32                               of what follows it
 *
 * Numbers are little-endian. MessagePack's packers are not used because they lose −0, rename the key `__proto__` and
 * replace lone surrogates, all of which can reach a state through the names of categories.
 */
import { Fault } from '../../fault/fault.ts'
import type { Saved } from '../../numeric/saved.ts'

const VERSION = 1
const UTF16 = 0x80000000
/** Deeper than any state; damaged bytes must not exhaust the stack. */
const MAX_DEPTH = 100
const LITTLE = new Uint8Array(new Uint16Array([1]).buffer)[0] === 1
const lone = /\p{Surrogate}/u

type Numbers = Uint8Array | Int32Array | Float32Array | Float64Array

/**
 * The bytes of a tree.
 *
 * @example
 * ```ts
 * import { decodeSaved, encodeSaved } from '../src/adapter/file/saved.ts'
 * const bytes = encodeSaved({ count: 3, weights: new Float32Array([1.5, -0]) })
 * bytes.length // => 44
 * Object.is((decodeSaved(bytes) as { weights: Float32Array }).weights[1], -0) // => true
 * ```
 */
export function encodeSaved(saved: Saved): Uint8Array {
  const target = Buffer.alloc(1 + sizeOf(saved))
  target[0] = VERSION
  write(saved, target, 1)
  return target
}

/** The tree in `bytes`. Throws `SNAPSHOT_DAMAGED` where they are no such tree. */
export function decodeSaved(bytes: Uint8Array): Saved {
  const source: Source = { bytes: Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length), at: 0 }
  const version = take(source, 1)[0]
  if (version !== VERSION) throw damaged(`version ${version}`)
  const saved = read(source, 0)
  if (source.at !== bytes.length) throw damaged(`${bytes.length - source.at} bytes too many`)
  return saved
}

function sizeOf(saved: Saved): number {
  if (saved === null || typeof saved === 'boolean') return 1
  if (typeof saved === 'number') return isInt32(saved) ? 5 : 9
  if (typeof saved === 'string') return 1 + stringSize(saved)
  if (ArrayBuffer.isView(saved)) return 5 + (saved as Numbers).byteLength
  let size = 5
  if (Array.isArray(saved)) for (const item of saved as readonly Saved[]) size += sizeOf(item)
  else for (const [key, value] of Object.entries(saved)) size += stringSize(key) + sizeOf(value)
  return size
}

function write(saved: Saved, target: Buffer, at: number): number {
  if (saved === null) return target.writeUInt8(0, at)
  if (typeof saved === 'boolean') return target.writeUInt8(saved ? 2 : 1, at)
  if (typeof saved === 'number') {
    if (isInt32(saved)) return target.writeInt32LE(saved, target.writeUInt8(3, at))
    at = target.writeUInt8(4, at)
    if (Number.isNaN(saved)) return target.writeUInt32LE(0x7ff80000, target.writeUInt32LE(0, at))
    return target.writeDoubleLE(saved, at)
  }
  if (typeof saved === 'string') return writeString(saved, target, target.writeUInt8(5, at))
  if (ArrayBuffer.isView(saved)) return writeNumbers(saved as Numbers, target, at)
  if (Array.isArray(saved)) {
    at = target.writeUInt32LE(saved.length, target.writeUInt8(10, at))
    for (const item of saved as readonly Saved[]) at = write(item, target, at)
    return at
  }
  const entries = Object.entries(saved)
  at = target.writeUInt32LE(entries.length, target.writeUInt8(11, at))
  for (const [key, value] of entries) at = write(value, target, writeString(key, target, at))
  return at
}

function writeNumbers(numbers: Numbers, target: Buffer, at: number): number {
  const kind = numbers instanceof Int32Array ? 7 : numbers instanceof Float32Array ? 8 : numbers instanceof Float64Array ? 9 : 6
  at = target.writeUInt32LE(numbers.length, target.writeUInt8(kind, at))
  const bytes = new Uint8Array(numbers.buffer, numbers.byteOffset, numbers.byteLength)
  target.set(LITTLE ? bytes : swapped(bytes, numbers.BYTES_PER_ELEMENT), at)
  return at + bytes.length
}

function stringSize(text: string): number {
  return 4 + (lone.test(text) ? text.length * 2 : Buffer.byteLength(text))
}

function writeString(text: string, target: Buffer, at: number): number {
  const wide = lone.test(text)
  const size = stringSize(text) - 4
  at = target.writeUInt32LE(wide ? (UTF16 | text.length) >>> 0 : size, at)
  return at + target.write(text, at, wide ? 'utf16le' : 'utf8')
}

function isInt32(value: number): boolean {
  return (value | 0) === value && !Object.is(value, -0)
}

interface Source {
  readonly bytes: Buffer
  at: number
}

function take(source: Source, size: number): Buffer {
  const end = source.at + size
  if (end > source.bytes.length) throw damaged(`an end at byte ${source.bytes.length}, ${end - source.bytes.length} too few`)
  const taken = source.bytes.subarray(source.at, end)
  source.at = end
  return taken
}

function read(source: Source, depth: number): Saved {
  if (depth > MAX_DEPTH) throw damaged(`a tree deeper than ${MAX_DEPTH}`)
  const kind = take(source, 1)[0]!
  switch (kind) {
    case 0:
      return null
    case 1:
    case 2:
      return kind === 2
    case 3:
      return take(source, 4).readInt32LE()
    case 4:
      return take(source, 8).readDoubleLE()
    case 5:
      return readString(source)
    case 6:
      return new Uint8Array(readNumbers(source, 1))
    case 7:
      return new Int32Array(readNumbers(source, 4))
    case 8:
      return new Float32Array(readNumbers(source, 4))
    case 9:
      return new Float64Array(readNumbers(source, 8))
    case 10: {
      const items: Saved[] = []
      for (let n = take(source, 4).readUInt32LE(); n > 0; n--) items.push(read(source, depth + 1))
      return items
    }
    case 11: {
      const entries: [string, Saved][] = []
      for (let n = take(source, 4).readUInt32LE(); n > 0; n--) entries.push([readString(source), read(source, depth + 1)])
      return Object.fromEntries(entries)
    }
    default:
      throw damaged(`kind ${kind} at byte ${source.at - 1}`)
  }
}

function readNumbers(source: Source, width: number): ArrayBuffer {
  const bytes = take(source, take(source, 4).readUInt32LE() * width)
  const copy = new Uint8Array(LITTLE ? bytes : swapped(bytes, width))
  return copy.buffer
}

function readString(source: Source): string {
  const count = take(source, 4).readUInt32LE()
  return count >= UTF16 ? take(source, (count - UTF16) * 2).toString('utf16le') : take(source, count).toString('utf8')
}

function swapped(bytes: Uint8Array, width: number): Uint8Array {
  const copy = Buffer.from(bytes)
  if (width === 4) copy.swap32()
  if (width === 8) copy.swap64()
  return copy
}

function damaged(came: string): Fault {
  return new Fault('SNAPSHOT_DAMAGED', `expected saved state of version ${VERSION}, came ${came}: use an older snapshot`)
}
