import { Problem } from './api/problem'
import { confirming } from './confirming.svelte'
import { language } from './messages'
import { save } from './save'
import { toasts } from './toasts.svelte'

// download saves a file that the API writes, once the reader has confirmed who they are
// where that is needed. What goes wrong is said.
export async function download(path: string, name: string, type: string): Promise<void> {
  try {
    const answer = await confirming.through(() => fetch(`/api/v1${path}`, { credentials: 'same-origin', headers: { 'Accept-Language': language() } }))
    if (!answer.ok) throw Problem.from(answer.status, await answer.json().catch(() => undefined))
    await save(name, await answer.text(), type)
  } catch (cause) {
    toasts.warn(Problem.of(cause).message)
  }
}
