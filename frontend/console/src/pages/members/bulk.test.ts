import { expect, test } from 'vitest'
import type { Member } from '$lib/api/client'
import { changes, concerns, rolesAfter, type Change } from './bulk'

const member = (over: Partial<Member>) => ({ id: 'a', email: 'ada@example.com', state: 'active', roles: ['Fleet'], ...over }) as Member

// An Admin selects everybody, suspends them, and is locked out; or sends a second
// invitation to people who have been members for a year.
test.each<[string, Partial<Member>, Change[]]>([
  ['invited', { state: 'pending' }, ['resend', 'remove']],
  ['accepted', { state: 'pending', accepted_at: '2030-05-01T12:00:00Z' }, ['remove']],
  ['active', {}, ['roles', 'suspend', 'remove']],
  ['suspended', { state: 'suspended' }, ['roles', 'remove']],
  ['oneself', { id: 'me' }, []],
])('what is for a member who is %s', (_, m, want) => {
  expect((['roles', 'resend', 'suspend', 'remove'] as const).filter((c) => concerns(c, member(m), 'me'))).toEqual(want)
})

// Somebody adds a role to twenty members, and takes their other roles away by it.
test.each([
  ['add', ['Admin'], ['Fleet'], ['Fleet', 'Admin']],
  ['add', ['Fleet'], ['Fleet'], ['Fleet']],
  ['take', ['Fleet'], ['Fleet', 'AILoop'], ['AILoop']],
  ['take', ['Fleet'], ['Fleet'], []],
  ['take', ['Admin'], ['Fleet'], ['Fleet']],
  ['set', ['AILoop'], ['Fleet', 'Admin'], ['AILoop']],
] as const)('%s %j where there is %j', (mode, chosen, had, want) => {
  const after = rolesAfter(mode, [...chosen], [...had])
  expect(after).toEqual(want)
  expect(changes(after, [...had])).toBe(want.join() !== had.join())
})

test('the order of roles is no change', () => expect(changes(['a', 'b'], ['b', 'a'])).toBe(false))
