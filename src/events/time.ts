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

/**
 * The minute of a time in UTC as people say it: the time of day alone where it is less than a day before `now`.
 *
 * @example
 * ```ts
 * import { minuteOf } from '../src/events/time.ts'
 * minuteOf(51_600_000, 60_000_000) // => '14:20'
 * minuteOf(51_600_000, 1_700_000_000_000) // => '1970-01-01 14:20'
 * ```
 */
export function minuteOf(time: number, now: number): string {
  const minutes = Math.floor(time / 60_000)
  const two = (n: number): string => `${n}`.padStart(2, '0')
  const day = Math.floor(minutes / 1440)
  const clock = `${two(Math.floor((minutes - day * 1440) / 60))}:${two(minutes % 60)}`
  return now - time < MS_A_DAY ? clock : `${dateOf(day)} ${clock}`
}

/** The date of a day since 1970-01-01, counted in years that begin in March (Hinnant 2013, "chrono-compatible low-level date algorithms"). */
function dateOf(day: number): string {
  const shifted = day + 719_468
  const era = Math.floor(shifted / 146_097)
  const ofEra = shifted - era * 146_097
  const year = Math.floor((ofEra - Math.floor(ofEra / 1460) + Math.floor(ofEra / 36_524) - Math.floor(ofEra / 146_096)) / 365)
  const ofYear = ofEra - (365 * year + Math.floor(year / 4) - Math.floor(year / 100))
  const march = Math.floor((5 * ofYear + 2) / 153)
  const month = march < 10 ? march + 3 : march - 9
  const two = (n: number): string => `${n}`.padStart(2, '0')
  return `${year + era * 400 + (month <= 2 ? 1 : 0)}-${two(month)}-${two(ofYear - Math.floor((153 * march + 2) / 5) + 1)}`
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
