import type { Overview } from './api/client'
import { count } from './words'

export type Held = NonNullable<Overview['clock_held']>

// off says by how much a clock is off: "5 hours ahead", "31 days behind".
export function off(h: Held): string {
  const far = h.hours < 48 ? count(h.hours, 'hour') : count(Math.round(h.hours / 24), 'day')
  return `${far} ${h.direction}`
}

// by is a time in UTC, as the server's doubtful clock shows it, so that people can
// compare it with any other clock.
export const by = (at: string): string =>
  new Intl.DateTimeFormat('en-GB', { dateStyle: 'long', timeStyle: 'short', timeZone: 'UTC' }).format(new Date(at)) + ' UTC'

// why says what is on hold, and why.
export const why = (h: Held): string =>
  `Nothing expires and nothing is deleted by itself, because the server’s clock has jumped: it says ${by(h.says)}, ${off(h)} of what Doorward expects.`

// todo says what to do. It differs for people who may confirm the clock here and for
// those who may not.
export function todo(h: Held, may: boolean): string {
  const right = may ? 'If it is right, say so here, or run doorward doctor --clock-is-right on the server.' : 'If it is right, run doorward doctor --clock-is-right on the server.'
  return `Check the server’s clock. ${right} Otherwise it is believed by itself on ${by(h.until)}, by that clock.`
}
