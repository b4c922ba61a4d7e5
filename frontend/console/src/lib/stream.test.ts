import { afterEach, expect, test, vi } from 'vitest'
import { Stream } from './stream'

class Source extends EventTarget {
  static all: Source[] = []
  readyState = 0
  onopen?: () => void
  onerror?: () => void
  constructor() {
    super()
    Source.all.push(this)
  }
  close() {
    this.readyState = 2
  }
}

vi.stubGlobal('EventSource', Object.assign(Source, { CLOSED: 2 }))
afterEach(() => void vi.useRealTimers())

test('after a lost connection, and after a refused one, it connects again and tells of a reload', async () => {
  vi.useFakeTimers()
  const said: string[] = []
  new Stream({ event: (topic) => said.push(topic), state: (on) => said.push(on ? 'on' : 'off') }, false, () => new Source() as unknown as EventSource)
  const first = Source.all[0]!
  first.onopen?.()
  first.onerror?.() // the browser connects again by itself
  first.onopen?.()
  expect(said).toEqual(['on', 'off', 'on', 'reload'])
  first.readyState = 2
  first.onerror?.()
  await vi.advanceTimersByTimeAsync(1000)
  Source.all[1]!.onopen?.()
  expect(said.slice(4)).toEqual(['off', 'on', 'reload'])
})
