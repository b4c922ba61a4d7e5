import { t } from './messages'

// newest is the order of a list of members that asks for none.
export const newest = '-added'

// orders are those that a list of members can have, by the words of the API.
export const orders: { value: string; readonly label: string }[] = [
  { value: '', get label() { return t('console.order.newest') } },
  { value: 'added', get label() { return t('console.order.oldest') } },
  { value: 'name', get label() { return t('console.order.name') } },
  { value: '-name', get label() { return t('console.order.name_reversed') } },
  { value: 'email', get label() { return t('console.order.email') } },
  { value: '-email', get label() { return t('console.order.email_reversed') } },
  { value: '-last_sign_in', get label() { return t('console.order.recent') } },
  { value: 'last_sign_in', get label() { return t('console.order.not_recent') } },
]

// An order is named by what it compares, after a minus sign if it is reversed.
const compared = (order: string): string => order.replace(/^-/, '')

// chosen is the order of an address: "" stands for the newest first, however that is said.
export const chosen = (order: string): string => (order === newest ? '' : order)

// directionOf is how a column is sorted, as aria-sort has it.
export function directionOf(column: string, order: string): 'ascending' | 'descending' | 'none' {
  const now = order || newest
  if (compared(now) !== column) return 'none'
  return now.startsWith('-') ? 'descending' : 'ascending'
}

// pressed is the order after a column's heading was pressed: text begins with A, a time
// with the latest, and the next press reverses it.
export function pressed(column: string, order: string): string {
  const first = column === 'name' || column === 'email' ? column : `-${column}`
  const now = order || newest
  return chosen(now === first ? (first.startsWith('-') ? column : `-${column}`) : first)
}
