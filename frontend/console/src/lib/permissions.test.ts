import { expect, test } from 'vitest'
import { needs, ticked } from './permissions'

// A role that approves and may not see members was saved without a word, and its members
// got "The console cannot start".
test('a permission comes with what it needs, and goes with it', () => {
  expect(ticked([], 'decide members', true)).toEqual(['decide members', 'read members'])
  expect(ticked(['read members'], 'change members', true)).toEqual(['read members', 'change members'])
  expect(ticked(['read members', 'decide members', 'open fleet'], 'read members', false)).toEqual(['open fleet'])
  expect(ticked(['read members', 'decide members'], 'decide members', false)).toEqual(['read members'])
  expect([needs('open fleet/flows'), needs('read audit'), needs('change settings')]).toEqual([[], [], ['read settings']])
})
