import { api, ask, type Me, type Settings } from './api/client'
import { Problem } from './api/problem'
import { live } from './live.svelte'

// me is the signed-in member, and what they may do now.
class Myself {
  who = $state.raw<Me>()
  settings = $state.raw<Settings>()

  load = async (): Promise<void> => {
    this.who = await ask(api.GET('/me'))
    if (this.may('read settings')) this.settings = await ask(api.GET('/settings'))
  }

  // begin is the first load. It requests the member and the settings together, since
  // nearly everybody who opens the console may read the settings.
  begin = async (): Promise<void> => {
    const settings = ask(api.GET('/settings')).catch((cause: unknown) => Problem.of(cause))
    this.who = await ask(api.GET('/me'))
    const got = await settings
    if (!(got instanceof Problem)) this.settings = got
    else if (got.status !== 403) throw got
  }

  start(): void {
    live.on('member', (data) => {
      const id = (data as { id?: string } | undefined)?.id
      if (id === undefined || id === this.who?.id) void this.load().catch(() => undefined)
    })
  }

  may = (permission: string): boolean => this.who?.permissions.includes(permission) ?? false

  get workspace(): string {
    return this.settings?.workspace ?? 'Doorward'
  }

  // host is the host of the public URL.
  get host(): string {
    return this.settings ? new URL(this.settings.public_url).host : location.host
  }
}

export const me = new Myself()
