import { me } from './me.svelte'

// A Saved is a filter that somebody gave a name: the parameters of an address.
export type Saved = { name: string; query: string }

const maxSaved = 30 // saved filters of one list

// given are the parameters of an address that are a filter, in the order of names.
export function given(query: URLSearchParams, names: readonly string[]): string {
  const kept = new URLSearchParams()
  for (const name of names) if (query.get(name)) kept.set(name, query.get(name)!)
  return kept.toString()
}

// withFilter are the filters with one more, or with another meaning of the name. It is
// undefined if there would be too many.
export function withFilter(all: Saved[], one: Saved): Saved[] | undefined {
  const rest = all.filter((f) => f.name !== one.name)
  if (rest.length >= maxSaved) return undefined
  return [...rest, one].sort((a, b) => a.name.localeCompare(b.name))
}

// readSaved are the filters in a text that a browser kept. What is not a filter is left out.
export function readSaved(text: string | null): Saved[] {
  try {
    const all: unknown = JSON.parse(text ?? '[]')
    return Array.isArray(all) ? all.filter((f): f is Saved => typeof f?.name === 'string' && typeof f?.query === 'string' && f.name !== '') : []
  } catch {
    return []
  }
}

// A SavedFilters are the filters that a member saved for one list, in this browser. Another
// member of the same browser has their own.
export class SavedFilters {
  all = $state.raw<Saved[]>([])
  #key: string

  constructor(list: string) {
    this.#key = `doorward-filters ${list} ${me.who?.id ?? 'operator'}`
    try {
      this.all = readSaved(localStorage.getItem(this.#key))
    } catch {
      // there is no storage
    }
  }

  // keep reports whether the filter is there now, and stays.
  keep = (one: Saved): boolean => {
    const next = withFilter(this.all, one)
    return next !== undefined && this.#put(next)
  }

  drop = (name: string): void => void this.#put(this.all.filter((f) => f.name !== name))

  #put(next: Saved[]): boolean {
    try {
      localStorage.setItem(this.#key, JSON.stringify(next))
    } catch {
      return false
    }
    this.all = next
    return true
  }
}
