import { language, t, type parts } from './messages'

let numbers: Intl.NumberFormat | undefined

// number formats a number as the text around it does: "1,204".
export const number = (n: number): string => (numbers ??= new Intl.NumberFormat(language())).format(n)

// list is a list in words, "Admin, AILoop and Fleet", as pages and emails have it:
// Intl.ListFormat writes "Admin, AILoop, and Fleet".
export const list = (words: string[]): string =>
  words.length < 2 ? words.join('') : t('list.and', { First: words.slice(0, -1).join(t('list.comma')), Last: words.at(-1)! })

// sentences are several sentences after each other, without empty ones.
export const sentences = (all: string[]): string =>
  all.filter(Boolean).reduce((before, next) => (before ? t('console.text.sentences', { First: before, Next: next }) : next), '')

// capital is a word as it stands at the beginning of a sentence.
export const capital = (word: string): string => word.charAt(0).toLocaleUpperCase(language()) + word.slice(1)

// called is the member's name, or the address where there is none.
export const called = (m: { name?: string; email: string }): string => m.name || m.email

// capped is a count for a badge, which is narrow: above 99 it is "99+".
export const capped = (n: number): string => (n > 99 ? `${number(99)}+` : number(n))

// holders says how many members and tokens hold a role, and what follows from it. It is
// empty where nobody does.
export function holders(members = 0, tokens = 0): string {
  if (members > 0 && tokens > 0) {
    return t('console.roles.held_by_both', { Members: t('console.roles.holding_members', { N: members }), Tokens: t('console.roles.holding_tokens', { N: tokens }) })
  }
  if (members > 0) return t('console.roles.held_by_members', { N: members })
  return tokens > 0 ? t('console.roles.held_by_tokens', { N: tokens }) : ''
}

// awaiting says how many people can be decided about now.
export const awaiting = (n: number): string => t('console.requests.awaiting', { N: n })

// split says how many requests are ready for a decision, and how many are not.
export const split = (ready: number, total: number): string => t('console.requests.split', { Ready: ready, Others: total - ready })

// bound are the parts of a sentence whose slots stay on the line of the word before them.
export const bound = (all: ReturnType<typeof parts>): ReturnType<typeof parts> =>
  all.map((part, i) => (part.text !== undefined && all[i + 1]?.slot ? { text: part.text.replace(/ $/, '\u00a0') } : part))
