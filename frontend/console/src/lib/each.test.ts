import { expect, test } from 'vitest'
import { Problem } from './api/problem'
import { each, type Result } from './each'

// One member of a hundred cannot be changed, and the Admin never learns who.
test('each item has its own result, and one that fails does not keep the others', async () => {
  const results: Result<number>[] = []
  let running = 0
  let highest = 0
  await each(Array.from({ length: 50 }, (_, i) => i), async (n) => {
    highest = Math.max(highest, ++running)
    await Promise.resolve()
    running--
    if (n % 10 === 3) throw new Error(`not ${n}`)
  }, (r) => results.push(r))
  expect(results.map((r) => r.item).sort((a, b) => a - b)).toEqual(Array.from({ length: 50 }, (_, i) => i))
  expect(results.filter((r) => r.problem).map((r) => r.item).sort((a, b) => a - b)).toEqual([3, 13, 23, 33, 43])
  expect(results.find((r) => r.item === 3)?.problem).toBeInstanceOf(Problem)
  expect(highest).toBe(4)
})

// Somebody stops a removal that he began by mistake.
test('nothing is begun after it was stopped', async () => {
  const done: number[] = []
  let stop = false
  const seen = (r: Result<number>) => {
    done.push(r.item)
    stop = true
  }
  await each([1, 2, 3, 4, 5, 6, 7, 8, 9], async () => undefined, seen, () => stop)
  expect(done, 'those that were on their way').toEqual([1, 2, 3, 4])
})
