type Filter = { since?: string; first?: string; last?: string; [name: string]: string | undefined }

// filterOf makes the API's query of a filter: empty fields are left out, "since 7d"
// becomes a time, and the first and last day are those of the reader's time zone.
export function filterOf({ since, first, last, ...rest }: Filter, now: Date): Record<string, string> {
  const given = Object.entries(rest).filter((e): e is [string, string] => !!e[1])
  if (since) given.push(['from', new Date(now.getTime() - parseInt(since, 10) * 86_400_000).toISOString()])
  const from = first && !since ? midnight(first) : undefined
  const until = last && !since ? midnight(last, 1) : undefined
  if (from) given.push(['from', from.toISOString()])
  if (until) given.push(['until', until.toISOString()])
  return Object.fromEntries(given)
}

// midnight is the beginning of a day (2030-05-01) in the reader's time zone, or of a
// later day. It is undefined if the text is not a date.
export function midnight(day: string, later = 0): Date | undefined {
  const [y, m, d] = (/^(\d{4})-(\d{2})-(\d{2})$/.exec(day) ?? []).slice(1).map(Number)
  if (y === undefined || m === undefined || d === undefined || y < 1970) return undefined
  const at = new Date(y, m - 1, d)
  if (at.getMonth() !== m - 1 || at.getDate() !== d) return undefined
  return new Date(y, m - 1, d + later)
}
