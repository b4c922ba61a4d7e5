import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { api, type Me } from './api/client'
import { me } from './me.svelte'
import { choose } from './speaking'
import { toasts } from './toasts.svelte'

const reload = vi.fn()
const kept = new Map<string, string>()

beforeEach(() => {
  reload.mockReset()
  kept.clear()
  vi.stubGlobal('document', { cookie: '' })
  vi.stubGlobal('location', { protocol: 'https:', reload })
  vi.stubGlobal('localStorage', { setItem: (k: string, v: string) => kept.set(k, v) })
  toasts.shown = []
})
afterEach(() => {
  vi.unstubAllGlobals()
  vi.restoreAllMocks()
  me.who = undefined
})

// answers is a server that answers every change of the member with that status.
const answers = (status: number) =>
  vi.spyOn(api, 'PATCH').mockResolvedValue({ error: { detail: 'The disk is full.' }, response: new Response(null, { status }) } as never)

// A member reads the console in French, and gets emails in English for ever.
test('a language chosen in the console is the member’s too', async () => {
  const patch = answers(200)
  me.who = { id: 'm1' } as Me
  await choose('fr')
  expect(patch).toHaveBeenCalledExactlyOnceWith('/me', { body: { language: 'fr' } })
  expect([kept.get('doorward-language'), reload.mock.calls.length]).toEqual(['fr', 1])
})

// The console changes its language and says nothing of the emails, which do not.
test('a language that the server did not store is not taken', async () => {
  answers(503)
  me.who = { id: 'm1' } as Me
  await choose('fr')
  expect([kept.size, reload.mock.calls.length, toasts.shown[0]?.text]).toEqual([0, 0, 'The disk is full.'])
})

// The operator has no account: the server would refuse, and the window stay in English.
test('the operator’s choice is this browser’s alone', async () => {
  const patch = answers(403)
  me.who = { sign_in_method: 'operator' } as Me
  await choose('fr')
  expect([patch.mock.calls.length, kept.get('doorward-language'), reload.mock.calls.length]).toEqual([0, 'fr', 1])
})
