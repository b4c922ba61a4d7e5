import type { AuditEntry } from './api/client'
import { t } from './messages'

// actor is who did what an entry of the audit log says: an address, the id of a member who
// is gone, or words for somebody who is no member.
export function actor(e: Pick<AuditEntry, 'actor' | 'actor_id' | 'source' | 'token'>): string {
  if (e.actor_id || e.source === 'system') return e.actor
  return e.token ? t('console.audit.an_api_token') : t('console.audit.the_operator')
}

// named is whom the API names beside a member: an address, or its English words for
// somebody who is no member.
export function named(by: string | undefined): string {
  if (by === 'the operator') return t('console.audit.the_operator')
  return by === 'an API token' ? t('console.audit.an_api_token') : (by ?? '')
}

type Known = { name: string; member_name?: string }

// told is how somebody is shown among others: by name, with the address if another has the same name.
export function told(by: Known, others: Known[]): string {
  const name = by.member_name
  if (!name) return named(by.name)
  const twice = others.some((other) => other.member_name === name && other.name !== by.name)
  return twice ? t('console.text.name_and_email', { Name: name, Email: by.name }) : name
}
