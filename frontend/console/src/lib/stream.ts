export type Topic = 'overview' | 'login-request' | 'member' | 'message' | 'audit' | 'reload'

const topics: Topic[] = ['overview', 'login-request', 'member', 'message', 'audit', 'reload']
const longest = 5000 // milliseconds between two tries to connect

// Heard is where events go, whether the server can be reached, and at which of its positions
// the stream is.
export type Heard = { event: (topic: Topic, data: unknown) => void; state: (connected: boolean) => void; at?: (position: string) => void }

// A Stream receives the server's events on a connection of its own, and connects
// again when it is lost. After that, and when the server says that some were missed,
// it tells of a reload.
export class Stream {
  #source: EventSource | undefined
  #wait = 1000
  #lost: boolean
  #later: ReturnType<typeof setTimeout> | undefined

  // missed: events were missed before the stream began.
  constructor(private heard: Heard, missed = false, private open = () => new EventSource('/api/v1/events')) {
    this.#lost = missed
    this.#start()
  }

  stop(): void {
    clearTimeout(this.#later)
    this.#source?.close()
  }

  // retry connects at once.
  retry(): void {
    this.stop()
    this.#start()
  }

  #start(): void {
    const source = (this.#source = this.open())
    source.onopen = () => this.#opened()
    source.onerror = () => this.#failed(source)
    const at = (e: Event) => this.heard.at?.((e as MessageEvent).lastEventId ?? '')
    source.addEventListener('hello', at)
    for (const topic of topics) {
      source.addEventListener(topic, (e) => {
        at(e)
        this.heard.event(topic, JSON.parse((e as MessageEvent<string>).data || '{}'))
      })
    }
  }

  #opened(): void {
    this.#wait = 1000
    this.heard.state(true)
    if (this.#lost) this.heard.event('reload', {})
    this.#lost = false
  }

  // A closed source does not reconnect by itself: the server refused it.
  #failed(source: EventSource): void {
    this.#lost = true
    this.heard.state(false)
    if (source.readyState !== EventSource.CLOSED) return
    source.close()
    this.#later = setTimeout(() => this.#start(), this.#wait)
    this.#wait = Math.min(longest, this.#wait * 2)
  }
}
