import { expect, test } from 'vitest'
import { whyNot } from './why'

test.each([
  ['', ['Fleet'], undefined, 'email', /Enter an email/],
  ['ada', ['Fleet'], undefined, 'email', /full email address/],
  ['@', ['Fleet'], undefined, 'email', /full email address/],
  ['ada@example.com', [], undefined, 'role', /Select a role/],
  ['ada@example.com', ['Fleet'], { ok: false, error: { code: 'already_member', detail: 'Ada is a member already.' } }, 'email', /member already/],
  ['ada@example.com', ['Fleet'], { ok: false, error: { code: 'forbidden', detail: 'You cannot grant that.', field: 'roles' } }, 'role', /cannot grant/],
  ['ada@example.com', ['Fleet'], { ok: true }, '', /^$/],
  ['ada@example.com', ['Fleet'], undefined, '', /^$/],
])('inviting %j with %j is told why not, and where', (email, roles, verdict, field, text) => {
  const why = whyNot(email, roles, verdict)
  expect(why.text).toMatch(text)
  expect(why.field).toBe(field)
})
