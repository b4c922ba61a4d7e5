export type Topic = 'overview' | 'login-request' | 'member' | 'message' | 'audit' | 'reload'
type Listener = (data: unknown) => void

const topics: Topic[] = ['overview', 'login-request', 'member', 'message', 'audit', 'reload']
const longest = 30_000

// Live receives the server's events. When some were missed, because the connection
// was lost or the server says so, every listener is called with no data and reloads.
export class Live {
  connected = $state(true)
  #listeners = new Map<Topic, Set<Listener>>()
  #source: EventSource | undefined
  #wait = 1000
  #lost = false
  #later: ReturnType<typeof setTimeout> | undefined

  constructor(private open: () => EventSource = () => new EventSource('/api/v1/events')) {}

  start(): void {
    const source = (this.#source = this.open())
    source.onopen = () => this.#opened()
    source.onerror = () => this.#failed(source)
    for (const topic of topics) {
      source.addEventListener(topic, (e) => this.#tell(topic, JSON.parse((e as MessageEvent<string>).data || '{}')))
    }
  }

  stop(): void {
    this.#source?.close()
  }

  // retry connects at once if there is no connection.
  retry = (): void => {
    if (this.connected) return
    clearTimeout(this.#later)
    this.stop()
    this.start()
  }

  // on calls listener for each event of a topic until the returned function is
  // called. A reload calls the listeners of every topic.
  on(topic: Topic, listener: Listener): () => void {
    const all = this.#listeners.get(topic) ?? new Set()
    this.#listeners.set(topic, all.add(listener))
    return () => all.delete(listener)
  }

  #opened(): void {
    this.connected = true
    this.#wait = 1000
    if (this.#lost) this.#tell('reload', {})
    this.#lost = false
  }

  // A closed source does not reconnect by itself: the server refused it.
  #failed(source: EventSource): void {
    this.connected = false
    this.#lost = true
    if (source.readyState !== EventSource.CLOSED) return
    source.close()
    this.#later = setTimeout(() => this.start(), this.#wait)
    this.#wait = Math.min(longest, this.#wait * 2)
  }

  #tell(topic: Topic, data: unknown): void {
    const told = topic === 'reload' ? topics : [topic]
    for (const t of told) for (const listener of this.#listeners.get(t) ?? []) listener(topic === 'reload' ? undefined : data)
  }
}

export const live = new Live()
