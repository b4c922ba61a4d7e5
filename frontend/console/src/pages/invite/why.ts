import type { Verdict } from '$lib/api/client'
import { t } from '$lib/messages'

// WhyNot says why an invitation cannot be sent, and in which field. It is empty if the
// invitation can be sent.
export type WhyNot = { text: string; field: '' | 'email' | 'role' }

export function whyNot(email: string, roles: string[], verdict?: Pick<Verdict, 'ok' | 'error'>): WhyNot {
  if (email.trim() === '') return { text: t('console.invite.no_email'), field: 'email' }
  if (!/.@./.test(email)) return { text: t('console.invite.part_email', { Example: 'ada@example.com' }), field: 'email' }
  if (roles.length === 0) return { text: t('console.invite.no_role'), field: 'role' }
  if (verdict && !verdict.ok) return { text: verdict.error?.detail ?? t('console.invite.cannot_send'), field: verdict.error?.field === 'roles' ? 'role' : 'email' }
  return { text: '', field: '' }
}
