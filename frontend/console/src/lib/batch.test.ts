import { readFileSync } from 'node:fs'
import { describe, expect, test } from 'vitest'
import { parts, placeResults, read, results, verdict, type List, type Result } from './batch'
import { decode } from './csv'

type Want = { row: number; email?: string; roles?: string[]; name?: string; note?: string; code?: string; says?: string; language?: string }
type Case = { name: string; text?: string; base64?: string; windows?: boolean; usual?: string[]; rows?: Want[]; refused?: Want }

// A list that one of the console and the command line takes and the other refuses,
// or reads as something else, is invited from one place and lost in the other. Both
// read the same table; csv_test.go is the command line's half.
describe('read', () => {
  const table = new URL('../../../../app/cli/testdata/csv_cases.json', import.meta.url)
  const cases = JSON.parse(readFileSync(table, 'utf8')) as Case[]
  const begins = (says: string | undefined) => expect.stringMatching(new RegExp('^' + (says ?? '').replace(/[.()+?]/g, '\\$&')))
  test.each(cases)('$name', ({ text, base64, windows, usual, rows, refused }) => {
    const file = decode(base64 ? Buffer.from(base64, 'base64') : new TextEncoder().encode(text))
    expect(file.guessed ?? false).toBe(windows ?? false)
    const list: List = file.refused ? { rows: [], refused: file.refused } : read(file.text, usual ?? [])
    expect(list.refused).toEqual(refused && { code: refused.code, detail: begins(refused.says) })
    const want = ({ row, code, says, ...invitation }: Want) => (code ? { row, error: { code, detail: begins(says) } } : { row, invitation })
    expect(list.rows).toEqual((rows ?? []).map(want))
  })
})

// Everybody on a list would be invited in the inviter's language, whatever was chosen for the
// list; or in that, although their own row names another.
test('a row that names no language gets the one of the list', () => {
  const asked = (text: string, language?: string) => read(text, ['Fleet'], language).rows.map((r) => r.invitation?.language)
  expect(asked('email,language\na@a.org,ar\nb@a.org,', 'de')).toEqual(['ar', 'de'])
  expect(asked('a@a.org\nb@a.org', 'ja')).toEqual(['ja', 'ja'])
  expect(asked('email,language\na@a.org,ar\nb@a.org,')).toEqual(['ar', undefined])
})

// The server numbers what it was sent from 1. Shown under those numbers, a row
// below a heading and an empty line would be looked for two lines too high.
test('the server’s results come under the lines of the list', () => {
  const sent = read('email,role\n\na@a.org,Fleet\n,\nb@a.org,Fleet\nA@a.org,Fleet', []).rows
  const placed = placeResults(sent, [
    { row: 1, ok: true, email: 'a@a.org' },
    { row: 2, ok: false, email: 'b@a.org', error: { code: 'already_member', detail: 'b@a.org is already a member.' } },
    { row: 3, ok: false, email: 'A@a.org', error: { code: 'duplicate_row', detail: 'Duplicate of row 1.' } },
  ])
  expect(placed.map((r) => [r.row, r.error?.detail])).toEqual([[3, undefined], [5, 'b@a.org is already a member.'], [6, 'Duplicate of row 3.']])
})

test('parts', () => {
  expect(parts([1, 2, 3, 4, 5], 2)).toEqual([[1, 2], [3, 4], [5]])
  expect(parts([], 2)).toEqual([])
})

test('the file with results has a line for each row, with the reason', () => {
  const rows: Result[] = [
    { row: 1, ok: true, email: 'ada@a.org', name: 'Ada' },
    { row: 2, ok: false, email: '=bad', error: { code: 'bad_address', detail: 'An email address must contain an @.' } },
  ]
  expect(results(rows).split('\r\n')).toEqual(['row,email,name,result,code,detail', '1,ada@a.org,Ada,invited,,Invited.', "2,'=bad,,refused,bad_address,An email address must contain an @.", ''])
  expect(verdict({ row: 1, ok: true, email: 'a@b', rejected_before: { at: '', by: '' } }, true)).toBe('Ready to invite. This address was rejected before.')
})
