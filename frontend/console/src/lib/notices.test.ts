import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import type { Member, Overview } from './api/client'
import { can, Notices } from './notices.svelte'

const requests = vi.hoisted(() => ({ items: [] as Member[], next: [] as Member[], reload: async () => undefined as void }))
const counts = vi.hoisted(() => ({ now: undefined as Overview | undefined, tell: () => undefined as void, on: (listener: () => void) => (counts.tell = listener) }))
const live = vi.hoisted(() => ({ leads: true }))
const me = vi.hoisted(() => ({ who: { id: 'grace' }, workspace: 'Night Watch', may: () => true }))
const router = vi.hoisted(() => ({ went: '', to: (path: string) => path, go: (path: string) => (router.went = path) }))
vi.mock('./loginRequests.svelte', () => ({ loginRequests: requests }))
vi.mock('./overview.svelte', () => ({ overview: counts }))
vi.mock('./live.svelte', () => ({ live }))
vi.mock('./me.svelte', () => ({ me }))
vi.mock('./router.svelte', () => ({ router }))

type Options = { body: string; tag: string; renotify?: boolean }
const made: Shown[] = []
class Shown {
  static permission = 'granted'
  static asked = 0
  static answer = 'granted'
  static broken = false
  static requestPermission = async () => {
    Shown.asked++
    Shown.permission = Shown.answer
  }
  closed = false
  onclick = () => undefined as void
  constructor(readonly title: string, readonly options: Options) {
    if (Shown.broken) throw new TypeError('Illegal constructor')
    made.push(this)
  }
  close() {
    this.closed = true
  }
}

const kept = new Map<string, string>()
const held = new Set<string>()
let seen: () => void
let now = 0

// begin opens the console in a tab.
function begin({ visible = false, choice = 'count' } = {}) {
  if (choice !== 'off') kept.set(`doorward-notices ${me.who.id}`, choice)
  const document = { visibilityState: visible ? 'visible' : 'hidden', addEventListener: (_: string, listener: () => void) => (seen = listener) }
  vi.stubGlobal('document', document)
  const notices = new Notices()
  notices.start()
  return { notices, look: (at: 'visible' | 'hidden') => ((document.visibilityState = at), seen()) }
}

const person = (name: string) => ({ id: name, name, email: `${name.toLowerCase()}@example.com`, accepted_at: '2030-05-01T12:00:00Z' }) as Member
const settle = () => new Promise((done) => setImmediate(done))

// wait is the event that so many wait for a decision.
async function wait(...names: string[]) {
  requests.next = names.map(person)
  counts.now = { accepted: names.length } as Overview
  counts.tell()
  await settle()
}

beforeEach(() => {
  made.length = 0
  kept.clear()
  held.clear()
  now = 0
  Object.assign(Shown, { permission: 'granted', asked: 0, answer: 'granted', broken: false })
  Object.assign(requests, { items: [], next: [], reload: async () => void (requests.items = requests.next) })
  Object.assign(me, { who: { id: 'grace' }, may: () => true })
  Object.assign(live, { leads: true })
  counts.now = { accepted: 0 } as Overview
  vi.stubGlobal('isSecureContext', true)
  vi.stubGlobal('Notification', Shown)
  vi.stubGlobal('window', { focus: () => undefined })
  vi.stubGlobal('localStorage', { getItem: (k: string) => kept.get(k) ?? null, setItem: (k: string, v: string) => kept.set(k, v), removeItem: (k: string) => kept.delete(k) })
  const locks = {
    request: async (name: string, _: unknown, use: () => Promise<void>) => {
      held.add(name)
      await use()
      held.delete(name)
    },
    query: async () => ({ held: [...held].map((name) => ({ name })) }),
  }
  vi.stubGlobal('navigator', { locks })
  vi.spyOn(performance, 'now').mockImplementation(() => now)
})
afterEach(() => {
  vi.unstubAllGlobals()
  vi.restoreAllMocks()
})

test('who chose a count is told how many wait, and nobody’s name', async () => {
  begin()
  await wait('Ada')
  expect(made).toHaveLength(1)
  expect(made[0]!.title).toBe('1 person is waiting for your approval')
  expect(JSON.stringify(made[0])).toMatch(/Night Watch/)
  expect(JSON.stringify(made[0])).not.toMatch(/ada/i)
})

