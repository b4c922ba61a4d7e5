import { expect, test } from 'vitest'
import { narrowing, status, statusLabels } from './status'

const at = '2030-05-01T12:00:00Z'
test.each([
  ['Active', { state: 'active', accepted_at: at }],
  ['Suspended', { state: 'suspended', accepted_at: at }],
  ['Pending approval', { state: 'pending', accepted_at: at, invitation_expired: true }],
  ['Expired', { state: 'pending', invitation_expired: true }],
  ['Invited', { state: 'pending' }],
] as const)('%s', (want, member) => expect(statusLabels[status(member)]).toBe(want))

// Whoever filtered by Invited saw all who are pending.
test.each([
  ['', { state: '', status: '' }],
  ['pending', { state: 'pending', status: '' }],
  ['active', { state: 'active', status: '' }],
  ['invited', { state: '', status: 'invited' }],
  ['accepted', { state: '', status: 'accepted' }],
  ['expired', { state: '', status: 'expired' }],
])('the filter %j', (value, want) => expect(narrowing(value)).toEqual(want))
