// Some requests need a fresh proof of who is signed in. Confirming asks for it once,
// for all the requests that need it at that time, and then sends them again.
export class Confirming {
  open = $state(false)
  #asked?: Promise<boolean>
  #answer?: (confirmed: boolean) => void

  // ask opens the dialog and reports whether the person confirmed.
  ask = (): Promise<boolean> => {
    this.#asked ??= new Promise((resolve) => (this.#answer = resolve))
    this.open = true
    return this.#asked
  }

  close = (confirmed: boolean): void => {
    this.open = false
    this.#asked = undefined
    this.#answer?.(confirmed)
  }

  // through sends a request. If the server requires confirmation first, it asks for
  // it and sends the request again, so nothing typed is lost. Without confirmation
  // the caller gets the server's refusal.
  through = async (send: () => Promise<Response>): Promise<Response> => {
    const answer = await send()
    if (answer.status !== 403 || (await code(answer)) !== 'confirmation_required') return answer
    return (await this.ask()) ? send() : answer
  }
}

async function code(answer: Response): Promise<unknown> {
  const body: unknown = await answer.clone().json().catch(() => undefined)
  return typeof body === 'object' && body !== null && 'code' in body ? body.code : undefined
}

export const confirming = new Confirming()
