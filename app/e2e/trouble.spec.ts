import { expect, test, type Page } from '@playwright/test'
import { addMember, button, choose, control, dialog, doorward, examine, faults, listed, place, row, said, setUp, visit } from './harness'

// What the console shows when something is away, slow, refused, failed or over, and how its
// lists are narrowed to that. Each test continues from the one before.
test.describe.configure({ mode: 'serial' })

const grace = 'grace@example.org'
let admin: Page

test('a workspace with people who wait, a member, and a test email', async ({ browser }) => {
  admin = await setUp(browser)
  await addMember('hal@example.com', 'Fleet')
  await doorward('invite', 'ada@example.com', '--role', 'Fleet', '--name', 'Ada Lovelace')
  await doorward('invite', 'ivy@example.com', '--role', 'AILoop', '--name', 'Ivy')
  await doorward('mail-test', grace)
})

test('the audit log between two days of the reader, in a link', async () => {
  await admin.goto('/admin/audit')
  await choose(admin, /^When/, 'From')
  await expect(admin).toHaveURL(/first=.*last=/)
  await expect(admin.getByRole('listitem').filter({ hasText: 'test email' }).first()).toBeVisible()
  await admin.getByLabel('from', { exact: true }).fill('2020-01-01')
  await admin.getByLabel('to', { exact: true }).fill('2020-01-31')
  await admin.getByLabel('to', { exact: true }).blur()
  await expect(admin.getByText('No matching entries')).toBeVisible()
  await expect(admin).toHaveURL(/first=2020-01-01&last=2020-01-31/)
  await admin.getByLabel('from', { exact: true }).fill('2021-01-01')
  await admin.getByLabel('from', { exact: true }).blur()
  await expect(admin.getByRole('alert')).toHaveText('The first day is after the last, so nothing can match.')
})

test('a search among those who wait asks the server, and can be linked to', async () => {
  await admin.goto('/admin/requests?q=iv')
  await expect(admin.getByText(/^1 of \d requests found$/)).toBeVisible()
  await expect(row(admin, 'Ivy')).toBeVisible()
  await expect(row(admin, 'Ada Lovelace')).toHaveCount(0)
  await admin.getByLabel('Search requests').fill('nobodyatall')
  await expect(admin.getByText('No pending requests match “nobodyatall”.')).toBeVisible()
  await admin.getByLabel('Search requests').fill('')
  await expect(row(admin, 'Ada Lovelace')).toBeVisible()
  await expect(admin).not.toHaveURL(/q=/)
})

test('an email is deleted once the reader knows what goes with it', async () => {
  await admin.goto('/admin/mail')
  await button(admin, /^Delete … .* to ivy@example.com/).first().click()
  await expect(admin).toHaveURL(/delete=/)
  await expect(dialog(admin)).toContainText('a link in it still works')
  await button(admin, 'Cancel').click()
  await expect(dialog(admin)).toHaveCount(0)
  await button(admin, /^Delete … .* to ivy@example.com/).first().click()
  await button(admin, 'Delete email').click()
  await said(admin, 'The email to ivy@example.com was deleted.')
  await expect(button(admin, /^Delete … .* to ivy@example.com/)).toHaveCount(0)
})

test('each number of the dashboard leads to those that it counts', async () => {
  await control('refuse', 'nemo@example.com')
  await doorward('invite', 'nemo@example.com', '--role', 'Fleet')
  await admin.goto('/admin/')
  await admin.getByRole('link', { name: /^1 failed email/ }).click()
  await expect(admin).toHaveURL(/\/mail\?state=failed$/)
  const emails = admin.locator('main tbody tr')
  await expect(emails).toHaveCount(1)
  await expect(emails).toContainText('nemo@example.com')
  await expect(admin.getByText('1 email failed.')).toHaveCount(0)
  await admin.goto('/admin/mail')
  await admin.getByText('1 email failed.').getByRole('link', { name: 'View it' }).click()
  await expect(admin, 'from the top of all emails as well').toHaveURL(/\/mail\?state=failed$/)
  await place(admin, 'Dashboard')
  await admin.getByRole('link', { name: /invitations expired/ }).click()
  await expect(admin.getByRole('combobox', { name: 'Status: Expired' })).toBeVisible()
  await place(admin, 'Dashboard')
  await expect(admin.getByRole('columnheader'), 'the chart counts who accepted on a day').toHaveText(['Day', 'invited', 'accepted', 'approved'])
  await doorward('reject', 'nemo@example.com', '--yes')
})

