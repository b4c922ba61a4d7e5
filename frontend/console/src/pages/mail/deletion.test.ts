import { expect, test } from 'vitest'
import { deletionWarning } from './deletion'

test.each([
  ['sent', 'invitation', /stays good/, /opens nothing/],
  ['held', 'invitation', /opens nothing any more.*Resend/, /stays good/],
  ['retrying', 'expiring', /opens nothing any more.*Resend/, /stays good/],
  ['failed', 'invitation', /not be tried again.*Resend/, /opens nothing/],
  ['queued', 'approved', /never will be/, /link/],
] as const)('deleting an email that is %s, of the kind %s', (state, kind, says, not) => {
  expect(deletionWarning({ state, kind })).toMatch(says)
  expect(deletionWarning({ state, kind })).not.toMatch(not)
})
