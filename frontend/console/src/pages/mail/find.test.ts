import { expect, test } from 'vitest'
import { find } from './find'

// One failed email among thousands showed an empty list with a button "Next".
test('pages in which nothing matches are passed over', async () => {
  const asked: unknown[] = []
  const page = await find({ state: 'failed', q: '' }, '', async (query) => {
    asked.push(query)
    return asked.length < 3 ? { items: [], next: `c${asked.length}` } : { items: ['found'] }
  })
  expect(page).toEqual({ items: ['found'] })
  expect(asked).toEqual([{ limit: 50, state: 'failed' }, { limit: 50, state: 'failed', cursor: 'c1' }, { limit: 50, state: 'failed', cursor: 'c2' }])
})

test('it does not go on for ever', async () => {
  let n = 0
  const page = await find({}, 'c0', async () => ({ items: [], next: `c${++n}` }))
  expect(page.next).toBe('c8')
})
