import type { Column } from '$lib/columns.svelte'
import { t } from '$lib/messages'

// A heading names a column; the list is sorted by what it says in by, if by anything.
type Heading = { readonly label: string; by?: string; width: number; tight: number }

// headings are those of the columns, and how wide each is in pixels: beside two others, and
// where there are so many that they have to be tight.
export const headings: Record<Column, Heading> = {
  roles: { get label() { return t('console.members.roles') }, width: 150, tight: 132 },
  status: { get label() { return t('console.members.status') }, width: 148, tight: 144 },
  last_sign_in: { get label() { return t('console.members.last_sign_in') }, by: 'last_sign_in', width: 134, tight: 130 },
  invited_by: { get label() { return t('console.members.invited_by') }, width: 160, tight: 134 },
  added: { get label() { return t('console.members.added') }, by: 'added', width: 134, tight: 112 },
  approved_by: { get label() { return t('console.members.approved_by') }, width: 160, tight: 134 },
}

const spacious = 3 // columns that a table of the least width has space for
const least = 880 // the width of that table
const others = 340 // the member, at the narrowest, and the button

export const tight = (shown: readonly Column[]): boolean => shown.length > spacious

// needs is by how much a table with these columns has to be wider than the least width.
export const needs = (shown: readonly Column[]): number =>
  tight(shown) ? Math.max(0, others + shown.reduce((sum, c) => sum + headings[c].tight, 0) - least) : 0
