import { Gap } from './gap'
import { session } from './session.svelte'
import { Shared, type All } from './shared'
import type { Topic } from './stream'

export type { Topic } from './stream'
type Listener = (data: unknown) => void

// Live passes the server's events to the parts of the console. After some were
// missed, every listener is called with no data and reloads.
export class Live {
  connected = $state(true)
  #listeners = new Map<Topic, Set<Listener>>()
  #source: Shared | undefined
  #gap = new Gap(() => this.#tell('reload', {}))

  // start begins to listen, for one member: what another member of the same browser
  // may see is not passed on to this one.
  start(member: string): void {
    const heard: All = {
      event: (topic, data) => this.#tell(topic, data),
      state: (connected) => {
        this.connected = connected
        if (!connected) session.check() // a stream that is refused does not say why
      },
      at: (position) => this.#gap.heard(position),
      ended: session.end,
      again: session.check,
    }
    this.#source ??= new Shared(`doorward-events ${member}`, heard)
  }

  // leads reports whether this tab has the stream of all.
  get leads(): boolean {
    return this.#source?.leads ?? false
  }

  // end stops listening, in every tab: the session has ended.
  end = (): void => this.#source?.end()

  // answered takes the position of an answer of the API.
  answered = (position: string | null): void => this.#gap.answered(position)

  // retry connects at once if there is no connection.
  retry = (): void => {
    if (!this.connected) this.#source?.retry()
  }

  // on calls listener for each event of a topic until the returned function is
  // called. A reload calls the listeners of every topic.
  on(topic: Topic, listener: Listener): () => void {
    const all = this.#listeners.get(topic) ?? new Set()
    this.#listeners.set(topic, all.add(listener))
    return () => all.delete(listener)
  }

  #tell(topic: Topic, data: unknown): void {
    const told = topic === 'reload' ? this.#listeners.keys() : [topic]
    for (const t of told) for (const listener of this.#listeners.get(t) ?? []) listener(topic === 'reload' ? undefined : data)
  }
}

export const live = new Live()
