// number formats a number in English, like the text around it: "1,204". The
// browser's own formatter would load the rules of all languages first.
export const number = (n: number): string => String(n).replace(/\B(?=(\d{3})+$)/g, ',')

// count is a number with its noun: "1 person", "3 people", "1,204 members".
export function count(n: number, one: string, many = `${one}s`): string {
  return `${number(n)} ${n === 1 ? one : many}`
}

// list is a list in words: "AILoop and Fleet".
export const list = (words: string[]): string =>
  words.length < 3 ? words.join(' and ') : `${words.slice(0, -1).join(', ')}, and ${words.at(-1)}`

// called is the member's name, or the address where there is none.
export const called = (m: { name?: string; email: string }): string => m.name || m.email

// capped is a count for a badge, which is narrow: above 99 it is "99+".
export const capped = (n: number): string => (n > 99 ? '99+' : String(n))

// holders says how many members and tokens hold a role, with the verb: "1 member and
// 2 API tokens hold". It is empty where nobody does.
export function holders(members = 0, tokens = 0): string {
  const all = [members > 0 ? count(members, 'member') : '', tokens > 0 ? count(tokens, 'API token') : ''].filter(Boolean)
  return all.length === 0 ? '' : `${list(all)} ${members + tokens === 1 ? 'holds' : 'hold'}`
}

// awaiting says how many people can be decided about now.
export const awaiting = (n: number): string => `${count(n, 'person is', 'people are')} waiting for your approval`

// split says how many requests are ready for a decision, and how many are not.
export const split = (ready: number, total: number): string => `${number(ready)} ready to review, ${number(total - ready)} not accepted yet`
