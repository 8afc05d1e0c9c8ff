/**
 * Times as text: the ISO 8601 forms that name one moment, read without a clock or the machine's time zone. A form that
 * leaves the zone open is refused, since a guess would shift every event of a line.
 */

const form = /^(\d{4})-(\d{2})-(\d{2})[T ](\d{2}):(\d{2})(?::(\d{2})(?:[.,](\d{1,9}))?)?(Z|[+-]\d{2}:?\d{2})$/
const daysBefore = [0, 31, 59, 90, 120, 151, 181, 212, 243, 273, 304, 334] as const
const MS_A_DAY = 86_400_000

/** The forms `parseTime` reads, in words, for messages. */
export const timeForms = 'milliseconds since 1970 or ISO 8601 with a zone (2026-03-14T09:26:53Z)'

/**
 * Milliseconds since 1970 in UTC; null where the text is no such moment. Digits beyond the millisecond are cut off, and
 * leap seconds do not exist.
 *
 * @example
 * ```ts
 * import { parseTime } from '../src/events/time.ts'
 * parseTime('1970-01-02T00:00:00.250Z') // => 86400250
 * parseTime('1970-01-01T02:00+02:00') // => 0
 * parseTime('2026-02-29T00:00:00Z') // => null
 * parseTime('2026-02-28T00:00:00') // => null
 * ```
 */
export function parseTime(text: string): number | null {
  const parts = form.exec(text)
  if (parts === null) return null
  const [year, month, day, hour, minute] = parts.slice(1, 6).map(Number) as [number, number, number, number, number]
  const second = Number(parts[6] ?? 0)
  const ms = Number((parts[7] ?? '').padEnd(3, '0').slice(0, 3))
  const zone = zoneMinutes(parts[8]!)
  if (month < 1 || month > 12 || day < 1 || day > daysIn(year, month) || hour > 23 || minute > 59 || second > 59 || zone === null)
    return null
  return dayNumber(year, month, day) * MS_A_DAY + ((hour * 60 + minute - zone) * 60 + second) * 1000 + ms
}

/** Days since 1970-01-01 in the Gregorian calendar. */
function dayNumber(year: number, month: number, day: number): number {
  const past = year - 1
  const leaps = Math.floor(past / 4) - Math.floor(past / 100) + Math.floor(past / 400)
  return 365 * past + leaps + daysBefore[month - 1]! + (month > 2 && isLeap(year) ? 1 : 0) + day - 719_163
}

function daysIn(year: number, month: number): number {
  if (month === 2) return isLeap(year) ? 29 : 28
  return month === 4 || month === 6 || month === 9 || month === 11 ? 30 : 31
}

function isLeap(year: number): boolean {
  return year % 4 === 0 && (year % 100 !== 0 || year % 400 === 0)
}

function zoneMinutes(zone: string): number | null {
  if (zone === 'Z') return 0
  const hours = Number(zone.slice(1, 3))
  const minutes = Number(zone.slice(-2))
  if (hours > 23 || minutes > 59) return null
  return (zone[0] === '-' ? -1 : 1) * (hours * 60 + minutes)
}
