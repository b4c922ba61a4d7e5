import { api, ask, type Overview } from './api/client'
import { live } from './live.svelte'
import { language } from './messages'

// overview is the counts. The server sends them whenever they change.
class Counts {
  now = $state.raw<Overview>()
  #turn = 0
  #listeners = new Set<() => void>()

  // load asks for the counts. An event that comes meanwhile is newer than the answer.
  load = async (): Promise<void> => {
    const turn = ++this.#turn
    const answer = await ask(api.GET('/overview'))
    if (turn === this.#turn) this.#become(answer)
  }

  // take shows the counts of an event.
  take(event: Overview): void {
    this.#turn++
    this.#become(event)
  }

  // on calls listener after new counts have come, by an event or by an answer.
  on(listener: () => void): void {
    this.#listeners.add(listener)
  }

  #become(counts: Overview): void {
    this.now = counts
    for (const listener of this.#listeners) listener()
  }

  start(): void {
    live.on('overview', (data) => {
      if (data === undefined) void this.load().catch(() => undefined)
      else if ((data as Overview).mail.words && language() !== 'en') void this.load().catch(() => undefined) // events are in English
      else this.take(data as Overview)
    })
    // A jump of the clock changes no record, so there is no event for it.
    setInterval(() => void this.load().catch(() => undefined), 300_000)
  }
}

export const overview = new Counts()
