// A Line is one row of a list: the line it begins on, and its cells without
// white space around them. A fault says why the row cannot be read.
export type Line = { row: number; cells: string[]; fault?: Refusal }

// A Refusal names a fault for programs, and says it in a sentence.
export type Refusal = { code: string; detail: string }

// decode makes text of a file, which must be in UTF-8.
export function decode(file: Uint8Array): { text: string; refused?: Refusal } {
  const begins = (...bytes: number[]) => bytes.every((b, i) => file[i] === b)
  if (begins(0x50, 0x4b, 3, 4) || begins(0xd0, 0xcf, 0x11, 0xe0)) {
    return { text: '', refused: { code: 'file_workbook', detail: 'The file is a workbook. Save it as CSV (UTF-8) first.' } }
  }
  if (begins(0xff, 0xfe) || begins(0xfe, 0xff)) {
    return { text: '', refused: { code: 'file_utf16', detail: 'The file is in UTF-16. Save it as CSV (UTF-8) first.' } }
  }
  return { text: new TextDecoder().decode(file) }
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
    ? `A quote that begins here ends in row ${last} or never, so rows ${first} to ${last} were read as one. Close it, or write a quote inside quotes twice.`
    : 'The quotes do not pair up. Put the whole cell in quotes, and write a quote inside it twice.'
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
