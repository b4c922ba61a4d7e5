import type { Overview } from './api/client'
import { t } from './messages'
import { dates, measure } from './time'

export type Held = NonNullable<Overview['clock_held']>

// far says by how much a clock is off: "5 hours", "31 days".
const far = (h: Held): string => (h.hours < 48 ? measure(h.hours, 'hour') : measure(Math.round(h.hours / 24), 'day'))

// by is a time in UTC, as the server's doubtful clock shows it, so that people can
// compare it with any other clock.
export const by = (at: string): string => t('console.clock.utc', { Time: dates({ dateStyle: 'long', timeStyle: 'short', timeZone: 'UTC' }).format(new Date(at)) })

// why says what is on hold, and why.
export function why(h: Held): string {
  const values = { Time: by(h.says), Duration: far(h) }
  return h.direction === 'ahead' ? t('console.clock.why_ahead', values) : t('console.clock.why_behind', values)
}

// todo says what to do. It differs for people who may confirm the clock here and for
// those who may not.
export function todo(h: Held, may: boolean): string {
  const values = { Time: by(h.until) }
  return may ? t('console.clock.todo_here', values) : t('console.clock.todo_elsewhere', values)
}
