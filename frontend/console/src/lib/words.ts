// count is a number with its noun: "1 person", "3 people", "1,204 members".
export function count(n: number, one: string, many = `${one}s`): string {
  return `${n.toLocaleString()} ${n === 1 ? one : many}`
}

// list is a list in words: "AILoop and Fleet".
export const list = (words: string[]): string => new Intl.ListFormat('en', { type: 'conjunction' }).format(words)

// called is what a member is called: by name, else by address.
export const called = (m: { name?: string; email: string }): string => m.name || m.email

// capped is a count on a badge, which has little room.
export const capped = (n: number): string => (n > 99 ? '99+' : String(n))
