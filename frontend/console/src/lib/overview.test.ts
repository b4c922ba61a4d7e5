import { expect, test, vi } from 'vitest'
import type { Overview } from './api/client'

const answers: ((counts: Overview) => void)[] = []
vi.mock('./api/client', () => ({
  api: { GET: () => undefined },
  ask: () => new Promise<Overview>((done) => answers.push(done)),
}))
vi.mock('./live.svelte', () => ({ live: { on: () => () => undefined } }))
const { overview } = await import('./overview.svelte')
const counts = (pending: number) => ({ pending }) as Overview

// An answer that was under way when somebody accepted came after the event, and the badge
// stayed a count behind until the next one.
test('an event is newer than the answer that it overtakes', async () => {
  const loading = overview.load()
  overview.take(counts(2))
  answers.shift()?.(counts(1))
  await loading
  expect(overview.now?.pending).toBe(2)
})

test('of two answers the one that was asked for last counts', async () => {
  const first = overview.load()
  const second = overview.load()
  answers.pop()?.(counts(4))
  await second
  answers.pop()?.(counts(3))
  await first
  expect(overview.now?.pending).toBe(4)
})

// After the connection was lost, whoever had accepted meanwhile was announced only with the
// next event: the counts are asked for then, and their answer came after everybody was told.
test('whoever listens is told when the counts are there, by event and by answer', async () => {
  const told: (number | undefined)[] = []
  overview.on(() => told.push(overview.now?.pending))
  overview.take(counts(5))
  const loading = overview.load()
  expect(told).toEqual([5])
  answers.shift()?.(counts(6))
  await loading
  expect(told).toEqual([5, 6])
})
