import { Problem } from './api/problem'

// A Verb is an action of an Admin. It runs once at a time, and keeps the problem of
// the last run, to be shown beside its button.
export class Verb {
  busy = $state(false)
  problem = $state.raw<Problem>()

  // run reports whether the action succeeded.
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
