import { Problem } from './api/problem'

// A Verb is something an Admin does: it runs once at a time, and keeps why it
// could not be done beside where it was asked for.
export class Verb {
  busy = $state(false)
  problem = $state.raw<Problem>()

  // run reports whether it went through.
  run = async (act: () => Promise<unknown>): Promise<boolean> => {
    if (this.busy) return false
    this.busy = true
    this.problem = undefined
    try {
      await act()
      return true
    } catch (cause) {
      this.problem = Problem.of(cause)
      return false
    } finally {
      this.busy = false
    }
  }
}
