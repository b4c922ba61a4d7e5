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
