const wellKnown = ['gmail.com', 'outlook.com', 'hotmail.com', 'icloud.com', 'yahoo.com', 'proton.me', 'protonmail.com', 'gmx.de', 'web.de', 'example.com']

// domain is the part of an address after the @.
export const domain = (email: string): string => email.slice(email.lastIndexOf('@') + 1).trim().toLowerCase()

// didYouMean is the same address at a known domain that differs by one letter. It is
// empty where there is none. Domains of members count before well-known ones.
export function didYouMean(email: string, known: Iterable<string>): string {
  const at = email.lastIndexOf('@')
  const typed = domain(email)
  if (at < 1 || !typed.includes('.')) return ''
  const all = [...known, ...wellKnown].map((d) => d.toLowerCase())
  if (all.includes(typed)) return ''
  const near = all.find((d) => oneOff(typed, d))
  return near ? `${email.slice(0, at).trim()}@${near}` : ''
}

// oneOff reports whether one letter is missing, added or changed, or two adjacent
// letters are swapped.
export function oneOff(a: string, b: string): boolean {
  if (a === b || Math.abs(a.length - b.length) > 1) return false
  let i = 0
  while (i < a.length && a[i] === b[i]) i++
  const rest = (s: string, n: number) => s.slice(i + n)
  if (a.length > b.length) return rest(a, 1) === rest(b, 0)
  if (a.length < b.length) return rest(a, 0) === rest(b, 1)
  const swapped = a[i] === b[i + 1] && a[i + 1] === b[i] && rest(a, 2) === rest(b, 2)
  return swapped || rest(a, 1) === rest(b, 1)
}

// domainsOf are the different domains of addresses.
export const domainsOf = (emails: string[]): Set<string> => new Set(emails.filter((e) => e.includes('@')).map(domain))
