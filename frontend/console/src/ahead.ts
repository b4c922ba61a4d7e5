// The requests that a view starts with are sent at once, while the browser still
// loads the rest of the console. This file runs first, so it imports nothing.

const fresh = 5000 // milliseconds for which an answer may still be used
const asked = new Map<string, { answer: Promise<Response>; at: number }>()

const named = (url: string): string => {
  const { pathname, searchParams } = new URL(url, location.href)
  return `${pathname}?${searchParams}`
}

// ahead sends a request whose answer will be needed, in the reader's language.
export function ahead(url: string, language: string): void {
  const answer = fetch(url, { headers: { 'Accept-Language': language }, credentials: 'same-origin', cache: 'no-store' })
  answer.catch(() => undefined) // take returns the same promise, and its caller handles the error
  asked.set(named(url), { answer, at: performance.now() })
}

// take returns the answer to a request that ahead sent. It does so only once.
export function take(url: string): Promise<Response> | undefined {
  const name = named(url)
  const found = asked.get(name)
  asked.delete(name)
  return found && performance.now() - found.at < fresh ? found.answer : undefined
}

// root is the path under which the server serves the console.
export const root = '/admin'

// viewOf is the view at a path of the server: "/settings/members".
export const viewOf = (pathname: string): string => pathname.slice(root.length).replace(/\/+$/, '') || '/'

// page is how many rows a list loads at first.
export const page = 50
