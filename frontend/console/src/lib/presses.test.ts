import { expect, test } from 'vitest'
import { strays, type Press } from './presses'

const ada = { name: 'Approve Ada' }
const first: Press = { on: ada, words: 'Approve', count: 1, touch: false, at: 1000, x: 50, y: 50 }
const second: Press = { ...first, count: 2, at: 1150 }
const bob = { name: 'Approve Bob' }

// A double click on Approve let in the next person too: the row had left before the second press.
test.each<[string, Partial<Press>, boolean]>([
  ['the same button', {}, false],
  ['the next row', { on: bob }, true],
  ['the same button, which now asks again', { words: 'Approve as Admin' }, true],
  ['nothing', { on: null }, false],
  ['the next row, by a new click', { on: bob, count: 1 }, false],
  ['the next row, by the third of three clicks', { on: bob, count: 3 }, true],
])('the second press meets %s: ignored %j', (_, over, want) => expect(strays(first, { ...second, ...over })).toBe(want))

// A phone says of each tap that it is the first.
test.each<[string, Partial<Press>, boolean]>([
  ['another button at once, there', {}, true],
  ['another button, there, later', { at: 1300 }, false],
  ['another button at once, elsewhere', { y: 80 }, false],
  ['the same button at once', { on: ada }, false],
  ['another button, by a mouse', { touch: false }, false],
])('a second tap meets %s: ignored %j', (_, over, want) => expect(strays({ ...first, touch: true }, { ...second, count: 1, touch: true, on: bob, ...over })).toBe(want))

test('the first press of all is meant', () => expect(strays(undefined, second)).toBe(false))
