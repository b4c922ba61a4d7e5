import { t } from './messages'

// A Line is one row of a list: the line it begins on, and its cells without
// white space around them. A fault says why the row cannot be read.
export type Line = { row: number; cells: string[]; fault?: Refusal }

// A Refusal names a fault for programs, and says it in a sentence.
export type Refusal = { code: string; detail: string }

// A Decoded is the text of a file. guessed: lines of it were not in UTF-8, and were read
// as Windows-1252.
export type Decoded = { text: string; guessed?: boolean; refused?: Refusal }

// decode makes text of a file in UTF-8. Lines that are not are read as Windows-1252,
// which is what Excel writes as plain CSV in Western Europe and America: the reader has
// to look at the names before anything is sent. The command line does the same with
// --encoding windows-1252.
export function decode(file: Uint8Array): Decoded {
  const begins = (...bytes: number[]) => bytes.every((b, i) => file[i] === b)
  if (begins(0x50, 0x4b, 3, 4) || begins(0xd0, 0xcf, 0x11, 0xe0)) {
    return { text: '', refused: { code: 'file_workbook', detail: t('console.list_file.workbook') } }
  }
  if (begins(0xff, 0xfe) || begins(0xfe, 0xff)) {
    return { text: '', refused: { code: 'file_utf16', detail: t('console.list_file.utf16') } }
  }
  try {
    return { text: utf8.decode(file) }
  } catch {
    return { text: lines(file).map(decodeLine).join(''), guessed: true }
  }
}

const utf8 = new TextDecoder('utf-8', { fatal: true })

// Windows-1252 is Latin-1 but for these, from 0x80 on. Not every program that has a
// decoder of that name knows them.
const windows = '€\u0081‚ƒ„…†‡ˆ‰Š‹Œ\u008dŽ\u008f\u0090‘’“”•–—˜™š›œ\u009džŸ'
const windowsByte = (b: number) => windows[b - 0x80] ?? String.fromCharCode(b)

function decodeLine(line: Uint8Array): string {
  try {
    return utf8.decode(line)
  } catch {
    return Array.from(line, windowsByte).join('')
  }
}

// lines splits a file after each line feed.
function lines(file: Uint8Array): Uint8Array[] {
  const all: Uint8Array[] = []
  for (let at = 0; at < file.length; ) {
    const end = file.indexOf(10, at)
    const next = end < 0 ? file.length : end + 1
    all.push(file.subarray(at, next))
    at = next
  }
  return all
}

// parse splits CSV into rows, without those that hold nothing. A quote in the
// middle of a cell is a character, and text may follow a closing quote, as in
// "Lovelace, Ada" <ada@example.com>. The command line does the same in
// app/cli/csv_cells.go.
export function parse(text: string): Line[] {
  const all = text.replace(/\r\n?/g, '\n')
  const separator = separatorOf(all)
  const rows: Line[] = []
  let cells: string[] = []
  let cell = ''
  let line = 1
  let begins = 1 // the line on which this row begins
  let quoted = false
  let spans = false // the quotes in this cell hold a line break
  const endCell = () => {
    cells.push(trim(cell))
    cell = ''
    spans = false
  }
  const endRow = (fault?: Refusal) => {
    endCell()
    if (fault) rows.push({ row: begins, cells: [], fault })
    else if (cells.some(Boolean)) rows.push({ row: begins, cells })
    cells = []
    begins = line
  }
  for (let i = 0; i < all.length; i++) {
    const c = all[i]!
    if (c === '\n') line++
    if (quoted && c === '"' && all[i + 1] === '"') {
      cell += '"'
      i++
    } else if (quoted && c === '"') {
      quoted = false
    } else if (quoted) {
      spans ||= c === '\n'
      cell += c
    } else if (c === '"' && trim(cell) === '') {
      quoted = true
      cell = ''
    } else if (c === separator) {
      endCell()
    } else if (c === '\n') {
      endRow()
    } else if (spans && c !== ' ' && c !== '\t') {
      // Most likely a quote of an earlier line was never closed, and this one
      // was meant to open.
      const fault = unpaired(begins, line)
      const end = all.indexOf('\n', i)
      i = end < 0 ? all.length : end
      line++
      endRow(fault)
    } else {
      cell += c
    }
  }
  // A line break at the very end begins no line.
  endRow(quoted ? unpaired(begins, cell.endsWith('\n') ? line - 1 : line) : undefined)
  return rows
}

// unpaired says what is wrong with the quotes in the lines from first to last.
function unpaired(first: number, last: number): Refusal {
  const detail = last > first
    ? t('console.list_file.quote_never_closed', { First: String(first), Last: String(last) })
    : t('console.list_file.quotes_unpaired')
  return { code: 'row_unreadable', detail }
}

// trim removes the same white space as the command line does.
export const trim = (cell: string): string => cell.replace(/^[\s\u0085]+|[\s\u0085]+$/g, '')

// separatorOf is the separator that the first line with anything in it holds
// most often outside quotes.
function separatorOf(text: string): string {
  const line = text.split('\n').find((l) => /[^\s\u0085,;"]/.test(l)) ?? ''
  const unquoted = line.split('"').filter((_, i) => i % 2 === 0).join('')
  const count = (c: string) => unquoted.split(c).length
  return [';', '\t'].reduce((best, c) => (count(c) > count(best) ? c : best), ',')
}

// write makes CSV that a spreadsheet opens as text: a cell that would start a
// formula gets an apostrophe in front.
export function write(rows: (string | number)[][]): string {
  return rows.map((row) => row.map(cellOf).join(',') + '\r\n').join('')
}

function cellOf(value: string | number): string {
  let text = String(value)
  if (typeof value === 'string' && /^[ \u00a0\u3000]*[=+\-@\t\r＝＋－＠]/.test(text)) text = `'${text}`
  return /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text
}
