import { forget } from '$lib/draft.svelte'
import { me } from '$lib/me.svelte'
import { session } from '$lib/session.svelte'

// logOut ends the session. In the native window the window does it and forgets its
// secret. In a browser the portal's form does it; the form's CSRF token comes from
// one of the portal's pages.
export async function logOut(): Promise<void> {
  session.leave()
  forget()
  await (me.who?.sign_in_method === 'desktop' ? fetch('/desktop/leave', { method: 'POST' }) : leaveByForm())
  location.assign('/')
}

async function leaveByForm(): Promise<void> {
  const page = new DOMParser().parseFromString(await (await fetch('/')).text(), 'text/html')
  const form = page.querySelector<HTMLFormElement>('form[action="/logout"]')
  if (!form) return
  const fields = new URLSearchParams()
  for (const input of form.querySelectorAll<HTMLInputElement>('input[name]')) fields.set(input.name, input.value)
  await fetch('/logout', { method: 'POST', headers: { 'Content-Type': 'application/x-www-form-urlencoded' }, body: fields.toString() })
}
