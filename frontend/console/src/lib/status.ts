import type { Member } from './api/client'

export type Status = 'Invited' | 'Pending approval' | 'Expired' | 'Active' | 'Suspended'

// status is what people are told about a member's account. A pending member has not
// accepted the invitation, or awaits approval.
export function status(m: Pick<Member, 'state' | 'accepted_at' | 'invitation_expired'>): Status {
  if (m.state === 'active') return 'Active'
  if (m.state === 'suspended') return 'Suspended'
  if (m.accepted_at) return 'Pending approval'
  return m.invitation_expired ? 'Expired' : 'Invited'
}

// statuses are the filters of the list of members. The server knows one state for
// everybody who is not in yet.
export const statuses = [
  { value: 'pending', label: 'Invited or pending', hint: 'Invited, Pending approval and Expired' },
  { value: 'active', label: 'Active' },
  { value: 'suspended', label: 'Suspended' },
]
