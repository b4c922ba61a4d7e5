import { expect, test } from 'vitest'
import { whom } from './whom'

const grace = { email: 'grace@example.org', name: 'Grace Hopper' }
const graham = { email: 'graham@example.org' }

// "grace" and "Grace Hopper" found nothing, without a word: the log wants whole addresses.
test.each([
  ['', [], { value: '' }],
  ['System', [], { value: 'system' }],
  ['Grace Hopper', [grace], { value: 'grace@example.org' }],
  ['grace hopper', [grace, { email: 'mg@example.org', name: 'Mary-Grace Hopper' }], { value: 'grace@example.org' }],
  ['gra', [grace, graham], { problem: '2 members match. Choose one.' }],
  ['graham@Example.org', [grace, graham], { value: 'graham@example.org' }],
  ['gone@example.org', [], { value: 'gone@example.org' }],
  ['nobody', [], { problem: 'No member matches.' }],
  ['betreiber', [], { value: 'operator' }], // as the field itself says in German
])('%j with %j found', (typed, found, want) => expect(whom(typed, new Map([['operator', 'Betreiber'], ['system', 'System']]), found)).toEqual(want))
