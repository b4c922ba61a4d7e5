import { api, ask, type Member } from './api/client'
import { page } from '../ahead'
import { Problem } from './api/problem'
import { live } from './live.svelte'
import { overview } from './overview.svelte'

const maxPage = 200

type Inviter = { id: string; name: string }
type Answer = { items: Member[]; inviters: Inviter[]; next?: string; total: number; total_is_floor?: boolean; only_beginnings?: boolean }

// LoginRequests are the members awaiting a decision: all of them, or those that a
// search or filter finds. The badge, the notification and the list come from one answer of the
// server, so they cannot disagree.
export class LoginRequests {
  items = $state.raw<Member[]>([])
  total = $state(0)
  floor = $state(false) // the total is a lower bound
  beginnings = $state(false) // a search found only beginnings of words so far
  loaded = $state(false)
  problem = $state.raw<Problem>()
  inviters = $state.raw<Inviter[]>([]) // of the first requests of all
  #asked: Record<string, string> = {}
  #next = $state('')
  #wanted = page // how many requests to show
  #turn = 0
  #running = 0 // the turn whose answer is awaited
  #again = false
  #later: ReturnType<typeof setTimeout> | undefined

  // start keeps the list up to date until the function it returns is called.
  start(): () => void {
    lists.add(this)
    const off = (['login-request', 'member', 'message'] as const).map((topic) => live.on(topic, this.soon))
    off.push(
      live.on('overview', (data) => {
        if (data === undefined || (data as { pending: number }).pending !== this.total) this.soon()
      }),
    )
    return () => {
      lists.delete(this)
      clearTimeout(this.#later)
      this.#later = undefined
      off.forEach((end) => end())
    }
  }

  get more(): boolean {
    return this.#next !== ''
  }

  // ready is how many accepted the invitation: those are first in the list, and can be
  // decided about. The others have yet to accept it.
  get ready(): number {
    const accepted = this.items.findIndex((m) => !m.accepted_at)
    if (accepted >= 0) return accepted
    return this.more ? Math.min(this.total, Math.max(this.items.length, overview.now?.accepted ?? 0)) : this.items.length
  }

  // soon reloads once for several changes in quick succession, and not while an answer is
  // on its way: under a stream of changes no answer would ever be shown. A longer list
  // takes more requests, so it waits longer.
  soon = (): void => {
    this.#later ??= setTimeout(() => {
      this.#later = undefined
      if (this.#running === 0) void this.reload()
      else this.#again = true
    }, 40 + this.items.length / 4)
  }

  // reload loads as many requests as are wanted, and shows them together, so that the
  // list does not collapse under its reader.
  reload = async (): Promise<void> => {
    const turn = (this.#running = ++this.#turn)
    let items: Member[] = []
    let cursor: string | undefined
    try {
      do {
        const answer = await this.#ask({ limit: Math.min(maxPage, this.#wanted - items.length), ...(cursor && { cursor }) })
        if (turn !== this.#turn) return
        items = joined(items, answer.items)
        cursor = answer.next
        if (!cursor || items.length >= this.#wanted) this.#take(answer, items)
      } while (cursor && items.length < this.#wanted)
    } catch (cause) {
      if (turn === this.#turn) this.problem = Problem.of(cause)
    } finally {
      if (turn === this.#running) this.#done()
    }
  }

  // loadMore adds a page to the list.
  loadMore = (): Promise<void> => {
    this.#wanted = this.items.length + maxPage
    return this.reload()
  }

  // loadAll loads the whole list, and reports whether it could. A decision made meanwhile
  // discards the answer, so it tries again.
  loadAll = async (): Promise<boolean> => {
    this.problem = undefined
    while (this.more && !this.problem) {
      this.#wanted = Infinity
      await this.reload()
    }
    return !this.more
  }

  // about searches, filters and orders by the parameters of the API. The earlier results
  // stay until the new ones arrive.
  about(asked: Record<string, string>): void {
    this.#asked = asked
    this.#wanted = page
    if (Object.keys(asked).length > 0) return void this.reload()
    this.#discard()
    this.items = []
    this.loaded = false
    this.problem = undefined
  }

  // without removes a request at once, before the server's event arrives.
  without(id: string): void {
    const left = this.items.filter((m) => m.id !== id)
    if (left.length === this.items.length) return
    this.#discard()
    this.items = left
    this.total--
    this.soon()
  }

  // #discard ignores the answer that is on its way: it is older than what is shown.
  #discard(): void {
    this.#turn++
    this.#done()
  }

  #done(): void {
    this.#running = 0
    if (this.#again) this.soon()
    this.#again = false
  }

  #ask(part: { limit: number; cursor?: string }): Promise<Answer> {
    return ask(api.GET('/login-requests', { params: { query: { ...part, ...this.#asked } } }))
  }

  #take(answer: Answer, items: Member[]): void {
    this.items = items
    this.#wanted = Math.max(page, items.length)
    this.loaded = true
    this.#next = answer.next ?? ''
    this.total = answer.total
    this.inviters = answer.inviters
    this.floor = answer.total_is_floor ?? false
    this.beginnings = answer.only_beginnings ?? false
    this.problem = undefined
  }
}

// joined is a list and its next page, in which a request that moved comes once.
function joined(before: Member[], next: Member[]): Member[] {
  const there = new Set(before.map((m) => m.id))
  return [...before, ...next.filter((m) => !there.has(m.id))]
}

const lists = new Set<LoginRequests>()

// here has the members whose requests are decided in this console, or are pending again by
// it, until the list shows that: whoever did it is told otherwise.
export const here = new Set<string>()

// decided removes a request from every list.
export const decided = (id: string): void => lists.forEach((list) => list.without(id))

export const loginRequests = new LoginRequests()
