import { beforeEach, expect, test, vi } from 'vitest'

const asked: string[] = []
let permissions: string[] = []
vi.mock('./api/client', () => ({
  api: { GET: (path: string) => path },
  ask: async (path: string) => {
    asked.push(path)
    if (path === '/settings') return { workspace: 'Hangar', public_url: 'https://door.example.com' }
    return { workspace: 'Night Watch', language: 'en', permissions }
  },
}))
vi.mock('./live.svelte', () => ({ live: { on: () => () => undefined } }))
const { me } = await import('./me.svelte')
beforeEach(() => void (asked.length = 0))

// Who approves, and may not read the settings, saw "Doorward" in place of the workspace, and
// each of their visits was refused once.
test('the workspace has its name for whoever may not read settings', async () => {
  permissions = ['read members', 'decide members']
  await me.begin()
  expect([asked, me.workspace]).toEqual([['/me'], 'Night Watch'])
})

test('the settings are newer than the name in /me', async () => {
  permissions = ['read settings']
  await me.begin()
  expect([asked, me.workspace]).toEqual([['/me', '/settings'], 'Hangar'])
})
