/** Figures as people read them. A figure that is not known is a dash, never 0. */

export const DASH = '–'

/**
 * A share as per cent, with as many digits as it needs.
 *
 * @example
 * ```ts
 * import { percent } from '../src/page/format.ts'
 * percent(0.0312) // => '3.1 %'
 * percent(0.55) // => '55 %'
 * percent(null) // => '–'
 * ```
 */
export function percent(share: number | null | undefined): string {
  if (share === null || share === undefined || !Number.isFinite(share)) return DASH
  const value = 100 * share
  // What is not quite all is not shown as all.
  if (value >= 99.95 && value < 100) return '> 99.9 %'
  const digits = value > 0 && value < 10 ? 1 : value > 99 && value < 100 ? 1 : 0
  return `${value.toFixed(digits)} %`
}

/** A number with thousands apart: 12 345. */
export function whole(value: number | null | undefined): string {
  if (value === null || value === undefined || !Number.isFinite(value)) return DASH
  return String(Math.round(value)).replace(/\B(?=(\d{3})+(?!\d))/g, '\u202f')
}

/**
 * A number in about three digits.
 *
 * @example
 * ```ts
 * import { figure } from '../src/page/format.ts'
 * figure(41.2345) // => '41.2'
 * figure(0.01234) // => '0.0123'
 * figure(1551) // => '1551'
 * ```
 */
export function figure(value: number | null | undefined): string {
  if (value === null || value === undefined || !Number.isFinite(value)) return DASH
  const size = Math.abs(value)
  if (size >= 100) return String(Math.round(value))
  if (size >= 10) return value.toFixed(1)
  if (size >= 1) return value.toFixed(2)
  return size === 0 ? '0' : value.toPrecision(3)
}

/** With its sign, for what is added: +0.42. */
export function signed(value: number, digits = 2): string {
  const text = Math.abs(value).toFixed(digits)
  return `${value < 0 && Number(text) !== 0 ? '−' : '+'}${text}`
}

/**
 * A stretch of time in its largest unit.
 *
 * @example
 * ```ts
 * import { duration } from '../src/page/format.ts'
 * duration(900) // => '0.9 s'
 * duration(65_000) // => '65 s'
 * duration(7_200_000) // => '2.0 h'
 * ```
 */
export function duration(ms: number | null | undefined): string {
  if (ms === null || ms === undefined || !Number.isFinite(ms)) return DASH
  const seconds = ms / 1000
  if (seconds < 10) return `${seconds.toFixed(1)} s`
  if (seconds < 120) return `${Math.round(seconds)} s`
  if (seconds < 7200) return `${Math.round(seconds / 60)} min`
  if (seconds < 172_800) return `${(seconds / 3600).toFixed(1)} h`
  return `${(seconds / 86_400).toFixed(1)} days`
}

/** How long ago, in words; what lies ahead by a little is now. */
export function ago(time: number, now: number): string {
  const ms = now - time
  return ms < 1500 ? 'now' : `${duration(ms)} ago`
}

/** 14:20:05 of today, with the date of any other day. */
export function clock(time: number, now = Date.now()): string {
  const at = new Date(time)
  const pad = (value: number): string => String(value).padStart(2, '0')
  const day = `${at.getFullYear()}-${pad(at.getMonth() + 1)}-${pad(at.getDate())} `
  const today = new Date(now).toDateString() === at.toDateString()
  return `${today ? '' : day}${pad(at.getHours())}:${pad(at.getMinutes())}:${pad(at.getSeconds())}`
}

/** Bytes in MiB. */
export function mebi(bytes: number): string {
  return `${(bytes / 1_048_576).toFixed(1)} MiB`
}
