/** How the weights of rows moved because an encoder moved its knots: `new[j] = (1 − t[j])·old[from[j]] + t[j]·old[from[j] + 1]`. */
export interface Carry {
  /** Row of the first knot. */
  readonly row: number
  readonly from: Int32Array
  readonly t: Float32Array
}
