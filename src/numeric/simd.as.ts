// The kernel in AssemblyScript: WebAssembly with 128-bit vectors. Every function does, lane by lane and in the same order, what
// plain-kernel.ts does: a property test holds the two to the same bits. Only operations that IEEE 754 fixes are used: no
// relaxed vectors, no fused multiply-add. `npm run kernel` makes simd-binary.ts of it.
//
// Arrays are byte offsets into the memory that is imported. Vectors hold four float32.

// @ts-nocheck: AssemblyScript is not TypeScript.

const EPSILON: f32 = 1e-3
const LEAST_LOGIT: f32 = -30
const NEGLIGIBLE: f32 = 1e-12
const LEAST: f32 = 1e-30

// eˣ: Cephes expf, as in exp32.ts.
const LOG2_E: f32 = 1.44269504088896341
const LN2_HIGH: f32 = 0.693359375
const LN2_LOW: f32 = -2.1219444e-4
const C0: f32 = 1.98756915e-4
const C1: f32 = 1.3981999507e-3
const C2: f32 = 8.3334519073e-3
const C3: f32 = 4.1665795894e-2
const C4: f32 = 1.6666665459e-1
const C5: f32 = 5.0000001201e-1

// eˣ for x ≤ 0, not below LEAST_LOGIT: a softmax's numerator.
// @ts-ignore: decorator
@inline
function exp1(below: f32): f32 {
  const x: f32 = below > LEAST_LOGIT ? below : LEAST_LOGIT
  const n = floor<f32>(x * LOG2_E + 0.5)
  const r = x - n * LN2_HIGH - n * LN2_LOW
  let y: f32 = C0 * r + C1
  y = y * r + C2
  y = y * r + C3
  y = y * r + C4
  y = y * r + C5
  y = y * (r * r) + r + 1
  return y * reinterpret<f32>((i32(n) + 127) << 23)
}

// @ts-ignore: decorator
@inline
function exp4(below: v128): v128 {
  const x = f32x4.pmax(f32x4.splat(LEAST_LOGIT), below)
  const n = f32x4.floor(f32x4.add(f32x4.mul(x, f32x4.splat(LOG2_E)), f32x4.splat(0.5)))
  const r = f32x4.sub(f32x4.sub(x, f32x4.mul(n, f32x4.splat(LN2_HIGH))), f32x4.mul(n, f32x4.splat(LN2_LOW)))
  let y = f32x4.add(f32x4.mul(f32x4.splat(C0), r), f32x4.splat(C1))
  y = f32x4.add(f32x4.mul(y, r), f32x4.splat(C2))
  y = f32x4.add(f32x4.mul(y, r), f32x4.splat(C3))
  y = f32x4.add(f32x4.mul(y, r), f32x4.splat(C4))
  y = f32x4.add(f32x4.mul(y, r), f32x4.splat(C5))
  y = f32x4.add(f32x4.add(f32x4.mul(y, f32x4.mul(r, r)), r), f32x4.splat(1))
  return f32x4.mul(y, i32x4.shl(i32x4.add(i32x4.trunc_sat_f32x4_s(n), i32x4.splat(127)), 23))
}

