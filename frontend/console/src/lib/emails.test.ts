import { expect, test } from 'vitest'
import { saidOf } from './emails'

test.each([
  ['failed', '550 5.1.1 no such user', '“550 5.1.1 no such user”'],
  ['withdrawn', 'A new link was copied.', 'A new link was copied.'], // nobody else said it
] as const)('what is said of an email that is %s', (state, detail, want) => expect(saidOf({ state, detail })).toBe(want))
