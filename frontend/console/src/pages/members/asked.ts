// asked is what the list of members is narrowed to, from the address of the view.
export function asked(query: URLSearchParams): Record<string, string> {
  const narrowed = [['q', query.get('q')], ['state', query.get('state')], ['role', query.get('role')], ['cursor', query.get('after')]]
  return Object.fromEntries(narrowed.filter(([, v]) => v)) as Record<string, string>
}
