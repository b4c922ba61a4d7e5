import { api, ask, type Member } from './api/client'
import { page } from '../ahead'
import { Problem } from './api/problem'
import { live } from './live.svelte'

const most = 200

type Answer = { items: Member[]; next?: string; total: number; total_is_floor?: boolean }

// LoginRequests are the members awaiting a decision: all of them, or those that a
// search finds. The badge, the notification and the list come from one answer of the
// server, so they cannot disagree.
export class LoginRequests {
  items = $state.raw<Member[]>([])
  total = $state(0)
  floor = $state(false) // the total is a lower bound
  loaded = $state(false)
  problem = $state.raw<Problem>()
  words = ''
  #next = $state('')
  #turn = 0
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
      off.forEach((end) => end())
    }
  }

  get more(): boolean {
    return this.#next !== ''
  }

  soon = (): void => {
    this.#later ??= setTimeout(() => {
      this.#later = undefined
      void this.reload()
    }, 40)
  }

  reload = async (): Promise<void> => {
    const turn = ++this.#turn
    const limit = Math.min(most, Math.max(page, this.items.length))
    try {
      const answer = await this.#ask({ limit })
      if (turn !== this.#turn) return
      this.#take(answer, [])
      this.loaded = true
    } catch (cause) {
      if (turn === this.#turn) this.problem = Problem.of(cause)
    }
  }

  // loadMore appends the next page.
  loadMore = async (): Promise<void> => {
    const turn = ++this.#turn
    try {
      const answer = await this.#ask({ limit: most, cursor: this.#next })
      if (turn === this.#turn) this.#take(answer, this.items)
    } catch (cause) {
      if (turn === this.#turn) this.problem = Problem.of(cause)
    }
  }

  // about searches for words. The earlier results stay until the new ones arrive.
  about(words: string): void {
    this.words = words
    if (words === '') [this.items, this.loaded, this.problem, this.#turn] = [[], false, undefined, this.#turn + 1]
    else void this.reload()
  }

  // without removes a request at once, before the server's event arrives.
  without(id: string): void {
    const left = this.items.filter((m) => m.id !== id)
    if (left.length === this.items.length) return
    this.#turn++
    this.items = left
    this.total--
    this.soon()
  }

  #ask(part: { limit: number; cursor?: string }): Promise<Answer> {
    return ask(api.GET('/login-requests', { params: { query: { ...part, ...(this.words && { q: this.words }) } } }))
  }

  #take(answer: Answer, before: Member[]): void {
    const there = new Set(before.map((m) => m.id))
    this.items = [...before, ...answer.items.filter((m) => !there.has(m.id))]
    this.#next = answer.next ?? ''
    this.total = answer.total
    this.floor = answer.total_is_floor ?? false
    this.problem = undefined
  }
}

const lists = new Set<LoginRequests>()

// decided removes a request from every list.
export const decided = (id: string): void => lists.forEach((list) => list.without(id))

export const loginRequests = new LoginRequests()
