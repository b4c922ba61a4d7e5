// Found is what the palette offers: a page, something to do, or a member.
export type Found = { id: string; name: string; more?: string; aside?: string; go: () => void }

// folded is text as it is searched for: without case and accents.
const folded = (text: string): string => text.normalize('NFD').replace(/\p{M}/gu, '').toLowerCase()

// matching are those whose names hold every word that was typed, in whichever order.
export function matching(all: Found[], words: string): Found[] {
  const typed = folded(words).split(/\s+/).filter(Boolean)
  return all.filter(({ name }) => typed.every((word) => folded(name).includes(word)))
}

// next is the place in the list after a key, or undefined if the key does not move. The
// list goes round.
export function next(key: string, at: number, length: number): number | undefined {
  const step = { ArrowDown: 1, ArrowUp: -1 }[key]
  if (step !== undefined) return length === 0 ? 0 : (at + step + length) % length
  return { Home: 0, End: Math.max(0, length - 1) }[key]
}
