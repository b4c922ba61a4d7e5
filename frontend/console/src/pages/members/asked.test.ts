import { expect, test } from 'vitest'
import { asked } from './asked'

// A link with an order and a search was refused by the server.
test.each([
  ['', {}],
  ['q=&state=', {}],
  ['sort=name&role=Fleet&after=x', { sort: 'name', role: 'Fleet', cursor: 'x' }],
  ['sort=name&q=ada', { q: 'ada' }],
  ['view=1', {}],
])('?%s asks for %j', (query, want) => expect(asked(new URLSearchParams(query))).toEqual(want))
