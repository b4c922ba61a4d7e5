// matches reports whether a member has every word: in the name, the address or
// the note.
export function matches(m: { name?: string; email: string; note?: string }, words: string): boolean {
  const text = `${m.name ?? ''} ${m.email} ${m.note ?? ''}`.toLowerCase()
  return words.toLowerCase().split(/\s+/).every((w) => text.includes(w))
}
