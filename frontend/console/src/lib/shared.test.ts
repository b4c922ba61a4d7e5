import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { Shared, type Environment } from './shared'
import type { Heard } from './stream'

// A browser with tabs: one lock, one channel, and the streams that are open.
class Browser {
  streams: { heard: Heard; stopped: boolean; missed: boolean; retried: number }[] = []
  #tabs: { onmessage: ((e: MessageEvent) => void) | null; asleep: boolean }[] = []
  #holder: { lost: (cause: Error) => void } | undefined
  #queue: (() => void)[] = []

  get open() {
    return this.streams.filter((s) => !s.stopped)
  }

  tab(locks = true) {
    const port = { onmessage: null as ((e: MessageEvent) => void) | null, asleep: false, postMessage: (data: unknown) => this.#send(port, data), close: () => undefined }
    this.#tabs.push(port)
    const page = { visibilityState: 'visible' as DocumentVisibilityState, look: [] as (() => void)[], addEventListener: (_: string, f: () => void) => void page.look.push(f) }
    const env = {
      locks: locks ? { request: this.#request.bind(this) } : undefined,
      channel: () => port,
      stream: (heard: Heard, missed: boolean) => this.#stream(heard, missed),
      page,
    } as unknown as Environment
    const said: string[] = []
    const shared = new Shared('events grace', {
      event: (topic) => said.push(topic),
      state: (connected) => said.push(connected ? 'connected' : 'lost'),
      ended: () => said.push('ended'),
      again: () => said.push('again'),
    }, env)
    const see = (visible: boolean) => {
      page.visibilityState = visible ? 'visible' : 'hidden'
      page.look.forEach((f) => f())
    }
    return { shared, said, see, sleep: () => (port.asleep = true) }
  }

  #send(from: object, data: unknown) {
    for (const tab of this.#tabs) if (tab !== from && !tab.asleep) tab.onmessage?.({ data } as MessageEvent)
  }

  #stream(heard: Heard, missed: boolean) {
    const s = { heard, missed, stopped: false, retried: 0 }
    this.streams.push(s)
    return { stop: () => (s.stopped = true), retry: () => s.retried++ }
  }

  #request(_: string, { signal, steal }: LockOptions, hold: () => Promise<void>): Promise<void> {
    return new Promise((done, lost) => {
      const take = () => {
        this.#holder = { lost }
        void hold().then(() => {
          done()
          this.#holder = undefined
          this.#queue.shift()?.()
        })
      }
      if (steal) {
        this.#holder?.lost(new Error('stolen'))
        return take()
      }
      if (!this.#holder) return take()
      this.#queue.push(take)
      signal?.addEventListener('abort', () => {
        this.#queue = this.#queue.filter((t) => t !== take)
        lost(new Error('aborted'))
      })
    })
  }
}

beforeEach(() => void vi.useFakeTimers())
afterEach(() => void vi.useRealTimers())

// Browsers open six connections to a server over HTTP/1.1. A stream for each tab hung
// the seventh, and with it every decision in the others.
test('eight tabs have one stream, and all hear it', () => {
  const browser = new Browser()
  const tabs = Array.from({ length: 8 }, () => browser.tab())
  expect(browser.open).toHaveLength(1)
  browser.open[0]!.heard.state(true)
  browser.open[0]!.heard.event('member', {})
  for (const { said } of tabs) expect(said.slice(-2)).toEqual(['connected', 'member'])
})

test('a tab that closes gives the stream to another, which reloads what was missed', async () => {
  const browser = new Browser()
  const [first, second] = [browser.tab(), browser.tab()]
  browser.open[0]!.heard.state(true)
  first!.shared.end()
  await vi.runOnlyPendingTimersAsync()
  expect(second!.said).toContain('ended')
  expect(browser.open).toHaveLength(1)
  expect(browser.open[0]!.missed).toBe(true)
})

test('a tab that sleeps loses the stream to a visible one', async () => {
  const browser = new Browser()
  const [first, second] = [browser.tab(), browser.tab()]
  first!.sleep()
  await vi.advanceTimersByTimeAsync(24_000)
  expect(browser.open).toHaveLength(1)
  browser.open[0]!.heard.event('audit', {})
  expect(second!.said).toContain('audit')
})

test('a hidden tab takes nothing from one that does not answer', async () => {
  const browser = new Browser()
  const [first, second] = [browser.tab(), browser.tab()]
  first!.sleep()
  second!.see(false)
  await vi.advanceTimersByTimeAsync(60_000)
  expect(browser.streams).toHaveLength(1)
})

test('trying again reaches the tab that has the stream', () => {
  const browser = new Browser()
  const [, second] = [browser.tab(), browser.tab()]
  second!.shared.retry()
  expect(browser.streams.map((s) => s.retried)).toEqual([1])
})

test('a tab that has ended hears when there is a session again', () => {
  const browser = new Browser()
  const first = browser.tab()
  first.shared.end()
  browser.tab()
  expect(first.said).toEqual(['again'])
})

test('where there are no locks, a tab has a stream while it is visible', () => {
  const browser = new Browser()
  const tab = browser.tab(false)
  expect(browser.open).toHaveLength(1)
  expect(browser.open[0]!.missed).toBe(false)
  tab.see(false)
  expect(browser.open).toHaveLength(0)
  tab.see(true)
  expect(browser.open[0]!.missed).toBe(true)
})
