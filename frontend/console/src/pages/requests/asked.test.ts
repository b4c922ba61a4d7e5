import { expect, test } from 'vitest'
import { asked } from './asked'

test.each([
  ['', {}],
  ['reject=x&q=+', {}],
  ['role=Fleet&invited_by=me&sort=-added', { role: 'Fleet', invited_by: 'me', sort: '-added' }],
  ['role=Fleet&invited_by=me&sort=-added&q=+ada', { role: 'Fleet', q: 'ada' }],
])('?%s asks for %j', (query, want) => expect(asked(new URLSearchParams(query))).toEqual(want))
