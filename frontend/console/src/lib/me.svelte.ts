import { api, ask, type Me, type Settings } from './api/client'
import { follow } from './language'
import { live } from './live.svelte'
import { session } from './session.svelte'

// me is the signed-in member, and what they may do now.
class Myself {
  who = $state.raw<Me>()
  settings = $state.raw<Settings>()

  load = async (): Promise<void> => {
    this.#is(await ask(api.GET('/me')))
    if (this.may('read settings')) this.settings = await ask(api.GET('/settings'))
  }

  // begin is the first load. A member's own language is known only now.
  begin = async (): Promise<void> => {
    const who = await ask(api.GET('/me'))
    if (who.id && follow(who.language)) return location.reload()
    this.#is(who)
    if (this.may('read settings')) this.settings = await ask(api.GET('/settings'))
  }

  // look asks who is signed in, without using the session.
  look = async (): Promise<void> => {
    this.#is(await ask(api.GET('/me', { headers: { 'X-Doorward-Background': '1' } })))
  }

  // stay uses the session, so that it goes on.
  stay = async (): Promise<void> => {
    this.#is(await ask(api.GET('/me')))
  }

  // #is takes the server's answer. If somebody is signed in again, or somebody else is,
  // the page starts over.
  #is(who: Me): void {
    if (this.who && (session.ended || who.id !== this.who.id)) return location.reload()
    this.who = who
    session.expiresAt(who.session_expires_at)
  }

  start(): void {
    live.on('member', (data) => {
      const id = (data as { id?: string } | undefined)?.id
      if (id === undefined || id === this.who?.id) void this.load().catch(() => undefined)
    })
  }

  may = (permission: string): boolean => this.who?.permissions.includes(permission) ?? false

  get workspace(): string {
    return this.settings?.workspace ?? this.who?.workspace ?? 'Doorward'
  }

  // host is the host of the public URL.
  get host(): string {
    return this.settings ? new URL(this.settings.public_url).host : location.host
  }
}

export const me = new Myself()
