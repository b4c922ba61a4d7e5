import { api, ask } from '$lib/api/client'
import type { components } from '$lib/api/schema'
import { me } from '$lib/me.svelte'
import { toasts } from '$lib/toasts.svelte'

export type Lifetimes = Omit<components['schemas']['Lifetimes'], '$schema'>
export type MailChange = components['schemas']['MailChange']
type Change = { workspace?: string; invitation_expires_in?: string; lifetimes?: Lifetimes; public_url?: string; mail_settings?: MailChange; appearance?: components['schemas']['AppearanceChange'] }

// change saves settings and updates every view at once. With undo the toast offers to take it
// back.
export async function change(what: Change, said: string, undo?: () => void): Promise<void> {
  me.settings = await ask(api.PATCH('/settings', { body: what }))
  toasts.say(said, undefined, undo)
}
