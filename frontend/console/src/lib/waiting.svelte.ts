import { api, ask, type Member } from './api/client'
import { Problem } from './api/problem'
import { live } from './live.svelte'

const page = 50, most = 200

// Waiting is who waits for a decision. The badge, the notification and the list
// all come from this one answer of the server, so they cannot disagree.
class Waiting {
  items = $state.raw<Member[]>([])
  total = $state(0)
  loaded = $state(false)
  problem = $state.raw<Problem>()
  #next = ''
  #turn = 0
  #later: ReturnType<typeof setTimeout> | undefined

  start(): void {
    void this.reload()
    for (const topic of ['login-request', 'member', 'letter'] as const) live.on(topic, (data) => this.#changed(data))
    live.on('overview', (data) => {
      if (data === undefined || (data as { pending: number }).pending !== this.total) this.soon()
    })
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
      const answer = await ask(api.GET('/login-requests', { params: { query: { limit } } }))
      if (turn !== this.#turn) return
      this.#next = answer.next ?? ''
      this.items = answer.items
      this.total = answer.total
      this.loaded = true
      this.problem = undefined
    } catch (cause) {
      if (turn === this.#turn) this.problem = Problem.of(cause)
    }
  }

  // loadMore appends the page after.
  loadMore = async (): Promise<void> => {
    const turn = ++this.#turn
    const answer = await ask(api.GET('/login-requests', { params: { query: { limit: most, cursor: this.#next } } }))
    if (turn !== this.#turn) return
    const there = new Set(this.items.map((m) => m.id))
    this.items = [...this.items, ...answer.items.filter((m) => !there.has(m.id))]
    this.#next = answer.next ?? ''
    this.total = answer.total
  }

  // decided takes a request away at once, before the server tells everybody.
  decided(id: string): void {
    const left = this.items.filter((m) => m.id !== id)
    if (left.length === this.items.length) return
    this.#turn++
    this.items = left
    this.total--
    this.soon()
  }

  #changed(data: unknown): void {
    void data
    this.soon()
  }
}

export const waiting = new Waiting()
