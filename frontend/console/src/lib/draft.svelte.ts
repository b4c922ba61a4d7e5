import { me } from './me.svelte'

const prefix = 'doorward-draft '

// A Draft is what somebody typed into a form and did not send yet. This tab keeps it
// when the session ends or the page is loaded again, for the same member alone.
export class Draft<T extends Record<string, unknown>> {
  value: T = $state()!
  #key: string
  #empty: string

  // A Draft must be created while a component is initialised.
  constructor(name: string, empty: T) {
    this.#key = `${prefix}${me.who?.id ?? 'operator'} ${name}`
    this.#empty = JSON.stringify(empty)
    this.value = { ...empty, ...kept<T>(this.#key) }
    $effect(() => keep(this.#key, this.dirty ? JSON.stringify(this.value) : undefined))
  }

  // dirty reports whether there is something to lose.
  get dirty(): boolean {
    return JSON.stringify(this.value) !== this.#empty
  }

  clear = (): void => {
    this.value = JSON.parse(this.#empty) as T
    keep(this.#key, undefined)
  }
}

// A browser may refuse storage, or have none left. Then a draft lasts as long as its form.
function keep(key: string, text: string | undefined): void {
  try {
    if (text === undefined) sessionStorage.removeItem(key)
    else sessionStorage.setItem(key, text)
  } catch {
    return
  }
}

function kept<T>(key: string): Partial<T> {
  try {
    return JSON.parse(sessionStorage.getItem(key) ?? '{}') as Partial<T>
  } catch {
    return {}
  }
}

// forget removes all drafts, as on signing out.
export function forget(): void {
  if (!globalThis.sessionStorage) return
  const all = Array.from({ length: sessionStorage.length }, (_, i) => sessionStorage.key(i) ?? '')
  for (const key of all.filter((key) => key.startsWith(prefix))) sessionStorage.removeItem(key)
}
