import { tick } from 'svelte'
import { root, viewOf } from '../ahead'

// The router keeps the console's state in the URL: the view in its path, filters and
// the open dialog in its query. So every view and dialog can be linked to, and Back
// closes what was opened.
class Router {
  #url = $state.raw(new URL(location.href))
  #returning = false
  #then: (() => void) | undefined

  constructor() {
    addEventListener('popstate', () => {
      this.#url = new URL(location.href)
      this.#returning = false
      this.#then?.()
    })
    document.addEventListener('click', (e) => this.#follow(e))
  }

  // path is the view, from "/" on.
  get path(): string {
    return viewOf(this.#url.pathname)
  }

  get query(): URLSearchParams {
    return this.#url.searchParams
  }

  // get returns a parameter of the query, or "". has tells an empty one from none.
  get = (name: string): string => this.#url.searchParams.get(name) ?? ''
  has = (name: string): boolean => this.#url.searchParams.has(name)

  // to is the URL of a view.
  to = (path: string, query: Record<string, string> = {}): string => {
    const search = new URLSearchParams(query).toString().replace(/=(?=&|$)/g, '')
    return root + (path === '/' ? '/' : path) + (search && `?${search}`)
  }

  // with is the URL of this view with other parameters. undefined removes one.
  with = (change: Record<string, string | undefined>): string => {
    const query = new URLSearchParams(this.#url.search)
    for (const [name, value] of Object.entries(change)) {
      if (value === undefined) query.delete(name)
      else query.set(name, value)
    }
    return this.to(this.path, Object.fromEntries(query))
  }

  go = (address: string, how: { replace?: boolean } = {}): void => {
    const next = new URL(address, location.href)
    const moved = next.pathname !== this.#url.pathname
    if (next.href === this.#url.href) return
    if (this.#returning) {
      this.#then = () => this.go(address, how) // the browser goes back first
      return
    }
    this.#then = undefined
    const from = this.#url.href
    this.#url = next
    if (!how.replace) history.pushState({ from }, '', next)
    else if (this.from === next.href) this.back()
    else history.replaceState(history.state, '', next)
    if (moved) void tick().then(arrive)
  }

  // from is the address that this one was opened from, in this tab, or "".
  get from(): string {
    return (history.state as { from?: string } | null)?.from ?? ''
  }

  // back returns to where this address was opened from, so that what was closed leaves
  // no step behind.
  back = (): void => {
    this.#returning = true
    history.back()
  }

  // set changes parameters of this view.
  set = (change: Record<string, string | undefined>, how: { replace?: boolean } = {}): void => this.go(this.with(change), how)

  #follow(e: MouseEvent): void {
    const link = (e.target as Element).closest?.('a')
    const ours = link && !link.target && !link.download && link.origin === location.origin && link.pathname.startsWith(root)
    if (!ours || e.defaultPrevented || e.button !== 0 || e.metaKey || e.ctrlKey || e.shiftKey || e.altKey) return
    e.preventDefault()
    this.go(link.href)
  }
}

// arrive scrolls to the top of a new view and moves the focus there.
function arrive(): void {
  scrollTo(0, 0)
  document.querySelector<HTMLElement>('main')?.focus({ preventScroll: true })
}

export const router = new Router()
