import { describe, expect, test } from 'vitest'
import type { Row } from './api/client'
import { parts, read, results, verdict } from './batch'

describe('read', () => {
  test.each([
    ['addresses alone get the usual role', 'ada@a.org\nbob@b.org', [{ email: 'ada@a.org', roles: ['Fleet'] }, { email: 'bob@b.org', roles: ['Fleet'] }]],
    ['columns in any order', 'name,role,email\nAda,AILoop,ada@a.org', [{ email: 'ada@a.org', roles: ['AILoop'], name: 'Ada' }]],
    ['without a heading', 'ada@a.org,AILoop,Ada,Welcome', [{ email: 'ada@a.org', roles: ['AILoop'], name: 'Ada', note: 'Welcome' }]],
    ['several roles in a cell', 'email,role\nada@a.org,AILoop;Fleet', [{ email: 'ada@a.org', roles: ['AILoop', 'Fleet'] }]],
    ['as mail programs write it', 'Ada Lovelace <ada@a.org>', [{ email: 'ada@a.org', roles: ['Fleet'], name: 'Ada Lovelace' }]],
    ['what is no address is left for the server to refuse', 'nonsense', [{ email: 'nonsense', roles: ['Fleet'] }]],
  ])('%s', (_, text, want) => expect(read(text, ['Fleet'])).toEqual(want))
})

test('parts', () => {
  expect(parts([1, 2, 3, 4, 5], 2)).toEqual([[1, 2], [3, 4], [5]])
  expect(parts([], 2)).toEqual([])
})

test('the file with results has a line for each row, with the reason', () => {
  const rows: Row[] = [
    { row: 1, ok: true, email: 'ada@a.org' },
    { row: 2, ok: false, email: '=bad', error: { code: 'bad_address', detail: 'An email address has an @ in it.' } },
  ]
  expect(results(rows).split('\r\n')).toEqual(['row,email,result,code,detail', '1,ada@a.org,invited,,Invited.', "2,'=bad,refused,bad_address,An email address has an @ in it.", ''])
  expect(verdict({ row: 1, ok: true, email: 'a@b', rejected_before: { at: '', by: '' } }, true)).toBe('Can be invited. It was rejected before.')
})
