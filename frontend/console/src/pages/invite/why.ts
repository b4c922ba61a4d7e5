import type { Verdict } from '$lib/api/client'

// WhyNot says why an invitation cannot be sent, and in which field. It is empty if the
// invitation can be sent.
export type WhyNot = { text: string; field: '' | 'email' | 'role' }

export function whyNot(email: string, roles: string[], verdict?: Pick<Verdict, 'ok' | 'error'>): WhyNot {
  if (email.trim() === '') return { text: 'Enter an email address.', field: 'email' }
  if (!/.@./.test(email)) return { text: 'Enter a full email address, such as ada@example.com.', field: 'email' }
  if (roles.length === 0) return { text: 'Select a role.', field: 'role' }
  if (verdict && !verdict.ok) return { text: verdict.error?.detail ?? 'This invitation cannot be sent as it is.', field: verdict.error?.field === 'roles' ? 'role' : 'email' }
  return { text: '', field: '' }
}
