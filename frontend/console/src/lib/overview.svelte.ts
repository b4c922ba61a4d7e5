import { api, ask, type Overview } from './api/client'
import { live } from './live.svelte'

// overview is the counts. The server sends them whenever they change.
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
    // A jump of the clock changes no record, so there is no event for it.
    setInterval(() => void this.load().catch(() => undefined), 300_000)
  }
}

export const overview = new Counts()
