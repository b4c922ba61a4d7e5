import { api, ask, type Member } from '$lib/api/client'
import { maxSelected } from '$lib/selecting'

const atOnce = 200 // of a page of the API

// A Selection are the members that were selected, on whichever page of the list they stand.
export class Selection {
  #members = $state.raw<ReadonlyMap<string, Member>>(new Map())

  get all(): Member[] {
    return [...this.#members.values()]
  }

  get size(): number {
    return this.#members.size
  }

  has = (m: Member): boolean => this.#members.has(m.id)

  set = (members: Member[], yes: boolean): void => {
    const next = new Map(this.#members)
    for (const m of members) {
      if (yes) next.set(m.id, m)
      else next.delete(m.id)
    }
    this.#members = next
  }

  clear = (): void => {
    this.#members = new Map()
  }

  // matching selects all members that match the filter.
  matching = async (filter: Record<string, string>): Promise<void> => {
    const found: Member[] = []
    for (let cursor: string | undefined; ; ) {
      const page = await ask(api.GET('/members', { params: { query: { ...filter, limit: atOnce, ...(cursor && { cursor }) } } }))
      found.push(...page.items)
      cursor = page.next
      if (!cursor || found.length >= maxSelected) break
    }
    this.clear()
    this.set(found.slice(0, maxSelected), true)
  }
}
