import { expect, test } from 'vitest'
import { matching, next, whom } from './palette'

const all = ['Membership & Permissions', 'Éléments envoyés', 'Invite New User'].map((name) => ({ id: name, name, go: () => undefined }))

test.each([
  ['', 3],
  ['   ', 3],
  ['PERMISSIONS', 1],
  ['user invite', 1],
  ['elements', 1],
  ['invite member', 0],
])('%j finds %d', (words, n) => expect(matching(all, words)).toHaveLength(n))

test('an address is found as well as a name', () => {
  expect(matching([{ id: 'a', name: 'Suspend Ada', more: 'al@example.com', go: () => undefined }], 'suspend al@')).toHaveLength(1)
})

const verbs = ['Approve', 'Reject & Delete', 'Wyślij ponownie', 'Genehmigen']

test.each([
  ['ada', 'ada'],
  ['approve ada', 'ada'],
  ['Ada Lovelace GENEHMIGEN', 'Ada Lovelace'],
  ['wyslij ponownie  Ada', 'Ada'],
  ['reject', 'reject'],
  ['approver', 'approver'],
  ['  ', ''],
])('%j asks for %j', (words, want) => expect(whom(words, verbs)).toBe(want))

test.each([
  ['ArrowDown', 0, 3, 1],
  ['ArrowDown', 2, 3, 0],
  ['ArrowUp', 0, 3, 2],
  ['End', 0, 3, 2],
  ['Home', 2, 3, 0],
  ['ArrowDown', 0, 0, 0],
  ['End', 0, 0, 0],
  ['x', 1, 3, undefined],
])('%s at %d of %d', (key, at, length, want) => expect(next(key, at, length)).toBe(want))
