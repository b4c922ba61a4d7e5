import { expect, test, type Browser, type Page } from '@playwright/test'
import { doorward, examine, faults, listed, visit } from './harness'

// One browser, several tabs, and a session that ends.
test.describe.configure({ mode: 'serial' })

const grace = 'grace@example.org'
let admin: Page

const dialog = (page: Page) => page.getByRole('dialog')
const signedOut = (page: Page) => page.getByRole('heading', { name: 'You have been signed out' })

async function signIn(page: Page): Promise<void> {
  const [{ login_link: link }] = (await listed<{ login_link: string }>('login-link', grace)) as [{ login_link: string }]
  await page.goto(link)
  await page.getByRole('button', { name: /Sign in/ }).click()
  await expect(page).not.toHaveURL(/login/)
}

// endSessions signs Grace out everywhere, from another browser.
async function endSessions(browser: Browser): Promise<void> {
  const other = await visit(browser)
  await signIn(other)
  const status = await other.evaluate(async () => {
    const me = (await (await fetch('/api/v1/me')).json()) as { id: string }
    const body = JSON.stringify({})
    return (await fetch(`/api/v1/members/${me.id}/sign-out`, { method: 'POST', headers: { 'Content-Type': 'application/json' }, body })).status
  })
  expect(status).toBeLessThan(300)
  await other.context().close()
}

test('eight tabs: all load, all are live, and all can ask', async ({ browser }) => {
  await doorward('setup', '--email', grace, '--name', 'Grace Hopper')
  admin = await visit(browser)
  await signIn(admin)
  const tabs = [admin]
  while (tabs.length < 8) tabs.push(await admin.context().newPage())
  for (const tab of tabs) {
    await tab.goto('/admin/requests')
    await expect(tab.getByRole('heading', { level: 1 })).toBeVisible()
  }
  await doorward('invite', 'ada@example.com', '--role', 'Fleet')
  for (const tab of tabs) await expect(tab.getByText('ada@example.com').first()).toBeVisible()
  expect(await admin.evaluate(async () => (await fetch('/api/v1/me')).status)).toBe(200)
  await admin.close() // the one that has the stream
  await doorward('invite', 'bob@example.com', '--role', 'Fleet')
  for (const tab of tabs.slice(1)) await expect(tab.getByText('bob@example.com').first()).toBeVisible()
  admin = tabs[1] as Page
  for (const tab of tabs.slice(2)) await tab.close()
})

test('before the session ends, the reader is warned and can stay', async () => {
  const stay = admin.getByRole('button', { name: 'Stay signed in' })
  await admin.route('**/api/v1/me', async (route) => {
    const answer = await route.fetch()
    const me = (await answer.json()) as object
    await route.fulfill({ response: answer, json: { ...me, session_expires_at: new Date(Date.now() + 90_000).toISOString() } })
  })
  await admin.goto('/admin/requests')
  await expect(admin.getByRole('status').filter({ hasText: 'You will be signed out soon' })).toBeVisible()
  await examine(admin, 'session-soon')
  await admin.unroute('**/api/v1/me')
  await stay.click()
  await expect(stay).toHaveCount(0)
})

test('a session that ends elsewhere: the data is gone, the reason is said, and what was typed is kept', async ({ browser }) => {
  await admin.goto('/admin/settings/members?invite')
  await admin.getByLabel('Email').fill('zoe@example.com')
  await admin.getByLabel(/^Name/).fill('Zoe Zebra')
  const second = await admin.context().newPage()
  await second.goto('/admin/requests')
  await expect(second.getByText('ada@example.com').first()).toBeVisible()
  await endSessions(browser)
  for (const page of [admin, second]) {
    await expect(signedOut(page)).toBeVisible()
    await expect(page.locator('body')).not.toContainText('ada@example.com')
  }
  await examine(admin, 'session-ended')
  await admin.getByRole('link', { name: 'Sign in again' }).click()
  await expect(admin).toHaveURL(/\/login\?next=.*members.*invite/)
  await signIn(admin)
  await admin.goto('/admin/settings/members?invite')
  await expect(admin.getByLabel('Email')).toHaveValue('zoe@example.com')
  await expect(admin.getByLabel(/^Name/)).toHaveValue('Zoe Zebra')
  await expect(second.getByText('ada@example.com').first(), 'the other tab goes on, too').toBeVisible()
  await second.close()
})

test('what was typed is not lost by a slip, and a closed dialog leaves no step behind', async () => {
  await admin.goto('/admin/requests')
  await admin.goto('/admin/settings/members')
  await admin.getByRole('button', { name: 'Invite New User' }).click()
  await expect(admin.getByLabel('Email')).toHaveValue('zoe@example.com')
  await admin.mouse.click(5, 400)
  await expect(admin.getByLabel('Email')).toHaveValue('zoe@example.com')
  await admin.keyboard.press('Escape')
  await expect(dialog(admin)).toContainText('Discard what you typed?')
  await expect(admin.getByRole('button', { name: 'Keep editing' })).toBeFocused()
  await admin.keyboard.press('Escape')
  await expect(dialog(admin)).not.toContainText('Discard')
  await admin.getByRole('button', { name: 'Close' }).click()
  await examine(admin, 'discard', { covered: true })
  await admin.getByRole('button', { name: 'Discard' }).click()
  await expect(dialog(admin)).toHaveCount(0)
  await admin.getByRole('button', { name: 'Invite New User' }).click()
  await expect(admin.getByLabel('Email'), 'discarded is discarded').toHaveValue('')
  await admin.keyboard.press('Escape')
  await expect(dialog(admin)).toHaveCount(0)
  await admin.goBack()
  await expect(admin).toHaveURL(/\/admin\/requests$/)
  const description = admin.getByLabel(/^Description/)
  await admin.goto('/admin/settings/roles?role=Fleet')
  const had = await description.inputValue()
  await description.fill('Drivers and their dispatchers')
  await admin.reload()
  await expect(description).toHaveValue('Drivers and their dispatchers')
  await admin.keyboard.press('Escape')
  await admin.getByRole('button', { name: 'Discard' }).click()
  await admin.goto('/admin/settings/roles?role=Fleet')
  await expect(description).toHaveValue(had)
  await admin.keyboard.press('Escape')
})

test('no page misbehaved', () => expect(faults).toEqual([]))
