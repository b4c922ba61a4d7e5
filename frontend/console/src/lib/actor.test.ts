import { expect, test } from 'vitest'
import { actor, named, told } from './actor'

// The server names everybody in English.
test.each([
  [{ actor: 'grace@example.org', actor_id: 'g', source: 'console' }, 'grace@example.org'],
  [{ actor: 'grace@example.org', actor_id: 'g', source: 'api', token: 't' }, 'grace@example.org'],
  [{ actor: 'X', source: 'api', token: 't' }, 'an API token'],
  [{ actor: 'X', source: 'cli' }, 'the server operator'],
  [{ actor: 'X', source: 'desktop' }, 'the server operator'],
  [{ actor: 'Doorward', source: 'system' }, 'Doorward'],
] as const)('%j is %s', (entry, want) => expect(actor(entry)).toBe(want))

test.each([
  ['the operator', 'the server operator'],
  ['an API token', 'an API token'],
  ['grace@example.org', 'grace@example.org'],
  [undefined, ''],
])('%s beside a member is %s', (by, want) => expect(named(by)).toBe(want))

// An address says less than a name, until two people have the same one.
test('an inviter is shown by name, and by both if another has the same name', () => {
  const grace = { name: 'grace@example.org', member_name: 'Grace Hopper' }
  const other = { name: 'hopper@example.org', member_name: 'Grace Hopper' }
  const bare = { name: 'kay@example.org' }
  const operator = { name: 'the operator' }
  expect([grace, bare, operator].map((by, _, all) => told(by, all))).toEqual(['Grace Hopper', 'kay@example.org', 'the server operator'])
  expect(told(grace, [grace, other])).toBe('Grace Hopper (grace@example.org)')
})
