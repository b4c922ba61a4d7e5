// asked is the filter of the list of members, from the URL.
export function asked(query: URLSearchParams): Record<string, string> {
  const narrowed = [['q', query.get('q')], ['state', query.get('state')], ['status', query.get('status')], ['role', query.get('role')], ['cursor', query.get('after')]]
  return Object.fromEntries(narrowed.filter(([, v]) => v)) as Record<string, string>
}