test('who chose names is told who came last, and not who was there before', async () => {
  requests.items = [person('Ada')]
  counts.now = { accepted: 1 } as Overview
  begin({ choice: 'names' })
  await wait('Ada', 'Bob')
  expect(made.map((n) => n.options.body)).toEqual(['Bob is waiting for approval.'])
})

test.each<[string, () => unknown]>([
  ['who chose nothing', () => kept.clear()],
  ['who may not decide', () => Object.assign(me, { may: () => false })],
  ['a tab that has not the stream of all', () => Object.assign(live, { leads: false })],
  ['a browser that refuses', () => Object.assign(Shown, { permission: 'denied' })],
  ['a browser that was not asked', () => Object.assign(Shown, { permission: 'default' })],
  ['a browser where another tab is seen', () => held.add('doorward-seen grace')],
])('%s gets no notification', async (_, given) => {
  const { notices } = begin({ choice: 'names' })
  given()
  if (kept.size === 0) await notices.choose('off')
  await wait('Ada')
  expect(made).toEqual([])
})

test('another member who is seen elsewhere in this browser does not count', async () => {
  held.add('doorward-seen hedy')
  begin()
  await wait('Ada')
  expect(made).toHaveLength(1)
})

test('nothing is shown while the tab is seen, and what was shown goes when it is', async () => {
  const tab = begin({ visible: true })
  await wait('Ada')
  expect(made).toEqual([])
  tab.look('hidden')
  await settle()
  await wait('Ada', 'Bob')
  expect(made).toHaveLength(1)
  tab.look('visible')
  expect(made[0]!.closed).toBe(true)
})

test('fewer or as many are no news, and none closes what is shown', async () => {
  begin()
  await wait('Ada', 'Bob')
  await wait('Ada', 'Bob')
  await wait('Bob')
  expect(made).toHaveLength(1)
  expect(made[0]!.closed).toBe(false)
  await wait()
  expect(made[0]!.closed).toBe(true)
})

test.each([
  [30_000, [true, false]],
  [30_001, [true, true]],
])('after %i milliseconds the sounds are %j', async (later, sounds) => {
  begin()
  await wait('Ada')
  now += later
  await wait('Ada', 'Bob')
  expect(made.map((n) => n.options.renotify)).toEqual(sounds)
  expect(new Set(made.map((n) => n.options.tag)).size, 'one takes the place of the other').toBe(1)
})

test('a click on it leads to the requests', async () => {
  begin()
  await wait('Ada')
  made[0]!.onclick()
  expect(router.went).toBe('/requests')
  expect(made[0]!.closed).toBe(true)
})

// Only a press may ask: a browser that is asked by itself refuses for good.
test('the browser is asked only when somebody chooses, and shows one at once', async () => {
  Shown.permission = 'default'
  const { notices } = begin({ choice: 'off' })
  expect(Shown.asked).toBe(0)
  await notices.choose('count')
  expect(Shown.asked).toBe(1)
  expect([notices.choice, kept.get('doorward-notices grace')]).toEqual(['count', 'count'])
  expect(made.map((n) => n.title)).toEqual(['Notifications are on'])
  await notices.choose('names')
  expect(made, 'once is enough').toHaveLength(1)
  await notices.choose('off')
  expect(kept.size).toBe(0)
})

test.each<[string, object, string]>([
  ['refuses', { permission: 'default', answer: 'denied' }, 'refused'],
  ['has them and cannot show one', { broken: true }, 'never'],
])('in a browser that %s the choice stays off', async (_, how, can) => {
  Object.assign(Shown, how)
  const { notices } = begin({ choice: 'off' })
  await notices.choose('count')
  expect([notices.choice, notices.can, kept.size]).toEqual(['off', can, 0])
})

test('another member of the same browser has not chosen', () => {
  kept.set('doorward-notices grace', 'names')
  me.who = { id: 'hedy' }
  const { notices } = begin({ choice: 'off' })
  expect(notices.choice).toBe('off')
})

test.each<[string, () => unknown, string]>([
  ['an address without HTTPS', () => vi.stubGlobal('isSecureContext', false), 'insecure'],
  ['a browser without notifications', () => vi.stubGlobal('Notification', undefined), 'never'],
  ['a browser without locks', () => vi.stubGlobal('navigator', {}), 'never'],
])('%s cannot show them, and says why', (_, given, why) => {
  given()
  expect(can()).toBe(why)
})