export function gather(W: usize, stride: i32, from: i32, width: i32, index: usize, value: usize, n: i32, out: usize, add: i32): void {
  let j = 0
  for (; j + 32 <= width; j += 32) {
    const o = out + (<usize>j << 2)
    let a0 = f32x4.splat(0), a1 = f32x4.splat(0), a2 = f32x4.splat(0), a3 = f32x4.splat(0)
    let a4 = f32x4.splat(0), a5 = f32x4.splat(0), a6 = f32x4.splat(0), a7 = f32x4.splat(0)
    if (add) {
      a0 = v128.load(o)
      a1 = v128.load(o, 16)
      a2 = v128.load(o, 32)
      a3 = v128.load(o, 48)
      a4 = v128.load(o, 64)
      a5 = v128.load(o, 80)
      a6 = v128.load(o, 96)
      a7 = v128.load(o, 112)
    }
    for (let i = 0; i < n; i++) {
      const at = <usize>i << 2
      const w = W + (<usize>(load<i32>(index + at) * stride + from + j) << 2)
      const v = v128.load32_splat(value + at)
      a0 = f32x4.add(a0, f32x4.mul(v, v128.load(w)))
      a1 = f32x4.add(a1, f32x4.mul(v, v128.load(w, 16)))
      a2 = f32x4.add(a2, f32x4.mul(v, v128.load(w, 32)))
      a3 = f32x4.add(a3, f32x4.mul(v, v128.load(w, 48)))
      a4 = f32x4.add(a4, f32x4.mul(v, v128.load(w, 64)))
      a5 = f32x4.add(a5, f32x4.mul(v, v128.load(w, 80)))
      a6 = f32x4.add(a6, f32x4.mul(v, v128.load(w, 96)))
      a7 = f32x4.add(a7, f32x4.mul(v, v128.load(w, 112)))
    }
    v128.store(o, a0)
    v128.store(o, a1, 16)
    v128.store(o, a2, 32)
    v128.store(o, a3, 48)
    v128.store(o, a4, 64)
    v128.store(o, a5, 80)
    v128.store(o, a6, 96)
    v128.store(o, a7, 112)
  }
  for (; j + 16 <= width; j += 16) {
    const o = out + (<usize>j << 2)
    let a0 = f32x4.splat(0), a1 = f32x4.splat(0), a2 = f32x4.splat(0), a3 = f32x4.splat(0)
    if (add) {
      a0 = v128.load(o)
      a1 = v128.load(o, 16)
      a2 = v128.load(o, 32)
      a3 = v128.load(o, 48)
    }
    for (let i = 0; i < n; i++) {
      const at = <usize>i << 2
      const w = W + (<usize>(load<i32>(index + at) * stride + from + j) << 2)
      const v = v128.load32_splat(value + at)
      a0 = f32x4.add(a0, f32x4.mul(v, v128.load(w)))
      a1 = f32x4.add(a1, f32x4.mul(v, v128.load(w, 16)))
      a2 = f32x4.add(a2, f32x4.mul(v, v128.load(w, 32)))
      a3 = f32x4.add(a3, f32x4.mul(v, v128.load(w, 48)))
    }
    v128.store(o, a0)
    v128.store(o, a1, 16)
    v128.store(o, a2, 32)
    v128.store(o, a3, 48)
  }
  for (; j + 4 <= width; j += 4) {
    const o = out + (<usize>j << 2)
    let a = add ? v128.load(o) : f32x4.splat(0)
    for (let i = 0; i < n; i++) {
      const at = <usize>i << 2
      const w = W + (<usize>(load<i32>(index + at) * stride + from + j) << 2)
      a = f32x4.add(a, f32x4.mul(v128.load32_splat(value + at), v128.load(w)))
    }
    v128.store(o, a)
  }
  for (; j < width; j++) {
    const o = out + (<usize>j << 2)
    let a: f32 = add ? load<f32>(o) : 0
    for (let i = 0; i < n; i++) {
      const at = <usize>i << 2
      a = a + load<f32>(value + at) * load<f32>(W + (<usize>(load<i32>(index + at) * stride + from + j) << 2))
    }
    store<f32>(o, a)
  }
}

// @ts-ignore: decorator
@inline
function step4(w: usize, s: usize, d: v128, rate: v128, shrink: v128, keep: v128): void {
  const sum = f32x4.add(f32x4.mul(keep, v128.load(s)), f32x4.mul(d, d))
  v128.store(s, sum)
  const old = v128.load(w)
  const move = f32x4.div(f32x4.mul(rate, d), f32x4.add(f32x4.sqrt(sum), f32x4.splat(EPSILON)))
  v128.store(w, f32x4.sub(f32x4.sub(old, move), f32x4.mul(shrink, old)))
}

// @ts-ignore: decorator
@inline
function step1(w: usize, s: usize, d: f32, rate: f32, shrink: f32, keep: f32): void {
  const sum: f32 = keep * load<f32>(s) + d * d
  store<f32>(s, sum)
  const old = load<f32>(w)
  store<f32>(w, old - (rate * d) / (sqrt<f32>(sum) + EPSILON) - shrink * old)
}

export function update(
  W: usize, S: usize, stride: i32, from: i32, width: i32, index: usize, value: usize, n: i32, delta: usize, rate: f32, shrink: f32, keep: f32
): void {
  const eta = f32x4.splat(rate)
  const lambda = f32x4.splat(shrink)
  const rho = f32x4.splat(keep)
  const vectors = width & ~3
  for (let i = 0; i < n; i++) {
    const at = <usize>i << 2
    const base = <usize>(load<i32>(index + at) * stride + from) << 2
    const v = v128.load32_splat(value + at)
    let j: usize = 0
    for (; j + 16 <= <usize>vectors << 2; j += 32) {
      step4(W + base + j, S + base + j, f32x4.mul(v, v128.load(delta + j)), eta, lambda, rho)
      if (j + 32 > <usize>vectors << 2) break
      step4(W + base + j + 16, S + base + j + 16, f32x4.mul(v, v128.load(delta + j, 16)), eta, lambda, rho)
    }
    for (let k = vectors; k < width; k++) {
      const o = <usize>k << 2
      step1(W + base + o, S + base + o, load<f32>(value + at) * load<f32>(delta + o), rate, shrink, keep)
    }
  }
}

