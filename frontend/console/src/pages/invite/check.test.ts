import { expect, test } from 'vitest'
import { whyNot } from './why'

test.each([
  ['', ['Fleet'], undefined, /Write the email/],
  ['ada', ['Fleet'], undefined, /has an @/],
  ['ada@example.com', [], undefined, /Choose a role/],
  ['ada@example.com', ['Fleet'], { ok: false, error: { code: 'already_member', detail: 'Ada is a member already.' } }, /member already/],
  ['ada@example.com', ['Fleet'], { ok: true }, /^$/],
  ['ada@example.com', ['Fleet'], undefined, /^$/],
])('inviting %j with %j is told why not', (email, roles, verdict, want) => expect(whyNot(email, roles, verdict)).toMatch(want))
