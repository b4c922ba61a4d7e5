import { expect, test } from 'vitest'
import { phrases } from './api/actions'
import { filterOf, groups, midnight, sentence } from './audit'

const now = new Date(2030, 4, 10, 15)

test('days are whole ones of the reader’s zone', () => {
  const { from, until } = filterOf({ first: '2030-05-01', last: '2030-05-01' }, now)
  expect(new Date(from!)).toEqual(new Date(2030, 4, 1))
  expect(new Date(until!)).toEqual(new Date(2030, 4, 2))
})

test('what is no day is left out', () => {
  expect(filterOf({ first: '2030-02-30', last: 'soon', action: '' }, now)).toEqual({})
  expect(midnight('1-1-1')).toBeUndefined()
  expect(midnight('2030-13-01')).toBeUndefined()
})

test('a span goes before days', () => {
  expect(filterOf({ since: '7d', first: '2030-05-01' }, now)).toEqual({ from: new Date(now.getTime() - 7 * 86_400_000).toISOString() })
})

// An action that no group has could not be filtered by.
test('every action is in one group', () => {
  expect(groups.flatMap(([, actions]) => actions).toSorted()).toEqual(Object.keys(phrases).toSorted())
})

test('what an entry says is a sentence with and without a target', () => {
  expect(sentence('set_up', true)).toBe('set up the workspace:')
  expect(sentence('set_up', false)).toBe('set up the workspace')
  expect(sentence('invited', true)).toBe('invited')
})
