import { Problem } from './api/problem'

const atOnce = 4 // requests of one action

// A Result is what became of one item: done, or the problem with it.
export type Result<T> = { item: T; problem?: Problem }

// each does something to all items, a few at a time and in their order, and tells seen each
// result as it comes. Once stopped says so no other item is begun; those have no result.
export async function each<T>(items: T[], act: (item: T) => Promise<unknown>, seen: (result: Result<T>) => void, stopped: () => boolean = () => false): Promise<void> {
  const left = [...items]
  const work = async () => {
    for (let item = left.shift(); item !== undefined && !stopped(); item = left.shift()) {
      const one = item
      seen(await act(one).then(() => ({ item: one }), (cause) => ({ item: one, problem: Problem.of(cause) })))
    }
  }
  await Promise.all(Array.from({ length: atOnce }, work))
}
