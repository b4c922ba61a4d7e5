import { expect, test, type Browser, type Page } from '@playwright/test'
import { accepted, doorward, faults, setUpIn, visit } from './harness'

// The browser's own notifications about login requests. A browser without a screen shows
// none, so each that the console makes is written down, and whether the tab is seen is set.
test.describe.configure({ mode: 'serial' })

type Note = { title: string; body: string; closed: boolean }
let admin: Page

async function recorded(page: Page): Promise<void> {
  await page.addInitScript(() => {
    const made: Note[] = []
    let seen = 'visible'
    Object.defineProperty(Document.prototype, 'visibilityState', { get: () => seen })
    class Recorded extends window.Notification {
      note: Note
      constructor(title: string, options: NotificationOptions = {}) {
        super(title, options)
        this.note = { title, body: options.body ?? '', closed: false }
        made.push(this.note)
      }
      close() {
        this.note.closed = true
        super.close()
      }
    }
    const see = (now: string) => {
      seen = now
      document.dispatchEvent(new Event('visibilitychange'))
    }
    Object.assign(window, { Notification: Recorded, made, see })
  })
}
const made = (page: Page) => page.evaluate(() => (window as unknown as { made: Note[] }).made)
const see = (page: Page, how: 'visible' | 'hidden') => page.evaluate((how) => (window as unknown as { see(how: string): void }).see(how), how)

// accepts makes somebody wait for an approval, and waits until the console knows it.
async function accepts(browser: Browser, name: string, waiting: number): Promise<void> {
  const email = `${name.toLowerCase()}@example.com`
  await doorward('invite', email, '--name', name, '--role', 'Fleet')
  await accepted(browser, email)
  await expect(admin.getByRole('banner').getByTestId('badge')).toHaveAttribute('title', `${waiting} ready to review, 0 not accepted yet`)
}

test('nobody is notified who did not choose it', async ({ browser }) => {
  admin = await visit(browser, { permissions: ['notifications'] })
  await recorded(admin)
  await setUpIn(admin)
  await admin.goto('/admin/settings/general')
  await expect(admin.getByLabel('Notify me in this browser')).not.toBeChecked()
  await see(admin, 'hidden')
  await accepts(browser, 'Ada', 1)
  expect(await made(admin)).toEqual([])
})

test('who chooses it is told, while no tab is seen, how many wait and not who', async ({ browser }) => {
  await see(admin, 'visible')
  await admin.getByLabel('Notify me in this browser').check()
  await expect.poll(() => made(admin)).toMatchObject([{ title: 'Notifications are on' }])
  await accepts(browser, 'Bob', 2)
  expect(await made(admin), 'the tab is seen').toHaveLength(1)
  await see(admin, 'hidden')
  await accepts(browser, 'Carol', 3)
  await expect.poll(() => made(admin)).toHaveLength(2)
  expect((await made(admin))[1]).toEqual({ title: '3 people are waiting for your approval', body: 'Night Watch', closed: false })
  await see(admin, 'visible')
  expect((await made(admin))[1]!.closed, 'it goes when the tab is seen').toBe(true)
})

test('names are said only where that is chosen, also after a reload', async ({ browser }) => {
  await admin.getByLabel('Show the names').check()
  await admin.reload()
  await expect(admin.getByLabel('Show the names')).toBeChecked()
  await see(admin, 'hidden')
  await accepts(browser, 'Dorothy', 4)
  await expect.poll(() => made(admin)).toMatchObject([{ title: '4 people are waiting for your approval', body: 'Dorothy is waiting for approval.' }])
})

test('a second tab that is seen keeps the first one quiet', async ({ browser }) => {
  const second = await admin.context().newPage()
  await recorded(second)
  await second.goto('/admin/')
  await expect(second.getByRole('heading', { name: 'Dashboard' })).toBeVisible()
  await expect.poll(() => second.evaluate(async () => (await navigator.locks.query()).held?.some((lock) => lock.name?.startsWith('doorward-seen')))).toBe(true)
  await accepts(browser, 'Edith', 5)
  await expect(second).toHaveTitle(/^\(5\)/)
  expect([...(await made(admin)), ...(await made(second))]).toHaveLength(1)
  await second.close()
})

test('it can be turned off again', async ({ browser }) => {
  await see(admin, 'visible')
  await admin.getByLabel('Notify me in this browser').uncheck()
  await see(admin, 'hidden')
  await accepts(browser, 'Fay', 6)
  expect(await made(admin), 'it is off again').toHaveLength(1)
  expect(faults).toEqual([])
})
