import { expect, test } from 'vitest'
import type { Unusual } from './api/client'
import { came, texts, verdict } from './unusual'

const kind = (more: Partial<Unusual['items'][number]>): Unusual['items'][number] =>
  ({ kind: 'wrong_code', name: 'wrong login codes', count: 9, networks: 1, last_at: '2030-05-01T12:00:00Z', means: '', to_do: '', ...more })

test.each([
  [{ most_from: '203.0.113.9' }, 'from 203.0.113.9'],
  [{}, 'from 1 network'],
  [{ networks: 2 }, 'from 2 networks'],
  [{ networks: 14, most_from: '203.0.113.9' }, 'from 14 networks, most from 203.0.113.9'],
  [{ networks: 50 }, 'from 50 networks'],
  [{ networks: 50, networks_is_floor: true }, 'from more than 50 networks'],
  [{ networks: 1, networks_is_floor: true }, 'from more than 1 network'],
])('%o came %s', (more, want) => expect(came(kind(more))).toBe(want))

test.each([
  [0, false, 100, 'Nothing unusual. No action is needed.'],
  [1, false, 100, 'Within the normal range (up to 100 a day). No action is needed.'],
  [100, false, 100, 'Within the normal range (up to 100 a day). No action is needed.'],
  [101, true, 100, 'Higher than normal (up to 100 a day). Check where they come from.'],
  [21, true, 100, 'More wrong login codes than normal. Check where they come from.'],
  [1200, true, 1100, 'Higher than normal (up to 1,100 a day). Check where they come from.'],
  [7, false, undefined, 'Within the normal range. No action is needed.'],
  [700, true, undefined, 'Higher than normal. Check where they come from.'],
])('%d events, high %s, usual %s: %s', (total, high, usual, want) => expect(verdict(total, high, usual)).toBe(want))

test('a kind in the words of the catalogue, and one that only a newer server knows in its own', () => {
  expect(texts(kind({ count: 1 })).name).toBe('1 wrong login code')
  expect(texts(kind({ count: 9 })).todo).toContain('fail2ban')
  expect(texts({ ...kind({ name: 'moons', count: 1200, means: 'Big.', to_do: 'Run.' }), kind: 'moon' as never })).toEqual({ name: '1,200 moons', means: 'Big.', todo: 'Run.' })
})