test('while the server is away the console says so, and catches up by itself', async () => {
  await admin.goto('/admin/requests')
  await expect(row(admin, 'Ada Lovelace')).toBeVisible()
  await control('stop')
  await said(admin, 'Connection lost. Data may be out of date.')
  await button(admin, 'Resend to Ada Lovelace').click()
  await said(admin, 'Doorward could not be reached. Check your connection and try again.')
  await expect(row(admin, 'Ada Lovelace'), 'what was there stays').toBeVisible()
  await control('start', ['--smtp-url', 'smtp+insecure://127.0.0.1:9']) // no mail server listens there
  await doorward('invite', 'lena@example.com', '--role', 'Fleet')
  await button(admin, 'Try now').click({ timeout: 3000 }).catch(() => undefined) // it may have reconnected by itself
  await expect(row(admin, 'lena@example.com')).toBeVisible()
  await expect(admin.getByText('Connection lost.')).toHaveCount(0)
})

test('an email that was not sent: as its reader would see it, without the link, and gone for good', async () => {
  await admin.goto('/admin/mail')
  await button(admin, /^Preview .* to lena@example.com/).click()
  await expect(dialog(admin)).toContainText('The link and the code are hidden here')
  const seen = admin.frameLocator('iframe')
  const way = seen.locator('a.b')
  await expect(way, 'in its own colours').toHaveCSS('background-color', 'rgb(29, 107, 87)')
  await expect(seen.locator('body')).toContainText('/login/…')
  await way.click()
  await expect(way, 'its links lead nowhere').toBeVisible()
  expect(admin.context().pages().filter((p) => p.url().includes('/login')), 'not into another window either').toEqual([])
  await examine(admin, 'console-message', { covered: true })
  await admin.getByRole('tab', { name: 'Text' }).click()
  await expect(admin).toHaveURL(/form=text/)
  const words = dialog(admin).getByRole('region', { name: 'Text of the email' })
  await expect(words).toContainText('/login/…')
  await examine(admin, 'console-message-text', { covered: true })
  await admin.keyboard.press('Escape')
  await expect(dialog(admin)).toHaveCount(0)
  await expect(button(admin, /^Preview .* to lena@example.com/)).toBeFocused()

  await button(admin, /^Delete … .* to lena@example.com/).click()
  await expect(dialog(admin)).toContainText('Its link stops working')
  await button(admin, 'Delete email').click()
  await said(admin, 'The email to lena@example.com was deleted.')
  await expect(button(admin, /^Delete … .* to lena@example.com/)).toHaveCount(0)
})

test('a session that ends in the middle is said, and leads to the sign-in page and back to the same view', async ({ browser }) => {
  const page = await visit(browser)
  const signIn = async () => {
    const [{ login_link: link }] = await listed<{ login_link: string }>('login-link', grace)
    await page.goto(link)
    await page.getByRole('button', { name: /Sign in/ }).click()
    await expect(page).not.toHaveURL(/login/)
  }
  await signIn()
  await page.goto('/admin/settings/members?q=hal')
  await expect(page.getByText('1 member found')).toBeVisible()
  await page.context().clearCookies()
  // Whatever the console asks next meets the end: this search, or a list that it reloads by itself.
  await page.getByLabel('Search members').fill('ivy', { timeout: 5000 }).catch(() => undefined)
  await expect(page.getByRole('heading', { name: 'You have been signed out' })).toBeVisible()
  await expect(page.locator('body')).not.toContainText('hal@example.com')
  await page.getByRole('link', { name: 'Sign in again' }).click()
  await expect(page).toHaveURL(/\/login\?next=.*members.*(hal|ivy)/)
  await page.context().close()
})

test('what is quick shows no sign of loading, and what is slow does', async ({ browser }) => {
  const page = await visit(browser)
  await page.context().addCookies(await admin.context().cookies())
  const now = Date.now()
  await page.clock.install({ time: now })
  await page.clock.pauseAt(now + 1000)
  let answer = () => {}
  await page.route('**/api/v1/members?*', async (route) => {
    await new Promise<void>((done) => (answer = done))
    await route.continue()
  })
  const loading = page.getByRole('status', { name: 'Loading' })
  const asked = page.waitForRequest('**/api/v1/members?*')
  await page.goto('/admin/settings/members')
  await asked
  await expect(page.getByRole('heading', { level: 1 })).toBeVisible()
  await page.clock.runFor(140)
  await expect(loading).toHaveCount(0)
  await page.clock.runFor(20)
  await expect(loading.first()).toBeVisible()
  answer()
  await expect(page.getByText('ada@example.com').first()).toBeVisible()
  await expect(loading).toHaveCount(0)
  await page.context().close()
})

