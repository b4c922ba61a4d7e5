type Page<T> = { items: T[]; next?: string }
type Query = { limit: number; cursor?: string; [name: string]: string | number | undefined }

const maxPages = 8 // pages in which nothing matches, before the reader is asked to go on

// find loads a page of emails that match a filter. The server looks at a limited number at
// a time, so a page may be empty and have a next one.
export async function find<T, P extends Page<T>>(filter: Record<string, string>, cursor: string, load: (query: Query) => Promise<P>): Promise<P> {
  const given = Object.fromEntries(Object.entries(filter).filter(([, value]) => value))
  for (let at = cursor, n = 1; ; n++) {
    const page = await load({ limit: 50, ...(at && { cursor: at }), ...given })
    if (page.items.length > 0 || !page.next || n === maxPages) return page
    at = page.next
  }
}