export function updateGroups(
  W: usize, S: usize, stride: i32, from: i32, K: i32, C: i32, index: usize, value: usize, n: i32, delta: usize, rate: f32, shrink: f32, keep: f32, groups: usize, count: i32, places: usize
): void {
  const eta = f32x4.splat(rate)
  const lambda = f32x4.splat(shrink)
  const rho = f32x4.splat(keep)
  // Where the active vectors lie in a row: found once, not at every row.
  let many: usize = 0
  for (let c = 0; c < C; c++) {
    for (let g = 0; g < count; g++) {
      store<i32>(places + many, (c * K + 4 * load<i32>(groups + (<usize>g << 2))) << 2)
      many += 4
    }
  }
  for (let i = 0; i < n; i++) {
    const at = <usize>i << 2
    const base = <usize>(load<i32>(index + at) * stride + from) << 2
    const v = v128.load32_splat(value + at)
    for (let p: usize = 0; p < many; p += 4) {
      const j = <usize>load<i32>(places + p)
      step4(W + base + j, S + base + j, f32x4.mul(v, v128.load(delta + j)), eta, lambda, rho)
    }
  }
}

function softmax(z: usize, K: i32, g: usize): void {
  let top = load<f32>(z)
  for (let k = 1; k < K; k++) {
    const own = load<f32>(z + (<usize>k << 2))
    if (own > top) top = own
  }
  let sums = f32x4.splat(0)
  const most = f32x4.splat(top)
  let k = 0
  for (; k + 4 <= K; k += 4) {
    const e = exp4(f32x4.sub(v128.load(z + (<usize>k << 2)), most))
    v128.store(g + (<usize>k << 2), e)
    sums = f32x4.add(sums, e)
  }
  let a = f32x4.extract_lane(sums, 0)
  let b = f32x4.extract_lane(sums, 1)
  let c = f32x4.extract_lane(sums, 2)
  for (let t = k; t < K; t++) {
    const e = exp1(load<f32>(z + (<usize>t << 2)) - top)
    store<f32>(g + (<usize>t << 2), e)
    if (t == k) a = a + e
    else if (t == k + 1) b = b + e
    else c = c + e
  }
  const scale: f32 = 1 / (a + b + (c + f32x4.extract_lane(sums, 3)))
  const scales = f32x4.splat(scale)
  for (let t = 0; t < k; t += 4) v128.store(g + (<usize>t << 2), f32x4.mul(v128.load(g + (<usize>t << 2)), scales))
  for (; k < K; k++) store<f32>(g + (<usize>k << 2), load<f32>(g + (<usize>k << 2)) * scale)
}

function experts(z: usize, K: i32, C: i32, P: usize): void {
  const row = <usize>K << 2
  let k = 0
  for (; k + 4 <= K; k += 4) {
    const first = <usize>k << 2
    let top = v128.load(z + first)
    for (let c = 1; c < C; c++) top = f32x4.pmax(top, v128.load(z + first + <usize>c * row))
    let sum = f32x4.splat(0)
    for (let c = 0; c < C; c++) {
      const e = exp4(f32x4.sub(v128.load(z + first + <usize>c * row), top))
      v128.store(P + first + <usize>c * row, e)
      sum = f32x4.add(sum, e)
    }
    const scale = f32x4.div(f32x4.splat(1), sum)
    for (let c = 0; c < C; c++) {
      const at = P + first + <usize>c * row
      v128.store(at, f32x4.mul(v128.load(at), scale))
    }
  }
  for (; k < K; k++) {
    const first = <usize>k << 2
    let top = load<f32>(z + first)
    for (let c = 1; c < C; c++) {
      const own = load<f32>(z + first + <usize>c * row)
      if (own > top) top = own
    }
    let sum: f32 = 0
    for (let c = 0; c < C; c++) {
      const e = exp1(load<f32>(z + first + <usize>c * row) - top)
      store<f32>(P + first + <usize>c * row, e)
      sum = sum + e
    }
    const scale: f32 = 1 / sum
    for (let c = 0; c < C; c++) {
      const at = P + first + <usize>c * row
      store<f32>(at, load<f32>(at) * scale)
    }
  }
}

