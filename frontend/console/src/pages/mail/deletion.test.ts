import { expect, test } from 'vitest'
import { deletionWarning } from './deletion'

test.each([
  ['sent', 'invitation', /still works/, /stops working/],
  ['held', 'invitation', /stops working.*Resend/, /still works/],
  ['retrying', 'expiring', /stops working.*Resend/, /still works/],
  ['failed', 'invitation', /not be retried.*Resend/, /stops working/],
  ['withdrawn', 'invitation', /will not be sent/, /stops working|Resend/],
  ['queued', 'approved', /will not be sent/, /link/],
] as const)('deleting an email that is %s, of the kind %s', (state, kind, says, not) => {
  expect(deletionWarning({ state, kind })).toMatch(says)
  expect(deletionWarning({ state, kind })).not.toMatch(not)
})
