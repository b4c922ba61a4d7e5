import { expect, test, vi } from 'vitest'
import { older } from './history'

// Half a million entries of others lie between two of this member: the page said that there
// was no more, or asked the server without end.
test.each<[string, number[][], number, number[], string | undefined]>([
  ['there are enough at once', [[1, 2], [3]], 2, [1, 2], '1'],
  ['pages in between are empty', [[1], [], [2, 3]], 3, [1, 2, 3], '3'],
  ['it is the end', [[1], [2]], 5, [1, 2], undefined],
  ['nothing is found for long', [[], [], [], [1]], 5, [], '3'],
])('%s', async (_, pages, wanted, items, next) => {
  const last = pages.length === 2 && wanted === 5 ? pages.length : pages.length + 1
  const load = vi.fn((limit: number, cursor?: string) => {
    const at = Number(cursor ?? 0)
    return Promise.resolve({ items: (pages[at] ?? []).slice(0, limit), ...(at + 1 < last && { next: String(at + 1) }) })
  })
  expect(await older(wanted, undefined, load)).toEqual({ items, ...(next && { next }) })
  expect(load.mock.calls.length).toBeLessThanOrEqual(3)
})