function mix(g: usize, P: usize, K: i32, C: i32, q: usize): void {
  for (let c = 0; c < C; c++) {
    const row = P + (<usize>(c * K) << 2)
    let sums = f32x4.splat(0)
    let k = 0
    for (; k + 4 <= K; k += 4) sums = f32x4.add(sums, f32x4.mul(v128.load(g + (<usize>k << 2)), v128.load(row + (<usize>k << 2))))
    let x = f32x4.extract_lane(sums, 0)
    let y = f32x4.extract_lane(sums, 1)
    let w = f32x4.extract_lane(sums, 2)
    for (let t = k; t < K; t++) {
      const e: f32 = load<f32>(g + (<usize>t << 2)) * load<f32>(row + (<usize>t << 2))
      if (t == k) x = x + e
      else if (t == k + 1) y = y + e
      else w = w + e
    }
    store<f32>(q + (<usize>c << 2), x + y + (w + f32x4.extract_lane(sums, 3)))
  }
}

function expertGradient(P: usize, r: usize, y: i32, w: f32, K: i32, C: i32, delta: usize): void {
  const weight = f32x4.splat(w)
  const least = f32x4.splat(NEGLIGIBLE)
  for (let c = 0; c < C; c++) {
    const row = <usize>(c * K) << 2
    const own: f32 = c == y ? 1 : 0
    let k = 0
    for (; k + 4 <= K; k += 4) {
      const at = <usize>k << 2
      const d = f32x4.mul(f32x4.mul(weight, v128.load(r + at)), f32x4.sub(v128.load(P + row + at), f32x4.splat(own)))
      v128.store(delta + row + at, v128.and(d, f32x4.ge(f32x4.abs(d), least)))
    }
    for (; k < K; k++) {
      const at = <usize>k << 2
      const d: f32 = w * load<f32>(r + at) * (load<f32>(P + row + at) - own)
      store<f32>(delta + row + at, abs<f32>(d) >= NEGLIGIBLE ? d : 0)
    }
  }
}

// @ts-ignore: decorator
@inline
function apart4(own: v128, other: v128, missing: bool, category: bool): v128 {
  const one = f32x4.splat(1)
  if (missing) return v128.andnot(one, f32x4.ne(other, other))
  if (category) return v128.andnot(one, f32x4.eq(own, other))
  const d = f32x4.sub(own, other)
  return v128.bitselect(one, f32x4.mul(d, d), f32x4.ne(other, other))
}

function distances(M: usize, capacity: i32, n: i32, D: i32, kinds: usize, scale: usize, x: usize, out: usize): void {
  const column = <usize>capacity << 2
  let i = 0
  for (; i + 16 <= n; i += 16) {
    const first = M + (<usize>i << 2)
    let a0 = f32x4.splat(0), a1 = f32x4.splat(0), a2 = f32x4.splat(0), a3 = f32x4.splat(0)
    for (let d = 0; d < D; d++) {
      const at = first + <usize>d * column
      const own = load<f32>(x + (<usize>d << 2))
      const missing = own != own
      const category = load<i32>(kinds + (<usize>d << 2)) == 1
      const v = f32x4.splat(own)
      const by = v128.load32_splat(scale + (<usize>d << 2))
      if (missing || category) {
        a0 = f32x4.add(a0, f32x4.mul(by, apart4(v, v128.load(at), missing, category)))
        a1 = f32x4.add(a1, f32x4.mul(by, apart4(v, v128.load(at, 16), missing, category)))
        a2 = f32x4.add(a2, f32x4.mul(by, apart4(v, v128.load(at, 32), missing, category)))
        a3 = f32x4.add(a3, f32x4.mul(by, apart4(v, v128.load(at, 48), missing, category)))
      } else if (load<i32>(kinds + (<usize>d << 2)) == 0) {
        const d0 = f32x4.sub(v, v128.load(at))
        const d1 = f32x4.sub(v, v128.load(at, 16))
        const d2 = f32x4.sub(v, v128.load(at, 32))
        const d3 = f32x4.sub(v, v128.load(at, 48))
        a0 = f32x4.add(a0, f32x4.mul(by, f32x4.mul(d0, d0)))
        a1 = f32x4.add(a1, f32x4.mul(by, f32x4.mul(d1, d1)))
        a2 = f32x4.add(a2, f32x4.mul(by, f32x4.mul(d2, d2)))
        a3 = f32x4.add(a3, f32x4.mul(by, f32x4.mul(d3, d3)))
      } else {
        a0 = f32x4.add(a0, f32x4.mul(by, apart4(v, v128.load(at), false, false)))
        a1 = f32x4.add(a1, f32x4.mul(by, apart4(v, v128.load(at, 16), false, false)))
        a2 = f32x4.add(a2, f32x4.mul(by, apart4(v, v128.load(at, 32), false, false)))
        a3 = f32x4.add(a3, f32x4.mul(by, apart4(v, v128.load(at, 48), false, false)))
      }
    }
    const o = out + (<usize>i << 2)
    v128.store(o, a0)
    v128.store(o, a1, 16)
    v128.store(o, a2, 32)
    v128.store(o, a3, 48)
  }
  for (; i < n; i++) {
    let a: f32 = 0
    for (let d = 0; d < D; d++) {
      const own = load<f32>(x + (<usize>d << 2))
      const other = load<f32>(M + (<usize>i << 2) + <usize>d * column)
      const difference = own - other
      const category = load<i32>(kinds + (<usize>d << 2)) == 1
      const square: f32 = other != other ? (own != own ? 0 : 1) : own != own ? 1 : category ? (own == other ? 0 : 1) : difference * difference
      a = a + load<f32>(scale + (<usize>d << 2)) * square
    }
    store<f32>(out + (<usize>i << 2), a)
  }
}

