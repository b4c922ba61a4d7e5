import type { Member } from '$lib/api/client'
import { count } from '$lib/words'

type Found = Pick<Member, 'email' | 'name'>

// whom makes of what was typed the address that the audit log is filtered by. others are
// actors and targets that are no members.
export function whom(typed: string, others: string[], found: Found[]): { value?: string; problem?: string } {
  const text = typed.trim()
  if (text === '' || others.includes(text.toLowerCase())) return { value: text.toLowerCase() }
  const same = found.filter((m) => m.email.toLowerCase() === text.toLowerCase())
  const [one] = same.length === 1 ? same : found
  if (one && (same.length === 1 || found.length === 1)) return { value: one.email }
  if (found.length > 1) return { problem: `${count(found.length, 'member')}${found.length === 8 ? ' or more' : ''} match. Choose one.` }
  if (/^[^@\s]+@[^@\s]+$/.test(text)) return { value: text }
  return { problem: 'No member matches.' }
}
