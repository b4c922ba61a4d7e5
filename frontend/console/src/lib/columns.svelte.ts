import { me } from './me.svelte'

// columns are those that the list of members can have beside the member, in their order.
export const columns = ['roles', 'status', 'last_sign_in', 'invited_by', 'added', 'approved_by'] as const
export type Column = (typeof columns)[number]

// usual are those that are shown to somebody who has chosen none.
export const usual: readonly Column[] = ['roles', 'status', 'last_sign_in']

const inOrder = (names: readonly unknown[]): Column[] => columns.filter((c) => names.includes(c))

// readColumns are the columns in a text that a browser kept, or the usual ones if it holds
// none that this console knows. Somebody who wants to see the members alone chose no column.
export function readColumns(text: string | null): readonly Column[] {
  try {
    const names: unknown = JSON.parse(text ?? 'null')
    if (!Array.isArray(names)) return usual
    const known = inOrder(names)
    return known.length === 0 && names.length > 0 ? usual : known
  } catch {
    return usual
  }
}

// withColumn are the columns with one more, or without it.
export const withColumn = (shown: readonly Column[], column: Column, on: boolean): Column[] =>
  inOrder(on ? [...shown, column] : shown.filter((c) => c !== column))

// Columns are those that a member chose to see in the list of members, in this browser.
// Another member of the same browser has their own. Without storage they last as long as
// the page.
export class Columns {
  shown = $state.raw<readonly Column[]>(usual)
  #key = `doorward-columns members ${me.who?.id ?? 'operator'}`

  constructor() {
    try {
      this.shown = readColumns(localStorage.getItem(this.#key))
    } catch {
      // there is no storage
    }
  }

  has = (column: Column): boolean => this.shown.includes(column)

  get usual(): boolean {
    return this.shown.join() === usual.join()
  }

  set = (column: Column, on: boolean): void => {
    this.shown = withColumn(this.shown, column, on)
    this.#store((s) => s.setItem(this.#key, JSON.stringify(this.shown)))
  }

  reset = (): void => {
    this.shown = usual
    this.#store((s) => s.removeItem(this.#key))
  }

  #store(change: (storage: Storage) => void): void {
    try {
      change(localStorage)
    } catch {
      // there is no storage, or it is full
    }
  }
}
