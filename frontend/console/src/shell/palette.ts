// Found is what the palette offers: a page, something to do, or a member.
export type Found = { id: string; name: string; more?: string; aside?: string; go: () => void }

// folded is text as it is searched for: without case and accents.
const folded = (text: string): string => text.normalize('NFD').replace(/\p{M}/gu, '').toLowerCase()

const split = (words: string): string[] => folded(words).split(/\s+/).filter(Boolean)

// matching are those whose names hold every word that was typed, in whichever order.
export function matching(all: Found[], words: string): Found[] {
  const typed = split(words)
  return all.filter(({ name, more = '' }) => typed.every((word) => folded(`${name} ${more}`).includes(word)))
}

// whom is what was typed without the words that name a verb: "suspend ada" asks for ada. Words
// that are all verbs' may be somebody's name.
export function whom(words: string, verbs: string[]): string {
  const known = new Set(verbs.flatMap(split))
  const rest = words.trim().split(/\s+/).filter((word) => !known.has(folded(word)))
  return rest.length > 0 ? rest.join(' ') : words.trim()
}

// next is the place in the list after a key, or undefined if the key does not move. The
// list goes round.
export function next(key: string, at: number, length: number): number | undefined {
  const step = { ArrowDown: 1, ArrowUp: -1 }[key]
  if (step !== undefined) return length === 0 ? 0 : (at + step + length) % length
  return { Home: 0, End: Math.max(0, length - 1) }[key]
}
