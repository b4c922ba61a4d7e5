import { expect, test, type Page } from '@playwright/test'
import { accept, doorward, faults, setUp } from './harness'

// The pending page and what reaches it while a form of its own is on its way.
test.describe.configure({ mode: 'serial' })

// watched is a pending page whose events come when the test says so: once the server has done
// what a form asked for, whose answer it does not have yet. Then everything comes at once that
// makes the page look, and the page says how often it has looked, when all of that is answered
// and followed. It does so by requests: Chromium's debugger does not reach a page that is
// about to go.
async function watched(page: Page) {
  await page.addInitScript(() => {
    const ask = window.fetch
    const asked: Promise<unknown>[] = []
    const sources: EventTarget[] = []
    window.fetch = (...what) => {
      const answer = ask(...what)
      asked.push(answer)
      return answer
    }
    class Source extends EventTarget {
      readyState = 1
      constructor() {
        super()
        sources.push(this)
      }
      close(): void {
        this.readyState = 2
      }
    }
    Object.assign(window, { EventSource: Source })
    addEventListener('submit', async () => {
      await ask('/test/done')
      for (const source of sources) for (const name of ['member', 'message', 'reload', 'error']) source.dispatchEvent(new Event(name))
      dispatchEvent(new Event('online'))
      document.dispatchEvent(new Event('visibilitychange'))
      await Promise.allSettled(asked)
      await new Promise((done) => setTimeout(done))
      await ask(`/test/looked?${asked.length}`, { keepalive: true })
    })
  })
  const done = later<void>()
  const looked = later<number>()
  await page.route('**/test/done', async (route) => {
    await done.come
    await route.fulfill({ body: '' })
  })
  await page.route('**/test/looked?*', async (route) => {
    looked.now(Number(new URL(route.request().url()).search.slice(1)))
    await route.fulfill({ body: '' })
  })
  await page.route('**/pending/withdraw', async (route) => {
    const response = await route.fetch()
    done.now()
    await looked.come
    await route.fulfill({ response })
  })
  await page.reload()
  return { done: done.come, looked: looked.come }
}

// later is something that happens later.
function later<T>() {
  let now = (_: T): void => undefined
  const come = new Promise<T>((happens) => (now = happens))
  return { come, now: (what: T) => now(what) }
}

async function withdraw(page: Page): Promise<void> {
  await page.getByText('Not you? Withdraw request').click()
  await page.getByRole('button', { name: 'Withdraw and delete my account' }).click()
}

let admin: Page

// The account is gone before the form is answered. The page heard of it, went to look, and was
// led to the sign-in page, as if nothing had been withdrawn.
test('a withdrawn request says so, although the event comes first', async ({ browser }) => {
  admin = await setUp(browser)
  await doorward('invite', 'eve@example.com', '--role', 'Fleet')
  const page = await accept(browser, 'eve@example.com')
  const { looked } = await watched(page)
  await withdraw(page)
  expect(await looked, 'nothing is followed').toBe(0)
  await expect(page.getByRole('heading', { level: 1, name: 'Request withdrawn' })).toBeVisible()
  await page.context().close()
})

test('a withdrawn request says so, although the page was looking just then', async ({ browser }) => {
  await doorward('invite', 'ida@example.com', '--role', 'Fleet')
  const page = await accept(browser, 'ida@example.com')
  const { done, looked } = await watched(page)
  await page.route('**/pending', async (route) => {
    await done
    await route.continue()
  })
  const looking = page.waitForRequest('**/pending')
  await page.evaluate(() => dispatchEvent(new Event('online')))
  await looking
  await withdraw(page)
  expect(await looked, 'it had looked once, before').toBe(1)
  await expect(page.getByRole('heading', { level: 1, name: 'Request withdrawn' })).toBeVisible()
  await page.context().close()
})

test('no page misbehaved', async () => {
  await admin.context().close()
  expect(faults).toEqual([])
})
