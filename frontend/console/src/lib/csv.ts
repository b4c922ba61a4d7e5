// cells reads a line of text as CSV, in the reader's own dialect: commas,
// semicolons or tabs, with quotes where a cell holds one of them.
export function parse(text: string): string[][] {
  const separator = dialect(text)
  const rows: string[][] = []
  let row: string[] = [], cell = '', quoted = false
  const endCell = () => { row.push(cell.trim()); cell = '' }
  const endRow = () => { endCell(); if (row.some(Boolean)) rows.push(row); row = [] }
  const all = text.replace(/^\uFEFF/, '')
  for (let i = 0; i < all.length; i++) {
    const c = all[i]!
    if (quoted && c === '"' && all[i + 1] === '"') { cell += '"'; i++ }
    else if (quoted) { if (c === '"') quoted = false; else cell += c }
    else if (c === '"' && cell.trim() === '') { quoted = true; cell = '' }
    else if (c === separator) endCell()
    else if (c === '\n' || c === '\r') endRow()
    else cell += c
  }
  endRow()
  return rows
}

function dialect(text: string): string {
  const line = text.slice(0, text.search(/[\r\n]|$/))
  return [',', ';', '\t'].reduce((best, c) => (line.split(c).length > line.split(best).length ? c : best), ',')
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
