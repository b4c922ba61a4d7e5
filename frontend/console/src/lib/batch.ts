import type { Invitation, Row } from './api/client'
import { parse, write } from './csv'

const columns = ['email', 'role', 'name', 'note'] as const
type Column = (typeof columns)[number]

// read makes invitations of pasted text: CSV with or without a heading, or just
// addresses, one a line. Rows without a role get the usual one. Several roles
// stand in one cell, with ; or | or + between them.
export function read(text: string, usual: string[]): Invitation[] {
  const rows = parse(text)
  const head = rows[0]?.map((c) => c.toLowerCase())
  const headed = head?.some((c) => c === 'email' || c === 'e-mail') ?? false
  const at = headed ? placed(head!) : { email: 0, role: 1, name: 2, note: 3 }
  return (headed ? rows.slice(1) : rows).map((cells) => {
    const cell = (c: Column) => cells[at[c] ?? -1] ?? ''
    const roles = cell('role').split(/[;|+]/).map((r) => r.trim()).filter(Boolean)
    const { name, email } = person(cell('email'))
    const called = cell('name') || name
    return { email, roles: roles.length > 0 ? roles : usual, ...(called && { name: called }), ...(cell('note') && { note: cell('note') }) }
  })
}

function placed(head: string[]): Record<Column, number> {
  const find = (...names: string[]) => head.findIndex((h) => names.includes(h))
  return { email: find('email', 'e-mail'), role: find('role', 'roles'), name: find('name'), note: find('note') }
}

// person reads "Ada Lovelace <ada@example.com>", as mail programs write it.
function person(cell: string): { name: string; email: string } {
  const [, name, email] = /^\s*"?([^"<]*?)"?\s*<([^>]+)>\s*$/.exec(cell) ?? []
  return email ? { name: name ?? '', email } : { name: '', email: cell.trim() }
}

// parts cuts a list into pieces of at most n.
export function parts<T>(all: T[], n: number): T[][] {
  return Array.from({ length: Math.ceil(all.length / n) }, (_, i) => all.slice(i * n, i * n + n))
}

// verdict says in words what came of a row.
export function verdict(row: Row, dry: boolean): string {
  if (row.error) return row.error.detail
  const before = row.rejected_before ? ' It was rejected before.' : ''
  return (dry ? 'Can be invited.' : 'Invited.') + before
}

// results are the rows as a file to keep.
export const results = (rows: Row[]): string =>
  write([['row', 'email', 'result', 'code', 'detail'], ...rows.map((r) => [r.row, r.email, r.ok ? 'invited' : 'refused', r.error?.code ?? '', verdict(r, false)])])
