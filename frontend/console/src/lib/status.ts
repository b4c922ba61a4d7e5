import type { Member } from './api/client'
import { t } from './messages'

export type Status = 'invited' | 'pending' | 'expired' | 'active' | 'suspended'

// status is what people are told about a member's account. A pending member has not
// accepted the invitation, or awaits approval.
export function status(m: Pick<Member, 'state' | 'accepted_at' | 'invitation_expired'>): Status {
  if (m.state === 'active' || m.state === 'suspended') return m.state
  if (m.accepted_at) return 'pending'
  return m.invitation_expired ? 'expired' : 'invited'
}

// statusLabels are the statuses as people read them.
export const statusLabels: Readonly<Record<Status, string>> = {
  get invited() { return t('console.status.invited') },
  get pending() { return t('console.status.pending') },
  get expired() { return t('console.status.expired') },
  get active() { return t('console.status.active') },
  get suspended() { return t('console.status.suspended') },
}

// statuses are the filters of the list of members: each status, and all who are not in yet.
export const statuses: { value: string; readonly label: string; readonly hint?: string }[] = [
  { value: 'pending', get label() { return t('console.status.filter_pending') }, get hint() { return t('console.status.filter_pending_hint') } },
  { value: 'invited', get label() { return t('console.status.invited') } },
  { value: 'accepted', get label() { return t('console.status.pending') } },
  { value: 'expired', get label() { return t('console.status.expired') } },
  { value: 'active', get label() { return t('console.status.active') } },
  { value: 'suspended', get label() { return t('console.status.suspended') } },
]

const states = ['pending', 'active', 'suspended']

// narrowing is the query of such a filter: a state is one, and else it is a status.
export const narrowing = (value: string): { state: string; status: string } =>
  states.includes(value) ? { state: value, status: '' } : { state: '', status: value }
