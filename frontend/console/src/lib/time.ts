import { count } from './words'

const minute = 60, hour = 60 * minute, day = 24 * hour

const steps: [number, string, number][] = [
  [hour, 'minute', minute],
  [day, 'hour', hour],
  [7 * day, 'day', day],
  [31 * day, 'week', 7 * day],
  [365 * day, 'month', 30.44 * day],
  [Infinity, 'year', 365.25 * day],
]

// relative says how long ago or in how long: "12 minutes ago", "in 3 days". It is in
// the language of the page, not of the browser.
export function relative(at: Date, now: Date): string {
  const seconds = (at.getTime() - now.getTime()) / 1000
  if (Math.abs(seconds) < 45) return seconds > 5 ? 'in a moment' : 'just now'
  const [, unit, size] = steps.find(([below]) => Math.abs(seconds) < below) ?? steps[5]!
  const whole = seconds > day ? Math.round : Math.trunc // an invitation of 7 days just made ends "in 7 days"
  const n = Math.abs(whole(seconds / size)) || 1
  if (unit === 'day' && n === 1) return seconds < 0 ? 'yesterday' : 'tomorrow'
  return seconds < 0 ? `${count(n, unit)} ago` : `in ${count(n, unit)}`
}

// lasting says for how long something has gone on: "12 minutes".
export function lasting(since: Date, now: Date): string {
  const seconds = Math.max(0, (now.getTime() - since.getTime()) / 1000)
  if (seconds < minute) return 'less than a minute'
  const [, unit, size] = steps.find(([below]) => seconds < below) ?? steps[5]!
  const n = Math.max(1, Math.trunc(seconds / size))
  return count(n, unit)
}

const months = ['Jan', 'Feb', 'Mar', 'Apr', 'May', 'Jun', 'Jul', 'Aug', 'Sep', 'Oct', 'Nov', 'Dec']

// stamp is a time in the reader's time zone, to the second: "27 Nov 2026, 06:04:44". It
// is the same in every browser, in the language of the page.
export function stamp(at: Date): string {
  const two = (n: number) => String(n).padStart(2, '0')
  const day = `${at.getDate()} ${months[at.getMonth()]} ${at.getFullYear()}`
  return `${day}, ${[at.getHours(), at.getMinutes(), at.getSeconds()].map(two).join(':')}`
}

// zone is the short name of the reader's time zone at a time: "PST".
export const zone = (at: Date): string =>
  new Intl.DateTimeFormat('en-US', { timeZoneName: 'short' }).formatToParts(at).find((p) => p.type === 'timeZoneName')?.value ?? 'local time'

// exact is a time with its zone: "27 Nov 2026, 06:04:44 PST".
export const exact = (at: Date): string => `${stamp(at)} ${zone(at)}`

const units = { d: 'day', h: 'hour', m: 'minute' } as const

// span reads the API's 7d, 36h or 90m in words: "7 days".
export function span(text: string): string {
  const [, n, unit] = /^(\d+)([dhm])$/.exec(text) ?? []
  if (!n || !unit) return text
  return count(Number(n), units[unit as keyof typeof units])
}

// dayFrom is the date a number of days from today, in the reader's time zone:
// 2030-05-01.
export function dayFrom(from: number, now = new Date()): string {
  const at = new Date(now.getFullYear(), now.getMonth(), now.getDate() + from)
  return [at.getFullYear(), at.getMonth() + 1, at.getDate()].map((n) => String(n).padStart(2, '0')).join('-')
}


// short is the short form of a date: 2030-05-01 is "1 May".
export const short = (date: string): string => `${Number(date.slice(8, 10))} ${months[Number(date.slice(5, 7)) - 1]}`
