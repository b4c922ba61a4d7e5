import { expect, test } from 'vitest'
import { filterOf, midnight } from './filter'

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

test('a filter leaves out what is empty, and counts days back from now', () => {
  const noon = new Date('2030-05-08T12:00:00Z')
  expect(filterOf({ action: 'approved', actor: '', since: '7d' }, noon)).toEqual({ action: 'approved', from: '2030-05-01T12:00:00.000Z' })
  expect(filterOf({ action: '', since: '' }, noon)).toEqual({})
})
