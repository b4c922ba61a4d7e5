import { expect, test, type Page } from '@playwright/test'
import { accept, accepted, button, doorward, faults, row, setUp } from './harness'

// What a screen reader says by itself while somebody works in the console. Each test
// continues from the one before.
test.describe.configure({ mode: 'serial' })

type Spoken = { how: string; text: string }
const pause = 10_000 // of Arrivals.svelte

let admin: Page
let second: Page

// listens opens a page that remembers each text of its live regions, and whose clock can be
// put forward.
async function listens(page: Page, path: string): Promise<void> {
  await page.clock.install()
  await page.addInitScript(() => {
    const spoken: { how: string; text: string }[] = []
    const last = new Map<Element, string>()
    const listen = () => {
      for (const e of document.querySelectorAll('[aria-live], [role=status], [role=alert]')) {
        const text = (e.textContent ?? '').replace(/\s+/g, ' ').trim()
        if (text && last.get(e) !== text) spoken.push({ how: e.getAttribute('aria-live') ?? (e.matches('[role=alert]') ? 'assertive' : 'polite'), text })
        last.set(e, text)
      }
    }
    new MutationObserver(listen).observe(document, { subtree: true, childList: true, characterData: true })
    Object.assign(window, { spoken })
  })
  await page.goto(path)
  await expect(page.getByRole('heading', { level: 1 })).toBeVisible()
}

// heard are the texts of a page that match, and how they were said.
const heard = async (page: Page, like: RegExp) => (await page.evaluate(() => (window as unknown as { spoken: Spoken[] }).spoken)).filter((s) => like.test(s.text))
const polite = (...texts: string[]) => texts.map((text) => ({ how: 'polite', text }))
// admin is at the dashboard, and the second Admin at the login requests: both show how many are to be reviewed.
const waits = async (n: number) => {
  await expect(admin.getByText(new RegExp(`^${n} (person is|people are) waiting for your approval`))).toBeVisible()
  await expect(second.getByRole('list', { name: 'Ready to review' }).getByRole('listitem')).toHaveCount(n)
}
const arrivals = /New login request/
const decisions = /no longer pending/

test('arrivals are said politely, once each, and those of the same moment together', async ({ browser }) => {
  admin = await setUp(browser)
  await doorward('invite', 'annie@example.org', '--role', 'Admin')
  second = await accept(browser, 'annie@example.org')
  await doorward('approve', 'annie@example.org')
  await expect(second).toHaveURL('/')
  await listens(admin, '/admin/')
  await listens(second, '/admin/requests')
  for (const name of ['ada', 'bob', 'cleo']) await doorward('invite', `${name}@example.com`, '--role', 'Fleet')
  await accepted(browser, 'ada@example.com')
  await waits(1)
  expect(await heard(admin, arrivals)).toEqual(polite('New login request. 1 to review.'))
  for (const name of ['bob', 'cleo']) await accepted(browser, `${name}@example.com`)
  await waits(3)
  for (const page of [admin, second]) {
    expect(await heard(page, arrivals), 'not yet').toHaveLength(1)
    await page.clock.fastForward(pause)
    await expect.poll(() => heard(page, arrivals)).toEqual(polite('New login request. 1 to review.', 'New login request. 3 to review.'))
    await page.clock.fastForward(pause)
    await expect(page.getByTestId('arrivals')).toHaveText('')
  }
})

// Whoever listens learned that somebody came, and never that a colleague had decided.
test('a decision in another console is said here, and what one does oneself is said once', async () => {
  await button(second, 'Approve ada@example.com').click()
  await expect.poll(() => heard(second, /ada@example\.com approved/)).toHaveLength(1)
  await expect.poll(() => heard(admin, decisions)).toEqual(polite('ada@example.com is no longer pending.'))
  await admin.clock.fastForward(pause)
  await button(second, /^Undo/).click()
  await expect.poll(() => heard(second, /Undone: ada@example\.com is pending again/)).toHaveLength(1)
  await expect(row(second, 'ada@example.com')).toBeVisible()
  await expect.poll(() => heard(admin, arrivals), 'it is to be reviewed again').toHaveLength(3)
  await second.clock.fastForward(pause)
  expect(await heard(second, arrivals), 'nobody came').toHaveLength(2)
  expect(await heard(second, decisions)).toEqual([])
})

test('several decisions at once are one sentence', async () => {
  for (const name of ['bob', 'cleo']) await doorward('reject', `${name}@example.com`, '--yes')
  await waits(1)
  expect(await heard(admin, decisions), 'not yet').toHaveLength(1)
  await admin.clock.fastForward(pause)
  await expect.poll(() => heard(admin, decisions)).toEqual(polite('ada@example.com is no longer pending.', '2 login requests are no longer pending.'))
  expect((await heard(admin, /./)).filter((s) => s.how !== 'polite'), 'nothing interrupts').toEqual([])
  expect(faults).toEqual([])
})