export function forward(zg: usize, z: usize, K: i32, C: i32, g: usize, P: usize, q: usize): void {
  softmax(zg, K, g)
  experts(z, K, C, P)
  mix(g, P, K, C, q)
}

export function blame(g: usize, P: usize, q: usize, y: i32, w: f32, K: i32, C: i32, r: usize, deltaGate: usize, delta: usize): void {
  const own = load<f32>(q + (<usize>y << 2))
  const whole: f32 = own > LEAST ? own : LEAST
  const row = P + (<usize>(y * K) << 2)
  const wholes = f32x4.splat(whole)
  const weights = f32x4.splat(w)
  const least = f32x4.splat(NEGLIGIBLE)
  let k = 0
  for (; k + 4 <= K; k += 4) {
    const at = <usize>k << 2
    const share = v128.load(g + at)
    const part = f32x4.div(f32x4.mul(share, v128.load(row + at)), wholes)
    v128.store(r + at, part)
    const d = f32x4.mul(weights, f32x4.sub(share, part))
    v128.store(deltaGate + at, v128.and(d, f32x4.ge(f32x4.abs(d), least)))
  }
  for (; k < K; k++) {
    const at = <usize>k << 2
    const share = load<f32>(g + at)
    const part: f32 = (share * load<f32>(row + at)) / whole
    store<f32>(r + at, part)
    const d: f32 = w * (share - part)
    store<f32>(deltaGate + at, abs<f32>(d) >= NEGLIGIBLE ? d : 0)
  }
  expertGradient(P, r, y, w, K, C, delta)
}

export function nearest(M: usize, capacity: i32, n: i32, D: i32, kinds: usize, scale: usize, x: usize, room: usize, count: i32, found: usize, squares: usize): i32 {
  distances(M, capacity, n, D, kinds, scale, x, room)
  let many = 0
  let i = 0
  while (i < n) {
    const at = room + (<usize>i << 2)
    if (many == count && i + 4 <= n) {
      const worst = v128.load32_splat(squares + (<usize>(many - 1) << 2))
      if (!v128.any_true(f32x4.lt(v128.load(at), worst))) {
        i += 4
        continue
      }
    }
    const own = load<f32>(at)
    if (many < count || own < load<f32>(squares + (<usize>(many - 1) << 2))) {
      if (many < count) many++
      let j = many - 1
      for (; j > 0 && load<f32>(squares + (<usize>(j - 1) << 2)) > own; j--) {
        store<f32>(squares + (<usize>j << 2), load<f32>(squares + (<usize>(j - 1) << 2)))
        store<i32>(found + (<usize>j << 2), load<i32>(found + (<usize>(j - 1) << 2)))
      }
      store<f32>(squares + (<usize>j << 2), own)
      store<i32>(found + (<usize>j << 2), i)
    }
    i++
  }
  return many
}
