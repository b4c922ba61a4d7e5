import type { components } from './api/schema'
import { language, t } from './messages'

type Unit = 'minute' | 'hour' | 'day' | 'week' | 'month' | 'year'
const minute = 60, hour = 60 * minute, day = 24 * hour

const steps: [number, Unit, number][] = [
  [hour, 'minute', minute],
  [day, 'hour', hour],
  [7 * day, 'day', day],
  [31 * day, 'week', 7 * day],
  [365 * day, 'month', 30.44 * day],
  [Infinity, 'year', 365.25 * day],
]

// once makes a formatter when it is first used. Browsers make them slowly.
function once<T>(make: (key: string) => T): (key?: string) => T {
  const made = new Map<string, T>()
  return (key = '') => {
    const there = made.get(key) ?? make(key)
    made.set(key, there)
    return there
  }
}

// dates formats dates in the reader's language, in English with the day first.
const locale = () => (language().startsWith('en') ? 'en-GB' : language())
const formats = once((how) => new Intl.DateTimeFormat(locale(), JSON.parse(how) as Intl.DateTimeFormatOptions))
export const dates = (how: Intl.DateTimeFormatOptions): Intl.DateTimeFormat => formats(JSON.stringify(how))

const days = once(() => new Intl.RelativeTimeFormat(language(), { numeric: 'auto' }))
const ago = once(() => new Intl.RelativeTimeFormat(language()))
const measures = once((unit) => new Intl.NumberFormat(language(), { style: 'unit', unit, unitDisplay: 'long' }))

// measure is a number with its unit of time: "1 hour", "1,095 days".
export const measure = (n: number, unit: Unit): string => measures(unit).format(n)

// relative says how long ago or in how long: "12 minutes ago", "in 3 days". It is in
// the language of the page, not of the browser. What is ahead, and due by now, is in a moment.
export function relative(at: Date, now: Date, ahead = false): string {
  const seconds = (at.getTime() - now.getTime()) / 1000
  if (ahead && seconds < 45) return t('console.time.in_a_moment')
  if (Math.abs(seconds) < 45) return seconds > 5 ? t('console.time.in_a_moment') : t('console.time.just_now')
  const [, unit, size] = steps.find(([below]) => Math.abs(seconds) < below) ?? steps[5]!
  const whole = seconds > day ? Math.round : Math.trunc // an invitation of 7 days just made ends "in 7 days"
  const n = Math.abs(whole(seconds / size)) || 1
  const format = unit === 'day' && n === 1 ? days() : ago()
  return format.format(seconds < 0 ? -n : n, unit)
}

// lasting says for how long something has gone on: "12 minutes".
export function lasting(since: Date, now: Date): string {
  const seconds = Math.max(0, (now.getTime() - since.getTime()) / 1000)
  if (seconds < minute) return t('console.time.less_than_a_minute')
  const [, unit, size] = steps.find(([below]) => seconds < below) ?? steps[5]!
  return measure(Math.max(1, Math.trunc(seconds / size)), unit)
}

// stamp is a time in the reader's time zone, to the second: "27 Nov 2026, 06:04:44". It
// is in the language of the page, not of the browser, and has 24 hours.
export const stamp = (at: Date): string =>
  plain(dates({ day: 'numeric', month: 'short', year: 'numeric', hour: '2-digit', minute: '2-digit', second: '2-digit', hourCycle: 'h23' }), at)

// plain is a formatted date. Newer browsers write "Sept" in British English, which is wider
// than the other months.
const plain = (format: Intl.DateTimeFormat, at: Date): string => {
  const text = format.format(at)
  return locale() === 'en-GB' ? text.replace('Sept', 'Sep') : text
}

const zones = once(() => new Intl.DateTimeFormat(language().startsWith('en') ? 'en-US' : language(), { timeZoneName: 'short' }))

// zone is the short name of the reader's time zone at a time: "PST".
export const zone = (at: Date): string => zones().formatToParts(at).find((p) => p.type === 'timeZoneName')?.value ?? t('console.time.local_time')

// exact is a time with its zone: "27 Nov 2026, 06:04:44 PST".
export const exact = (at: Date): string => t('console.time.with_zone', { Time: stamp(at), Zone: zone(at) })

export type SaidTime = components['schemas']['SaidTime']

const inSentence = (at: Date): string => {
  const time = dates({ day: 'numeric', month: 'long', year: 'numeric', hour: '2-digit', minute: '2-digit', hourCycle: 'h23' }).format(at)
  return t('console.time.with_zone', { Time: time, Zone: zone(at) })
}

// told is a sentence of the server with its times, which it has in UTC, in the reader's own
// zone: "… on 27 November 2026 at 06:04 PST."
export const told = (sentence: string, times: readonly SaidTime[] = []): string =>
  times.reduce((so, { said, at }) => so.replaceAll(said, () => inSentence(new Date(at))), sentence)

const units = { d: 'day', h: 'hour', m: 'minute' } as const

// span reads the API's 7d, 36h or 90m in words: "7 days".
export function span(text: string): string {
  const [, n, unit] = /^(\d+)([dhm])$/.exec(text) ?? []
  if (!n || !unit) return text
  return measure(Number(n), units[unit as keyof typeof units])
}

// seconds is how long the API's 7d, 36h or 90m are, to compare two of them.
export function seconds(text: string): number {
  const [, n, unit] = /^(\d+)([dhm])$/.exec(text) ?? []
  return Number(n ?? 0) * { d: day, h: hour, m: minute }[(unit ?? 'm') as 'd' | 'h' | 'm']
}

// dayFrom is the date a number of days from today, in the reader's time zone:
// 2030-05-01.
export function dayFrom(from: number, now = new Date()): string {
  const at = new Date(now.getFullYear(), now.getMonth(), now.getDate() + from)
  return [at.getFullYear(), at.getMonth() + 1, at.getDate()].map((n) => String(n).padStart(2, '0')).join('-')
}

// short is the short form of a date: 2030-05-01 is "1 May".
export const short = (date: string): string => plain(dates({ day: 'numeric', month: 'short', timeZone: 'UTC' }), new Date(`${date}T00:00:00Z`))
