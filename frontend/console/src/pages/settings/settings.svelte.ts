import { api, ask } from '$lib/api/client'
import { me } from '$lib/me.svelte'
import { toasts } from '$lib/toasts.svelte'

type Change = { workspace?: string; invitation_expires_in?: string }

// change saves settings and updates every view at once.
export async function change(what: Change, said: string): Promise<void> {
  me.settings = await ask(api.PATCH('/settings', { body: what }))
  toasts.say(said)
}
