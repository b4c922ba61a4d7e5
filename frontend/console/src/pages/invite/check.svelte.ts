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

export const send = (invitation: Invitation) => ask(api.POST('/invitations', { body: invitation }))
