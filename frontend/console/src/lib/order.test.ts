import { expect, test } from 'vitest'
import { chosen, directionOf, orders, pressed } from './order'

// A heading is pressed, and pressed again; or another one is.
test.each([
  ['name', '', 'name'],
  ['name', 'name', '-name'],
  ['name', '-name', 'name'],
  ['name', 'email', 'name'],
  ['email', '-email', 'email'],
  ['last_sign_in', '', '-last_sign_in'],
  ['last_sign_in', '-last_sign_in', 'last_sign_in'],
  ['last_sign_in', 'last_sign_in', '-last_sign_in'],
  ['added', '', 'added'],
  ['added', '-added', 'added'],
  ['added', 'added', ''],
  ['added', 'name', ''],
])('%s pressed in the order %j: %j', (column, order, want) => expect(pressed(column, order)).toBe(want))

test.each([
  ['name', 'name', 'ascending'],
  ['name', '-name', 'descending'],
  ['name', '', 'none'],
  ['name', 'names', 'none'],
  ['added', '', 'descending'],
  ['added', '-added', 'descending'],
  ['added', 'added', 'ascending'],
  ['added', 'name', 'none'],
])('%s in the order %j is %s', (column, order, want) => expect(directionOf(column, order)).toBe(want))

test('each order is offered once, and what a heading leads to is one of them', () => {
  const all = orders.map((o) => o.value)
  expect(new Set(all).size).toBe(all.length)
  for (const column of ['name', 'email', 'added', 'last_sign_in'])
    for (const order of all) expect(all).toContain(pressed(column, order))
  expect([chosen('-added'), chosen('added')]).toEqual(['', 'added'])
})
