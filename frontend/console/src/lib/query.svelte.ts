import { Problem } from './api/problem'
import { live, type Topic } from './live.svelte'

const patience = 150 // milliseconds before a loading state is shown
const again = 2000 // milliseconds until the next try, after a failure that passes by itself
const together = 60 // milliseconds: changes within this time cause one reload

// A Query loads data and keeps it up to date. The old data stays until the new data
// arrives, so that nothing flickers.
export class Query<T> {
  data = $state.raw<T>()
  problem = $state.raw<Problem>()
  slow = $state(false)
  #load: () => Promise<T>
  #turn = 0
  #later: ReturnType<typeof setTimeout> | undefined

  // load runs again when state that it reads changes, and on events of the topics.
  // A Query must be created while a component is initialised.
  constructor(load: () => Promise<T>, ...topics: Topic[]) {
    this.#load = load
    $effect(() => void this.reload())
    $effect(() => {
      const off = topics.map((topic) => live.on(topic, () => this.soon()))
      return () => {
        off.forEach((end) => end())
        clearTimeout(this.#later)
        this.#turn++ // what still comes is for nobody, and is not asked again
      }
    })
  }

  // soon reloads once for several changes in quick succession.
  soon = (): void => this.#in(together)

  #in(wait: number): void {
    clearTimeout(this.#later)
    this.#later = setTimeout(() => void this.reload(), wait)
  }

  reload = async (): Promise<void> => {
    const turn = ++this.#turn
    const late = setTimeout(() => (this.slow = turn === this.#turn), patience)
    try {
      const data = await this.#load()
      if (turn === this.#turn) [this.data, this.problem] = [data, undefined]
    } catch (cause) {
      if (turn !== this.#turn) return
      this.problem = Problem.of(cause)
      if (this.problem.passing) this.#in(again)
    } finally {
      clearTimeout(late)
      if (turn === this.#turn) this.slow = false
    }
  }
}
