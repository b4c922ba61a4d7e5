import { api, ask, type Overview } from './api/client'
import { live } from './live.svelte'

// overview is the counts, as the server tells them whenever they change.
class Counts {
  now = $state.raw<Overview>()

  load = async (): Promise<void> => {
    this.now = await ask(api.GET('/overview'))
  }

  start(): void {
    live.on('overview', (data) => {
      if (data === undefined) void this.load().catch(() => undefined)
      else this.now = data as Overview
    })
    // A clock that jumps changes no record, so no event tells of it.
    setInterval(() => void this.load().catch(() => undefined), 300_000)
  }
}

export const overview = new Counts()
