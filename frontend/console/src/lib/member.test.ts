import { expect, test, vi } from 'vitest'
import type { Member } from './api/client'

vi.mock('./router.svelte', () => ({ router: { to: (path: string) => path } }))
const { othersOnly } = await import('./member')
const grace = { id: 'g', email: 'grace@example.org', invited_by: 'grace@example.org', invited_at: '2030-05-01T12:00:00Z', decided_by: 'grace@example.org', decided_at: '2030-05-01T12:00:00Z' } as Member

// The page of the first Admin said that she had invited and approved herself.
test('nobody invited or approved whoever set the workspace up', () => {
  expect(othersOnly(grace)).toMatchObject({ id: 'g', email: 'grace@example.org' })
  for (const fact of ['invited_by', 'invited_at', 'decided_by', 'decided_at'] as const) expect(othersOnly(grace)[fact]).toBeUndefined()
})

test('what others did stays', () => {
  const restored = { ...grace, decided_by: 'bob@example.com' }
  expect(othersOnly(restored)).toMatchObject({ decided_by: 'bob@example.com', decided_at: grace.decided_at })
  const ada = { ...grace, email: 'ada@example.com' }
  expect(othersOnly(ada)).toEqual(ada)
})
