import { expect, test, vi } from 'vitest'
import { api } from '$lib/api/client'
import { send } from './check.svelte'
import { whyNot } from './why'

test.each([
  ['', ['Fleet'], undefined, 'email', /Enter an email/],
  ['ada', ['Fleet'], undefined, 'email', /full email address/],
  ['@', ['Fleet'], undefined, 'email', /full email address/],
  ['ada@example.com', [], undefined, 'role', /Select a role/],
  ['ada@example.com', ['Fleet'], { ok: false, error: { code: 'already_member', detail: 'Ada is already a member.' } }, 'email', /already a member/],
  ['ada@example.com', ['Fleet'], { ok: false, error: { code: 'forbidden', detail: 'You cannot grant that.', field: 'roles' } }, 'role', /cannot grant/],
  ['ada@example.com', ['Fleet'], { ok: true }, '', /^$/],
  ['ada@example.com', ['Fleet'], undefined, '', /^$/],
])('inviting %j with %j is told why not, and where', (email, roles, verdict, field, text) => {
  const why = whyNot(email, roles, verdict)
  expect(why.text).toMatch(text)
  expect(why.field).toBe(field)
})

// An invitation is chosen to be in French and sent in English; or a text that was left empty
// is sent, and refused.
test('an invitation has what was chosen, and nothing else', async () => {
  const post = vi.spyOn(api, 'POST').mockResolvedValue({ data: {}, response: new Response() } as never)
  const empty = { email: ' ada@example.com ', roles: ['Fleet'], name: '', note: '', lasts: '', language: '' }
  await send(empty)
  await send({ ...empty, lasts: '1d', language: 'fr' })
  const to = { email: 'ada@example.com', roles: ['Fleet'] }
  expect(post.mock.calls.map((call: unknown[]) => call[1])).toEqual([{ body: to }, { body: { ...to, expires_in: '1d', language: 'fr' } }])
})
