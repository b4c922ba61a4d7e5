import type { AuditEntry } from './api/client'

// did is what was done, as a sentence has it: "access_changed" reads "access changed".
export const did = (verb: string): string => verb.replaceAll('_', ' ')

export type Day = { date: Date; invited: number; approved: number }

// perDay counts entries on each of the last days, in the reader's own zone.
export function perDay(entries: Pick<AuditEntry, 'at' | 'did'>[], days: number, now: Date): Day[] {
  const all: Day[] = Array.from({ length: days }, (_, i) => ({
    date: new Date(now.getFullYear(), now.getMonth(), now.getDate() - (days - 1 - i)),
    invited: 0,
    approved: 0,
  }))
  for (const e of entries) {
    const at = new Date(e.at)
    const day = all.find((d) => d.date.toDateString() === at.toDateString())
    if (day && (e.did === 'invited' || e.did === 'approved')) day[e.did]++
  }
  return all
}

// queryOf is the query of a list: what is empty is left out, and days in the
// reader's zone become moments.
export function queryOf(filter: Record<string, string>): string {
  const query = new URLSearchParams()
  for (const [name, value] of Object.entries(filter)) {
    if (value === '') continue
    if (name === 'from') query.set(name, new Date(`${value}T00:00:00`).toISOString())
    else if (name === 'until') query.set(name, new Date(`${value}T23:59:59.999`).toISOString())
    else query.set(name, value)
  }
  const text = query.toString()
  return text && `?${text}`
}

// deeds are the kinds of entries that a reader may look for.
export const deeds = [
  'invited', 'resent_letter', 'made_login_link', 'proved_address', 'approved', 'rejected', 'withdrew', 'changed_access', 'renamed', 'suspended', 'restored',
  'removed', 'removed_undecided', 'invitation_expired', 'signed_in', 'signed_out', 'signed_out_everywhere', 'made_token', 'revoked_token', 'kept_role',
  'deleted_role', 'changed_settings', 'retried_letter', 'tested_mail', 'printed_login_link', 'set_up',
]
