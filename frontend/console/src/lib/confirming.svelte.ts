// Some acts need to know that it is still the same person. Confirming asks, once
// for all acts that wait for it meanwhile, and then lets them go on.
export class Confirming {
  open = $state(false)
  #asked?: Promise<boolean>
  #answer?: (confirmed: boolean) => void

  // ask opens the dialog, and tells whether the person confirmed.
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

  // through sends a request, and sends it again once the person has confirmed,
  // where the server wants that first. What it carries is the caller's, so that
  // nothing typed is lost; who does not confirm gets the refusal.
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
