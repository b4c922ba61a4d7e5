import { Problem } from './api/problem'
import { live, type Topic } from './live.svelte'

const patience = 150 // milliseconds before a reader is told that something takes a while
const together = 60 // changes within this long are one

// A Query is something loaded, and kept up to date. What was there stays until
// the new is here, so that nothing flickers.
export class Query<T> {
  data = $state.raw<T>()
  problem = $state.raw<Problem>()
  slow = $state(false)
  #load: () => Promise<T>
  #turn = 0
  #later: ReturnType<typeof setTimeout> | undefined

  // load runs again whenever state that it reads changes, and when the server
  // tells of one of the topics. Make a Query while a component is made.
  constructor(load: () => Promise<T>, ...topics: Topic[]) {
    this.#load = load
    $effect(() => void this.reload())
    $effect(() => {
      const off = topics.map((topic) => live.on(topic, () => this.soon()))
      return () => off.forEach((end) => end())
    })
  }

  // soon reloads once for many changes that come together.
  soon = (): void => {
    clearTimeout(this.#later)
    this.#later = setTimeout(() => void this.reload(), together)
  }

  reload = async (): Promise<void> => {
    const turn = ++this.#turn
    const late = setTimeout(() => (this.slow = turn === this.#turn), patience)
    try {
      const data = await this.#load()
      if (turn === this.#turn) [this.data, this.problem] = [data, undefined]
    } catch (cause) {
      if (turn === this.#turn) this.problem = Problem.of(cause)
    } finally {
      clearTimeout(late)
      if (turn === this.#turn) this.slow = false
    }
  }
}
