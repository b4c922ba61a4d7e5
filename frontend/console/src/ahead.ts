// What a view waits for is asked for at once, while the browser still reads the
// rest of the console. This file is the first to run, so it needs no other.

const fresh = 5000 // milliseconds in which an answer is still the one that was wanted
const asked = new Map<string, { answer: Promise<Response>; at: number }>()

const named = (url: string): string => {
  const { pathname, searchParams } = new URL(url, location.href)
  return `${pathname}?${searchParams}`
}

// ahead asks for something that will be wanted.
export function ahead(url: string): void {
  const answer = fetch(url, { credentials: 'same-origin', cache: 'no-store' })
  answer.catch(() => undefined) // whoever takes it hears of it
  asked.set(named(url), { answer, at: performance.now() })
}

// take is the answer to what was asked for ahead, once.
export function take(url: string): Promise<Response> | undefined {
  const name = named(url)
  const found = asked.get(name)
  asked.delete(name)
  return found && performance.now() - found.at < fresh ? found.answer : undefined
}

// root is where the server has the console.
export const root = '/admin'

// viewOf is the view at a path of the server: "/settings/members".
export const viewOf = (pathname: string): string => pathname.slice(root.length).replace(/\/+$/, '') || '/'

// page is how many rows a list begins with.
export const page = 50
