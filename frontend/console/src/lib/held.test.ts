import { expect, test } from 'vitest'
import { by, todo, why, type Held } from './held'

const held = (more: Partial<Held> = {}): Held =>
  ({ direction: 'ahead', hours: 744, says: '2030-06-01T12:00:00Z', since: '2030-06-01T11:30:00Z', until: '2030-06-02T11:30:00Z', ...more })

test.each([
  [1, 'behind', '1 hour behind'],
  [25, 'ahead', '25 hours ahead'],
  [47, 'ahead', '47 hours ahead'],
  [48, 'ahead', '2 days ahead'],
  [59, 'ahead', '2 days ahead'],
  [60, 'ahead', '3 days ahead'],
  [744, 'ahead', '31 days ahead'],
  [26_280, 'behind', '1,095 days behind'],
] as const)('%d hours %s: %s', (hours, direction, want) => expect(why(held({ hours, direction }))).toContain(`, ${want.replace('ahead', 'ahead of')} what Doorward expects.`))

test('a moment in UTC, whatever the reader’s zone', () => expect(by('2030-06-01T23:05:00+02:00')).toBe('1 June 2030 at 21:05 UTC'))

test('what is held, and why', () =>
  expect(why(held())).toBe('Automatic expiry and deletion are paused because the server’s clock has jumped: it shows 1 June 2030 at 12:00 UTC, 31 days ahead of what Doorward expects.'))

test('what to do, for who may say that it is right', () =>
  expect(todo(held(), true)).toBe('Check the server’s clock. If it is right, confirm it here. If it is wrong, ask the server operator to set it. If no one does either, Doorward accepts it automatically on 2 June 2030 at 11:30 UTC (server time).'))

test('what to do, for who may not', () => expect(todo(held(), false)).toContain('If it is right, ask an Admin to confirm it here.'))
