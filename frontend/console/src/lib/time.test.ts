import { describe, expect, test } from 'vitest'
import { Problem } from './api/problem'
import { exact, lasting, relative, short, span, stamp, told } from './time'

const now = new Date('2030-05-01T12:00:00Z')
const after = (seconds: number) => new Date(now.getTime() + seconds * 1000)

describe('relative', () => {
  test.each([
    [0, 'just now'], [30, 'in a moment'], [-44, 'just now'], [-46, '1 minute ago'], [-720, '12 minutes ago'], [-3600, '1 hour ago'], [-86_400, 'yesterday'],
    [-3 * 86_400, '3 days ago'], [-8 * 86_400, '1 week ago'], [3 * 86_400, 'in 3 days'], [7 * 86_400 - 30, 'in 7 days'], [-400 * 86_400, '1 year ago'], [86_400 + 60, 'tomorrow'], [50, 'in 1 minute'], [-45 * 86_400, '1 month ago'],
  ])('%d seconds from now reads "%s"', (seconds, want) => expect(relative(after(seconds), now)).toBe(want))

  // An email that was due said "Next attempt just now".
  test.each([[-50, 'in a moment'], [0, 'in a moment'], [50, 'in 1 minute']])('%d seconds from now, ahead, reads "%s"', (seconds, want) =>
    expect(relative(after(seconds), now, true)).toBe(want))
})

describe('lasting', () => {
  test.each([[10, 'less than a minute'], [60, '1 minute'], [720, '12 minutes'], [2 * 86_400, '2 days']])('%d seconds lasts "%s"', (seconds, want) =>
    expect(lasting(after(-seconds), now)).toBe(want))
  test('a clock that is behind does not count backwards', () => expect(lasting(after(60), now)).toBe('less than a minute'))
})

test.each([['7d', '7 days'], ['1h', '1 hour'], ['90m', '90 minutes'], ['other', 'other']])('span(%s) is "%s"', (text, want) => expect(span(text)).toBe(want))

test.each([['2030-05-01', '1 May'], ['2030-12-31', '31 Dec']])('short(%s) is "%s"', (date, want) => expect(short(date)).toBe(want))

// Times were in the browser's language in the middle of an English page: "Freitag, 27.
// November 2026 um 06:04:44 GMT-8".
test('an exact time has one format, with its zone', () => {
  const zone = process.env.TZ
  process.env.TZ = 'America/Los_Angeles'
  const at = new Date('2026-11-27T14:04:44Z')
  expect(stamp(at)).toBe('27 Nov 2026, 06:04:44')
  expect(exact(at)).toBe('27 Nov 2026, 06:04:44 PST')
  expect(exact(new Date('2026-07-01T00:00:09Z'))).toBe('30 Jun 2026, 17:00:09 PDT')
  process.env.TZ = zone
})

// The second of two Admins read in UTC when the first one had decided, hours away from what
// the page beside it said.
test('a sentence of the server has its times in the reader’s zone', () => {
  const zone = process.env.TZ
  process.env.TZ = 'America/Los_Angeles'
  const times = [{ said: '27 November 2026 at 14:04 UTC', at: '2026-11-27T14:04:44.5Z' }]
  const detail = `Ada was already approved by $& on ${times[0]!.said}.`
  const want = 'Ada was already approved by $& on 27 November 2026 at 06:04 PST.'
  expect(told(detail, times)).toBe(want)
  expect(Problem.from(409, { detail, code: 'already_decided', times }).message).toBe(want)
  expect(Problem.from(422, { detail, errors: [{ location: 'email', message: detail }], times }).at('email')).toBe(want)
  expect([told(detail), told('No time.', times)]).toEqual([detail, 'No time.'])
  process.env.TZ = zone
})
