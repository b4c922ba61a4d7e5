import { describe, expect, test } from 'vitest'
import { parse, write } from './csv'

describe('parse', () => {
  test.each([
    ['commas', 'a,b\nc,d', [['a', 'b'], ['c', 'd']]],
    ['semicolons, as some spreadsheets write', 'a;b,c;d\r\ne;f', [['a', 'b,c', 'd'], ['e', 'f']]],
    ['tabs, as pasted from a spreadsheet', 'a\tb', [['a', 'b']]],
    ['quotes, with a comma, a quote and a line inside', '"a,""b""\nc",d', [['a,"b"\nc', 'd']]],
    ['a mark at the beginning, and empty lines', '\uFEFFa\n\n\nb\n', [['a'], ['b']]],
    ['nothing', '', []],
  ])('%s', (_, text, want) => expect(parse(text).map((line) => line.cells)).toEqual(want))
})

// A name such as =HYPERLINK(…) that somebody gave themselves would run in the
// spreadsheet of the Admin who opens the file.
test.each(['=1+1', '+1', '-1', '@SUM(A1)', '\tx', '＝1+1', '＋1', '－1', '＠SUM(A1)', ' =1+1'])('a cell that starts a formula is text: %j', (cell) => {
  expect(write([[cell]])).toMatch(/^"?'/)
})
test('what write makes, parse reads', () => {
  const rows = [['a', 'b,c'], ['say "hi"', 'two\nlines']]
  expect(parse(write(rows)).map((line) => line.cells)).toEqual(rows)
})
