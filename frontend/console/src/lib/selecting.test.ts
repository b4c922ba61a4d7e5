import { expect, test } from 'vitest'
import { fits } from './selecting'

// Somebody selects a list of a hundred thousand, and the console asks for each of them.
test.each([
  [999, false, true],
  [1000, false, true],
  [1001, false, false],
  [1000, true, false],
])('%d at once, at least %j: %s', (total, floor, want) => expect(fits(total, floor)).toBe(want))
