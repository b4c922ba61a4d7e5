import type { Invitation, Row } from './api/client'
import { parse, trim, write, type Line, type Refusal } from './csv'
import { t } from './messages'

// The columns, in the order in which a list without a heading has them.
const columns = ['email', 'role', 'name', 'note'] as const
type Column = (typeof columns)[number] | 'language' // which only a heading can name

// A ListRow is one row of a list of invitations, under the number of its line:
// whom to invite, or why the row cannot be read.
export type ListRow = { row: number; invitation: Invitation; error?: undefined } | { row: number; invitation?: undefined; error: Refusal }

// A List is a list of invitations as it was read, or why it cannot be one.
export type List = { rows: ListRow[]; refused?: Refusal }

// read makes invitations of a list: CSV with or without a heading, or just
// addresses, one a line. A row that names no role, or no language, gets the usual one:
// without a language, the server takes the inviter's. The command
// line reads the same lists in app/cli/csv.go; csv_cases.json there holds both to
// one dialect.
export function read(text: string, usual: string[], language = ''): List {
  const lines = parse(text)
  if (lines.length === 0) return refuse('file_empty', t('console.list_file.empty', { Columns: columns.join(',') }))
  const names = lines[0]!.cells.map(columnName)
  const headed = names.includes('email')
  if (!headed && isHeading(names)) {
    return refuse('column_missing', t('console.list_file.email_missing', { Column: 'email', Columns: columns.join(', ') }))
  }
  const placed: readonly string[] = headed ? names : columns
  const twice = [...columns, 'language'].find((c) => placed.indexOf(c) !== placed.lastIndexOf(c))
  if (twice) return refuse('column_twice', t('console.list_file.column_twice', { Column: twice }))
  if (!placed.includes('role') && usual.length === 0) {
    return refuse('role_missing', t('console.list_file.role_missing', { Column: 'role' }))
  }
  return { rows: lines.slice(headed ? 1 : 0).map((line) => rowOf(line, placed, usual, language)) }
}

const refuse = (code: string, detail: string): List => ({ rows: [], refused: { code, detail } })

// columnName is the column that a heading's cell names, in lower case.
function columnName(cell: string): string {
  const name = cell.toLowerCase()
  const others: Record<string, Column> = { 'roles': 'role', 'e-mail': 'email' }
  return others[name] ?? name
}

// isHeading tells a heading from a first row that is already somebody to invite.
const isHeading = (names: string[]) => names.some((n) => (columns as readonly string[]).includes(n)) && !names.some((n) => n.includes('@'))

function rowOf(line: Line, placed: readonly string[], usual: string[], usualLanguage: string): ListRow {
  const { row, cells } = line
  const error = line.fault ?? faultOf(cells, placed.length)
  if (error) return { row, error }
  const cell = (c: Column) => cells[placed.indexOf(c)] ?? ''
  const roles = cell('role').split(/[;|+]/).map(trim).filter(Boolean)
  const person = personOf(cell('email'))
  const name = cell('name') || person.name
  const note = cell('note')
  const language = cell('language') || usualLanguage
  const optional = { ...(name && { name }), ...(note && { note }), ...(language && { language }) }
  return { row, invitation: { email: person.email, roles: roles.length > 0 ? roles : usual, ...optional } }
}

// faultOf says why a row cannot be read for certain. A cell beyond the last column
// most likely comes from a separator that should have been in quotes. Text in
// another encoding shows by what stands for its bytes, UTF-16 by its zero bytes.
function faultOf(cells: string[], columns: number): Refusal | undefined {
  if (cells.some((c) => /[\0\uFFFD]/.test(c))) {
    return { code: 'text_invalid', detail: t('console.list_file.row_encoding') }
  }
  if (cells.slice(columns).some(Boolean)) {
    const detail = t('console.list_file.row_too_long', { N: cells.length, Columns: columns })
    return { code: 'row_unreadable', detail }
  }
  return undefined
}

// personOf reads "Ada Lovelace <ada@example.com>", as mail programs write it. Any
// other cell is an address.
function personOf(cell: string): { name: string; email: string } {
  const [, name, inside] = /^([^<]*)<([^<>]+)>$/.exec(cell) ?? []
  const email = trim(inside ?? '')
  if (!email) return { name: '', email: cell }
  return { name: name!.replace(/^[\s\u0085"]+|[\s\u0085"]+$/g, ''), email }
}

// parts cuts a list into pieces of at most n.
export function parts<T>(all: T[], n: number): T[][] {
  return Array.from({ length: Math.ceil(all.length / n) }, (_, i) => all.slice(i * n, i * n + n))
}

// A Result is what came of a row, with the name in it.
export type Result = Row & { name?: string }

// placeResults puts the results of the server beside the rows that were sent, under their
// own line numbers. The server numbers them from 1, also where it says that an address
// is in an earlier row: the last number of its sentence.
export function placeResults(sent: ListRow[], results: Row[]): Result[] {
  const own = (detail: string) => detail.replace(/\d+(?=\D*$)/, (n) => String(sent[Number(n) - 1]?.row ?? n))
  return results.map((result, i) => {
    const { error } = result
    const placed = error?.code === 'duplicate_row' ? { ...error, detail: own(error.detail) } : error
    const { row, invitation } = sent[i]!
    return { ...result, row, ...(invitation?.name && { name: invitation.name }), ...(placed && { error: placed }) }
  })
}

// verdict says in words what came of a row.
export function verdict(row: Row, dry: boolean): string {
  if (row.error) return row.error.detail
  if (row.rejected_before) return dry ? t('console.list_file.ready_though_rejected') : t('console.list_file.invited_though_rejected')
  return dry ? t('console.list_file.ready') : t('console.list_file.invited')
}

// results are the rows as a file to keep.
export const results = (rows: Result[]): string =>
  write([['row', 'email', 'name', 'result', 'code', 'detail'], ...rows.map((r) => [r.row, r.email, r.name ?? '', r.ok ? 'invited' : 'refused', r.error?.code ?? '', verdict(r, false)])])
