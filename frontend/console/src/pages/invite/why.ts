import type { Verdict } from '$lib/api/client'

// whyNot says why an invitation cannot be sent, and is empty if it can.
export function whyNot(email: string, roles: string[], verdict?: Pick<Verdict, 'ok' | 'error'>): string {
  if (email.trim() === '') return 'Write the email address of whom to invite.'
  if (!email.includes('@')) return 'An email address has an @ in it, such as ada@example.com.'
  if (roles.length === 0) return 'Choose a role: it is what they ask for, and what you grant when you approve.'
  if (verdict && !verdict.ok) return verdict.error?.detail ?? 'This invitation cannot be sent as it is.'
  return ''
}
