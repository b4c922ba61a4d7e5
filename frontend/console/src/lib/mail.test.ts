import { expect, test } from 'vitest'
import { mailStatus } from './mail'

// "Mail works" stood in the dialog of a server whose mail host does not answer and that
// never sent anything.
test.each([
  [undefined, 0, 'unconfigured'],
  [{ configured: false }, 0, 'unconfigured'],
  [{ configured: true }, 0, 'untested'],
  [{ configured: true }, 2, 'retrying'],
  [{ configured: true, paused: true, last_sent: '2030-05-01T12:00:00Z' }, 2, 'paused'],
  [{ configured: true, last_sent: '2030-05-01T12:00:00Z' }, 0, 'working'],
  [{ configured: true, last_sent: '2030-05-01T12:00:00Z' }, 1, 'retrying'],
] as const)('%j with %d retrying is %s', (mail, retrying, want) => expect(mailStatus(mail as never, retrying)).toBe(want))
