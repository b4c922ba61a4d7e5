import { afterEach, beforeEach, expect, test, vi } from 'vitest'

beforeEach(() => {
  vi.resetModules()
  vi.useFakeTimers({ toFake: ['performance'] })
  vi.stubGlobal('location', new URL('http://127.0.0.1:8080/admin/settings/members'))
  vi.stubGlobal('fetch', async (url: string) => new Response(url))
})
afterEach(() => {
  vi.useRealTimers()
  vi.unstubAllGlobals()
})

test('an answer is taken once, however the same question is spelt', async () => {
  const { ahead, take } = await import('./ahead')
  ahead('/api/v1/members?limit=50&q=ada%20lovelace', 'en')
  expect(await (await take('http://127.0.0.1:8080/api/v1/members?limit=50&q=ada+lovelace'))?.text()).toContain('ada')
  expect(take('/api/v1/members?limit=50&q=ada+lovelace')).toBeUndefined()
  expect(take('/api/v1/members?limit=50')).toBeUndefined()
})

// What was sent ahead came in the browser's language, and the rest in the chosen one.
test('the first answers are in the language that somebody chose', async () => {
  const fetched = vi.fn(async (_: string, how: RequestInit) => new Response(JSON.stringify(how.headers)))
  vi.stubGlobal('fetch', fetched)
  const { ahead, take } = await import('./ahead')
  ahead('/api/v1/settings', 'pl')
  expect(await (await take('/api/v1/settings'))?.json()).toEqual({ 'Accept-Language': 'pl' })
})

test('an answer that nobody took for a while is not given later', async () => {
  const { ahead, take } = await import('./ahead')
  ahead('/api/v1/roles', 'en')
  vi.advanceTimersByTime(6000)
  expect(take('/api/v1/roles')).toBeUndefined()
})

test('a failure is for whoever takes it, and for nobody else', async () => {
  vi.stubGlobal('fetch', async () => { throw new TypeError('no network') })
  const { ahead, take } = await import('./ahead')
  ahead('/api/v1/me', 'en')
  await Promise.resolve()
  await expect(take('/api/v1/me')).rejects.toThrow('no network')
})

test.each([['/admin', '/'], ['/admin/', '/'], ['/admin/settings/members/', '/settings/members']])('%s is the view %s', async (path, view) => {
  const { viewOf } = await import('./ahead')
  expect(viewOf(path)).toBe(view)
})
