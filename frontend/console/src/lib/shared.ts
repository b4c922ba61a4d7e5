import { Stream, type Heard, type Topic } from './stream'

// All is what a tab hears: the stream, and from other tabs that the session has ended,
// or that there is one again.
export type All = Heard & { ended: () => void; again: () => void }

type Said = { kind: 'event'; topic: Topic; data: unknown } | { kind: 'state'; connected: boolean; at?: string } | { kind: 'ask' } | { kind: 'retry' } | { kind: 'ended' }

// An Environment is what the browser has for sharing.
export type Environment = {
  locks: Pick<LockManager, 'request'> | undefined
  channel: (name: string) => Pick<BroadcastChannel, 'postMessage' | 'onmessage' | 'close'>
  stream: (heard: Heard, missed: boolean) => Pick<Stream, 'stop' | 'retry'>
  page: Pick<Document, 'visibilityState' | 'addEventListener'>
}

const browser = (): Environment => ({
  locks: navigator.locks,
  channel: (name) => new BroadcastChannel(name),
  stream: (heard, missed) => new Stream(heard, missed),
  page: document,
})

const silence = 3000 // milliseconds until a tab that does not answer is taken for asleep
const askEvery = 20_000

// Shared is one stream for all tabs of a browser, which opens only six connections to
// a server over HTTP/1.1: with a stream for each tab the seventh would hang, and so
// would every request. The tab that holds a lock has the stream, and passes on what it
// hears. When that tab closes, or does not answer a visible one, another takes over.
//
// Browsers give no locks to pages without https, except on the same machine. There a
// tab has its own stream, while it is visible.
export class Shared {
  #heard: All
  #env: Environment
  #channel: ReturnType<Environment['channel']>
  #stream: ReturnType<Environment['stream']> | undefined
  #waiting: AbortController | undefined
  #answered = true
  #begun = false // there was a stream before
  #connected = true
  #at = '' // the position of the last event that was passed on
  #ended = false
  #release: (() => void) | undefined

  constructor(private name: string, heard: All, env = browser()) {
    this.#heard = heard
    this.#env = env
    this.#channel = env.channel(name)
    this.#channel.onmessage = (e: MessageEvent<Said>) => this.#hear(e.data)
    env.page.addEventListener('visibilitychange', () => this.#look())
    if (env.locks) {
      void this.#wait()
      setInterval(() => this.#ask(), askEvery)
    }
    this.#look()
  }

  // leads reports whether this tab has the stream.
  get leads(): boolean {
    return this.#stream !== undefined
  }

  // end says in all tabs that the session has ended, and lets go of the stream.
  end(): void {
    if (this.#ended) return
    this.#ended = true
    this.#say({ kind: 'ended' })
    this.#waiting?.abort()
    this.#close()
    this.#release?.()
  }

  // retry connects at once, in whichever tab has the stream.
  retry(): void {
    if (this.#stream) this.#stream.retry()
    else this.#say({ kind: 'retry' })
    this.#ask()
  }

  #look(): void {
    if (this.#ended) return
    const seen = this.#env.page.visibilityState === 'visible'
    if (this.#env.locks) return this.#ask()
    if (seen) this.#stream ??= this.#env.stream(this.#heard, this.#begun)
    else this.#close()
    this.#begun = true
  }

  // #wait waits for the lock, and has the stream as long as it holds it.
  async #wait(steal = false): Promise<void> {
    this.#waiting?.abort()
    const waiting = (this.#waiting = new AbortController())
    const how = steal ? { steal } : { signal: waiting.signal }
    try {
      await this.#env.locks!.request(this.name, how, () => this.#lead())
    } catch {
      if (waiting.signal.aborted) return
      this.#close() // another tab took it
      void this.#wait()
    }
  }

  // #lead opens the stream, and holds the lock until the session ends. The browser
  // takes it from a tab that is closed.
  #lead(): Promise<void> {
    const tell = {
      event: (topic: Topic, data: unknown) => {
        this.#say({ kind: 'event', topic, data })
        this.#heard.event(topic, data)
      },
      state: (connected: boolean) => {
        this.#say({ kind: 'state', connected })
        this.#state(connected)
      },
      at: (position: string) => {
        this.#at = position
        this.#heard.at?.(position)
      },
    }
    this.#stream = this.#env.stream(tell, this.#begun)
    return new Promise((done) => (this.#release = done))
  }

  #state(connected: boolean): void {
    this.#connected = connected
    this.#begun = true
    this.#heard.state(connected)
  }

  #hear(said: Said): void {
    if (said.kind === 'ask') {
      if (this.#ended) this.#heard.again()
      else if (this.#stream) this.#say({ kind: 'state', connected: this.#connected, at: this.#at })
    } else if (said.kind === 'ended') {
      this.#heard.ended()
    } else if (said.kind === 'retry') {
      this.#stream?.retry()
    } else {
      this.#answered = true
      if (this.#stream) return
      if (said.kind === 'state') {
        this.#state(said.connected)
        if (said.at) this.#heard.at?.(said.at)
      }
      else this.#heard.event(said.topic, said.data)
    }
  }

  // #ask makes sure that somebody has the stream. A browser may have put the tab that
  // has it to sleep.
  #ask(): void {
    if (this.#ended || this.#stream || this.#env.page.visibilityState !== 'visible') return
    this.#answered = false
    this.#say({ kind: 'ask' })
    setTimeout(() => {
      if (this.#ended || this.#answered || this.#stream || this.#env.page.visibilityState !== 'visible') return
      this.#begun = true
      void this.#wait(true)
    }, silence)
  }

  #say(said: Said): void {
    this.#channel.postMessage(said)
  }

  #close(): void {
    this.#stream?.stop()
    this.#stream = undefined
  }
}
