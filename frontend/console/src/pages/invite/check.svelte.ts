import { api, ask, type Invitation, type Verdict } from '$lib/api/client'

const look = (email: string, roles: string[]) => ask(api.POST('/invitations/check', { body: { email, roles } }))

// A Check has the server check an address when the typing pauses.
export class Check {
  verdict = $state.raw<Verdict>()
  of = $state('')
  #later: ReturnType<typeof setTimeout> | undefined
  #turn = 0

  about(email: string, roles: string[]): void {
    clearTimeout(this.#later)
    const turn = ++this.#turn
    this.of = ''
    if (!/.@.+\../.test(email)) {
      this.verdict = undefined
      return
    }
    this.#later = setTimeout(async () => {
      const verdict = await look(email, roles).catch(() => undefined)
      if (turn === this.#turn) [this.verdict, this.of] = [verdict, email]
    }, 220)
  }
}

// Typed is what the form has. A text that is empty was left to the server.
export type Typed = { email: string; roles: string[]; name: string; note: string; lasts: string; language: string }

export function send({ email, roles, name, note, lasts, language }: Typed) {
  const optional = { ...(name && { name }), ...(note && { note }), ...(lasts && { expires_in: lasts }), ...(language && { language }) }
  const body: Invitation = { email: email.trim(), roles: [...roles], ...optional }
  return ask(api.POST('/invitations', { body }))
}
