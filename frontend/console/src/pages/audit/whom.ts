import type { Member } from '$lib/api/client'
import { t } from '$lib/messages'

type Found = Pick<Member, 'email' | 'name'>

// whom makes of what was typed the address that the audit log is filtered by. others are
// actors and targets that are no members, with the words for them.
export function whom(typed: string, others: ReadonlyMap<string, string>, found: Found[]): { value?: string; problem?: string } {
  const text = typed.trim()
  const small = text.toLowerCase()
  if (text === '' || others.has(small)) return { value: small }
  const [other] = [...others].find(([, words]) => words.toLowerCase() === small) ?? []
  if (other !== undefined) return { value: other }
  const same = found.filter((m) => m.email.toLowerCase() === small || m.name?.toLowerCase() === small)
  const [one] = same.length === 1 ? same : found
  if (one && (same.length === 1 || found.length === 1)) return { value: one.email }
  const N = found.length
  if (N > 1) return { problem: N === 8 ? t('console.audit.members_match_at_least', { N }) : t('console.audit.members_match', { N }) }
  if (/^[^@\s]+@[^@\s]+$/.test(text)) return { value: text }
  return { problem: t('console.audit.no_member_matches') }
}
