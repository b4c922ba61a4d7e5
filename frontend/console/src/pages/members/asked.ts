// asked is the filter of the list of members, with its order, from the URL. A search has an
// order of its own; the chosen one is there again after it.
export function asked(query: URLSearchParams): Record<string, string> {
  const q = query.get('q')
  const narrowed = [['q', q], ['state', query.get('state')], ['status', query.get('status')], ['role', query.get('role')], ['sort', !q && query.get('sort')], ['cursor', query.get('after')]]
  return Object.fromEntries(narrowed.filter(([, v]) => v)) as Record<string, string>
}
