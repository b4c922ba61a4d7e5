type Page<T> = { items: T[]; next?: string }

const maxPages = 3 // pages that are asked for before the reader is asked to go on

// older loads entries of a member's history until there are as many as wanted. The server
// looks at a limited number of entries at a time, so a page may be short, or empty, and have
// a next one.
export async function older<T>(wanted: number, cursor: string | undefined, load: (limit: number, cursor?: string) => Promise<Page<T>>): Promise<Page<T>> {
  const items: T[] = []
  let next = cursor
  for (let n = 0; n < maxPages; n++) {
    const page = await load(wanted - items.length, next)
    items.push(...page.items)
    next = page.next
    if (!next || items.length >= wanted) break
  }
  return { items, ...(next && { next }) }
}
