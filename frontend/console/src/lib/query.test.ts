import { expect, test, vi } from 'vitest'
import { Problem } from './api/problem'
import { Query } from './query.svelte'

vi.mock('./live.svelte', () => ({ live: { on: () => () => undefined } }))

test('what fails while nobody can answer is asked again by itself, and what is refused is not', async () => {
  vi.useFakeTimers()
  const answers: unknown[] = [new Problem('', 503, 'no_leader'), new TypeError('Failed to fetch'), 'here', new Problem('', 403, 'forbidden')]
  let asked = 0
  const load = async (): Promise<string> => {
    const answer = answers[asked++]
    if (typeof answer === 'string') return answer
    throw answer
  }
  const query = new Query(load)
  void query.reload()
  for (const [wait, want] of [[0, 'no_leader'], [2000, 'unreachable'], [2000, undefined]] as const) {
    await vi.advanceTimersByTimeAsync(wait)
    expect(query.problem?.code).toBe(want)
  }
  expect(query.data).toBe('here')
  await query.reload()
  await vi.advanceTimersByTimeAsync(60_000)
  expect([query.problem?.code, query.data, asked]).toEqual(['forbidden', 'here', 4])
  vi.useRealTimers()
})
