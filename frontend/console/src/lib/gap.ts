// order compares two positions of servers: negative if a is older than b, NaN if they are of
// different servers or of one that was started again.
export function order(a: string, b: string): number {
  const [runA, nA] = a.split('-')
  const [runB, nB] = b.split('-')
  return runA === runB ? Number(nA) - Number(nB) : NaN
}

// A Gap is the time between the first answers of a page and the beginning of its event
// stream. What changes in it is in neither. Each answer says how far the server was when it
// was begun, and the stream says how far it was when it began: if an answer is older, lost
// is called, once, so that all is read again.
export class Gap {
  #answers = new Set<string>()
  #from: string | undefined

  constructor(private lost: () => void) {}

  // answered takes the position of an answer. One that was begun before the stream and comes
  // after it is as old as any.
  answered(at: string | null): void {
    if (!at) return
    if (this.#from === undefined) this.#answers.add(at)
    else if (order(at, this.#from) < 0) this.lost()
  }

  // heard takes the position at which the stream begins, and only that. An answer of another
  // server counts as old: nobody knows better.
  heard(from: string): void {
    if (this.#from !== undefined || from === '') return
    this.#from = from
    const missed = [...this.#answers].some((at) => !(order(at, from) >= 0))
    this.#answers.clear()
    if (missed) this.lost()
  }
}
