import { api, ask } from './api/client'
import { Problem } from './api/problem'
import { remember } from './language'
import { me } from './me.svelte'
import { toasts } from './toasts.svelte'

// choose takes a language for this browser and for the member's emails, and starts the page
// over in it. What was typed is in drafts, which outlive that. If the server refuses it,
// nothing changes.
export async function choose(language: string): Promise<void> {
  try {
    if (me.who?.id) await ask(api.PATCH('/me', { body: { language } }))
  } catch (cause) {
    return toasts.warn(Problem.of(cause).message)
  }
  remember(language)
  location.reload()
}
