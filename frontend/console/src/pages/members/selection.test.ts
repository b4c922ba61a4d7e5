import { expect, test } from 'vitest'
import type { Member } from '$lib/api/client'
import { Selection } from './selection.svelte'

const member = (id: string) => ({ id, email: `${id}@example.com` }) as Member

// A member who was loaded again counted twice; or one page's selection was gone on the next.
test('a selection holds each member once, from every page', () => {
  const all = new Selection()
  all.set([member('a'), member('b')], true)
  all.set([member('b'), member('c')], true)
  expect(all.all.map((m) => m.id)).toEqual(['a', 'b', 'c'])
  all.set([member('b')], false)
  expect([all.size, all.has(member('a')), all.has(member('b'))]).toEqual([2, true, false])
  all.clear()
  expect(all.size).toBe(0)
})
