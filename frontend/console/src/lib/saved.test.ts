import { expect, test } from 'vitest'
import { given, readSaved, withFilter } from './saved.svelte'

// A saved filter opened a dialog again, or the third page of a list that has changed since.
test('a filter is its own parameters only', () => {
  const query = new URLSearchParams('q=ada&after=abc&invite=&state=&status=expired')
  expect(given(query, ['q', 'state', 'status'])).toBe('q=ada&status=expired')
})

test('a name means one filter', () => {
  const all = [{ name: 'B', query: 'q=b' }]
  expect(withFilter(all, { name: 'A', query: 'q=a' })).toEqual([{ name: 'A', query: 'q=a' }, { name: 'B', query: 'q=b' }])
  expect(withFilter(all, { name: 'B', query: 'q=c' })).toEqual([{ name: 'B', query: 'q=c' }])
  const full = Array.from({ length: 30 }, (_, i) => ({ name: `f${i}`, query: '' }))
  expect(withFilter(full, { name: 'one more', query: '' })).toBeUndefined()
  expect(withFilter(full, { name: 'f1', query: 'q=1' })).toHaveLength(30)
})

// What an extension or an older console left in the storage stopped the page.
test.each([null, '', '{', '{}', '[1,null,{"name":1}]', '[{"name":"","query":""}]'])('%j is no filter', (text) => expect(readSaved(text)).toEqual([]))
