const warning = 2 * 60_000 // milliseconds before the end at which the reader is warned
const every = 5000 // between two looks at the clock
const again = 20_000 // between two questions while the end is near
const gap = 1000 // between any two questions

// A Session knows when this browser's session ends, warns before it does, and notices
// that it has ended. The server's clock counts, not this computer's.
export class Session {
  ended = $state(false)
  soon = $state(false)
  #expires = Infinity
  #ahead = 0 // milliseconds by which the server's clock is ahead of this one
  #asked = 0
  #leaving = false
  #look: () => Promise<unknown> = async () => undefined
  #ended: () => void = () => undefined

  // start begins to watch the time. look asks the server for the session without using
  // it, and calls expiresAt or end; ended is called once the session has ended.
  start(look: () => Promise<unknown>, ended: () => void): void {
    this.#look = look
    this.#ended = ended
    setInterval(() => this.#tick(), every)
    document.addEventListener('visibilitychange', () => this.#tick(document.visibilityState === 'visible'))
  }

  // served takes the server's time from an answer.
  served(date: string | null): void {
    if (date) this.#ahead = new Date(date).getTime() - Date.now()
  }

  // expiresAt takes the end of the session. Without one the session has no end.
  expiresAt = (at: string | undefined): void => {
    this.#expires = at ? new Date(at).getTime() : Infinity
    this.soon = this.#left() <= warning
  }

  // end is called when the server says that nobody is signed in here.
  end = (): void => {
    if (this.ended || this.#leaving) return
    this.ended = true
    this.soon = false
    this.#ended()
  }

  // leave keeps quiet about the end of a session that the reader ends.
  leave(): void {
    this.#leaving = true
  }

  // check asks the server, as after the event stream was refused.
  check = (): void => {
    if (Date.now() - this.#asked < gap) return
    this.#asked = Date.now()
    void this.#look().catch(() => undefined)
  }

  #left(): number {
    return this.#expires - Date.now() - this.#ahead
  }

  // Another tab may have used the session, so the server is asked before anything is
  // said, and again at the end. After the end it is asked only when somebody comes
  // back to this tab: each time counts as an attempt to enter.
  #tick(shown = false): void {
    const left = this.#left()
    const due = this.ended ? shown : left <= 0 || (left <= warning && Date.now() - this.#asked > again)
    if (due) this.check()
  }
}

export const session = new Session()
