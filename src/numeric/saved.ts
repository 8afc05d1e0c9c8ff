/**
 * What a piece of state saves itself as: a tree of plain values and typed arrays, which the shell turns into bytes.
 * The order of keys is part of it, so that the same state has the same bytes.
 */
export type Saved =
  | null
  | boolean
  | number
  | string
  | Uint8Array
  | Int32Array
  | Float32Array
  | Float64Array
  | readonly Saved[]
  | { readonly [key: string]: Saved }
