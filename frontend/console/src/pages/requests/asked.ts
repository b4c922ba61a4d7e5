// asked is what the list of login requests is narrowed to, from the URL. A search finds the
// requests of all inviters, in an order of its own.
export function asked(query: URLSearchParams): Record<string, string> {
  const q = query.get('q')?.trim()
  const narrowed = [['q', q], ['role', query.get('role')], ['invited_by', !q && query.get('invited_by')], ['sort', !q && query.get('sort')]]
  return Object.fromEntries(narrowed.filter(([, v]) => v)) as Record<string, string>
}
