import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { Session } from './session.svelte'

const minute = 60_000
const begin = new Date('2030-05-01T12:00:00Z')
let shown: (() => void) | undefined

beforeEach(() => {
  vi.useFakeTimers({ now: begin })
  vi.stubGlobal('document', { visibilityState: 'visible', addEventListener: (_: string, f: () => void) => (shown = f) })
})
afterEach(() => {
  vi.useRealTimers()
  vi.unstubAllGlobals()
})

const at = (minutes: number) => new Date(begin.getTime() + minutes * minute).toISOString()

// A dashboard that was left open over lunch called Doorward unreachable, for ever.
test('a session that is not used: a warning, then the end, and one question after it', async () => {
  const session = new Session()
  const look = vi.fn(async () => session.expiresAt(at(30)))
  const ended = vi.fn()
  session.expiresAt(at(30))
  session.start(look, ended)
  await vi.advanceTimersByTimeAsync(27.9 * minute)
  expect([session.soon, look.mock.calls.length]).toEqual([false, 0])
  await vi.advanceTimersByTimeAsync(0.3 * minute)
  expect(session.soon).toBe(true)
  look.mockImplementation(async () => session.end())
  await vi.advanceTimersByTimeAsync(2 * minute)
  expect([session.ended, session.soon, ended.mock.calls.length]).toEqual([true, false, 1])
  const asked = look.mock.calls.length
  await vi.advanceTimersByTimeAsync(60 * minute)
  expect(look.mock.calls.length).toBe(asked) // each question is an attempt to enter
  shown?.()
  expect(look.mock.calls.length).toBe(asked + 1)
})

test('a session that another tab uses is not called near its end', async () => {
  const session = new Session()
  session.expiresAt(at(30))
  session.start(async () => session.expiresAt(at(58)), () => undefined)
  await vi.advanceTimersByTimeAsync(29 * minute)
  expect(session.soon).toBe(false)
})

test('the server’s clock counts', async () => {
  const session = new Session()
  session.served(new Date(begin.getTime() + 29 * minute).toUTCString())
  session.expiresAt(at(30))
  expect(session.soon).toBe(true)
})

test('leaving is no surprise', () => {
  const session = new Session()
  session.leave()
  session.end()
  expect(session.ended).toBe(false)
})
