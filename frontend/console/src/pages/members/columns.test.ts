import { expect, test } from 'vitest'
import { columns, usual } from '$lib/columns.svelte'
import { needs, tight } from './columns'

// A table of every column left no space for the names.
test('more columns need a wider table', () => {
  expect(tight(usual)).toBe(false)
  expect(needs([])).toBe(0)
  expect(needs(usual)).toBe(0)
  const four = [...usual, 'invited_by'] as const
  expect(tight(four)).toBe(true)
  expect(needs(four), 'one more fits a small screen').toBe(0)
  expect(needs(columns)).toBeGreaterThan(needs(columns.slice(0, 5)))
  expect(needs(columns), 'all of them fit a large screen').toBeLessThan(1290 - 880)
})