test('what opens from a control comes when it is used, and a console that is too old says so', async ({ browser }) => {
  const page = await visit(browser)
  await page.context().addCookies(await admin.context().cookies())
  const sent: string[] = []
  page.on('request', (r) => sent.push(new URL(r.url()).pathname))
  const opens = /^\/admin\/assets\/open-/
  await page.goto('/admin/settings/members')
  await expect(page.getByText('ada@example.com').first()).toBeVisible()
  expect(sent.filter((path) => opens.test(path))).toEqual([])
  for (const what of ['me', 'settings', 'roles', 'overview', 'members']) expect(sent.filter((path) => path === `/api/v1/${what}`), `${what} is asked for once`).toHaveLength(1)
  await page.route((url) => opens.test(url.pathname), (route) => route.abort())
  const state = page.getByRole('combobox', { name: 'Status: Any status' })
  await state.click()
  await expect(page.getByText('This part of the console could not be loaded.')).toBeVisible()
  await page.unrouteAll()
  await page.reload()
  await state.focus()
  await expect.poll(() => sent.filter((path) => opens.test(path)).length, 'it is on its way as soon as the control has the focus').toBeGreaterThan(1)
  await expect(state).toHaveAttribute('aria-expanded', 'false')
  await page.keyboard.press('ArrowDown')
  await expect(page.getByRole('listbox', { name: 'Status' })).toBeVisible()
  await expect(state).toBeFocused()
  await page.keyboard.press('Escape')
  await expect(state).toHaveAttribute('aria-expanded', 'false')
  await expect(state).toBeFocused()
  await page.context().close()
})

test('what the server refuses is said beside what it is about, and nothing is lost', async () => {
  await admin.goto('/admin/settings/members?invite')
  await admin.getByLabel('Email').fill('zoe@example.com')
  await admin.getByLabel(/^Name/).fill('Zoe Zebra')
  const checked = admin.waitForResponse((r) => r.url().includes('/invitations/check') && (r.request().postData() ?? '').includes('Fleet'))
  await choose(admin, /^Role: /, 'Fleet')
  await checked // what it says now is no longer true a moment later
  await doorward('invite', 'zoe@example.com', '--role', 'Fleet') // somebody else was faster
  await button(admin, 'Send Invitation').click()
  await expect(dialog(admin)).toContainText(/already/)
  await expect(admin.getByLabel('Email')).toHaveValue('zoe@example.com')
  await expect(admin.getByLabel(/^Name/)).toHaveValue('Zoe Zebra')
  await admin.keyboard.press('Escape')
  await button(admin, 'Discard').click()

  await admin.goto('/admin/settings/roles?role')
  await admin.getByLabel('Name').fill('Admin')
  await dialog(admin).getByRole('checkbox').first().check()
  await button(admin, 'Save role').click()
  await expect(dialog(admin).getByRole('alert').first()).toBeVisible()
  await expect(admin.getByLabel('Name')).toHaveValue('Admin')
  await admin.keyboard.press('Escape')
  await button(admin, 'Discard').click()
})

// A duration of almost nothing would make every change of colour a transition, one
// after the other from the outside in, and leave light text on dark for some frames.
test('with reduced motion, another theme is there at once', async () => {
  await admin.emulateMedia({ colorScheme: 'light', reducedMotion: 'reduce' })
  await admin.goto('/admin/settings/members')
  await expect(admin.getByText('ada@example.com').first()).toBeVisible()
  const changed = await admin.evaluate(() => {
    document.documentElement.style.setProperty('--soft', 'rgb(1, 2, 3)')
    const soft = document.querySelector('main time') as Element
    return { color: getComputedStyle(soft).color, moving: document.getAnimations().length }
  })
  expect(changed).toEqual({ color: 'rgb(1, 2, 3)', moving: 0 })
})

test('no page misbehaved', () => expect(faults).toEqual([]))
