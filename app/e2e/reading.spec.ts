import { expect, test, type Browser, type Page } from '@playwright/test'
import { button, doorward, faults, invites, listed, message, visit } from './harness'

// How the console reads and is used: in every theme, and by keyboard. Each test continues
// from the one before. How it is laid out is in layout.spec.ts.
test.describe.configure({ mode: 'serial' })

const long = 'wilhelmina.featherstone@example.com' // 35 characters
let admin: Page

const background = (page: Page) => page.evaluate(() => getComputedStyle(document.documentElement).backgroundColor)
const paper = { light: 'rgb(250, 248, 244)', dark: 'rgb(20, 19, 17)' }

test('a workspace with somebody in it', async ({ browser }) => {
  admin = await visit(browser, { colorScheme: 'light', reducedMotion: 'reduce' })
  await admin.goto(process.env.SETUP_LINK as string)
  await admin.getByLabel('Workspace name').fill('Night Watch')
  await admin.getByLabel('Your name').fill('Grace Hopper')
  await admin.getByLabel('Your email').fill('grace@example.org')
  await admin.locator('main form button').click()
  await expect(admin.getByRole('heading', { name: 'Dashboard' })).toBeVisible()
  await doorward('invite', long, '--role', 'Fleet')
  await doorward('approve', long)
})

test('a theme that is chosen holds at once, after a reload, and on the portal', async () => {
  const choose = async (name: string) => {
    await button(admin, /^Account:/).click()
    await admin.getByRole('menuitem', { name }).click()
  }
  await admin.goto('/admin/')
  expect(await background(admin)).toBe(paper.light)
  await choose('Dark')
  await expect.poll(() => background(admin)).toBe(paper.dark)
  await admin.reload()
  expect(await background(admin), 'after a reload').toBe(paper.dark)
  await admin.goto('/')
  expect(await background(admin), 'on the portal').toBe(paper.dark)

  await admin.emulateMedia({ colorScheme: 'dark' })
  await admin.goto('/admin/')
  await choose('Light')
  await expect.poll(() => background(admin), 'light on a dark system').toBe(paper.light)
  await admin.goto('/')
  expect(await background(admin), 'on the portal').toBe(paper.light)
  await admin.goto('/admin/')
  await choose('System')
  await expect.poll(() => background(admin)).toBe(paper.dark)
  await admin.goto('/')
  expect(await background(admin), 'on the portal').toBe(paper.dark)
  await admin.emulateMedia({ colorScheme: 'light' })
})

const requests = (page: Page) => page.getByRole('region', { name: 'Login requests' })
const row = (page: Page, name: string) => page.getByRole('listitem', { name })
const dialog = (page: Page) => page.getByRole('dialog')
const pending = async () => (await listed<{ email: string }>('members', '--state', 'pending')).length

// A key held for 1.5 seconds approved 19 strangers: each approval moved the focus to the
// next row, and the next repeat of the key approved that one. A held Enter does the same
// to buttons.
test('a key that is held decides about one request', async () => {
  await invites(admin, Array.from({ length: 16 }, (_, i) => `held${i}@example.com`))
  await admin.goto('/admin/requests')
  await expect(requests(admin), 'the keys work at once').toBeFocused()
  await admin.keyboard.press('j')
  for (let i = 0; i < 30; i++) await admin.keyboard.down('a') // from the second on it is a repeat
  await admin.keyboard.up('a')
  await expect.poll(pending).toBe(15)
  await admin.locator('main li').nth(2).getByRole('button', { name: /^Approve/ }).focus()
  for (let i = 0; i < 30; i++) await admin.keyboard.down('Enter')
  await admin.keyboard.up('Enter')
  await expect.poll(pending).toBe(14)
  await admin.keyboard.press('j')
  await admin.keyboard.down('x')
  await admin.keyboard.down('x')
  await admin.keyboard.up('x')
  await expect(admin.getByText('1 selected')).toBeVisible()
  await admin.keyboard.press('x')
  expect(await pending()).toBe(14)
})

// One key approved from anywhere on the page: two rows were selected, the focus was in
// the sidebar, and "a" let somebody in.
test('keys decide only while the list has the focus, and can be turned off', async () => {
  await admin.goto('/admin/requests')
  await admin.getByRole('checkbox', { name: /^Select held/ }).first().check()
  await admin.getByRole('link', { name: 'Audit log', exact: true }).focus()
  for (const key of ['a', 'r', 'x']) await admin.keyboard.press(key)
  await expect(dialog(admin)).toHaveCount(0)
  await expect(admin.getByText('1 selected')).toBeVisible()
  expect(await pending()).toBe(14)

  await button(admin, 'Keyboard shortcuts').click()
  await admin.getByLabel('Use single keys as shortcuts').uncheck()
  await admin.keyboard.press('Escape')
  await expect(dialog(admin)).toHaveCount(0)
  await admin.reload()
  await row(admin, 'held5@example.com').focus()
  for (const key of ['a', 'r', '?', '/']) await admin.keyboard.press(key)
  await expect(dialog(admin)).toHaveCount(0)
  await expect(admin.getByLabel('Search requests')).not.toBeFocused()
  expect(await pending()).toBe(14)
  await button(admin, 'Keyboard shortcuts are off').click()
  await admin.getByLabel('Use single keys as shortcuts').check()
  await admin.keyboard.press('Escape')
})

test('on a Russian keyboard, and with CapsLock, the same keys do the same', async () => {
  await admin.goto('/admin/requests')
  const press = (key: string, code: string) => admin.evaluate(([key, code]) => document.activeElement?.dispatchEvent(new KeyboardEvent('keydown', { key, code, bubbles: true, cancelable: true })), [key, code] as const)
  await expect(requests(admin)).toBeFocused()
  await press('о', 'KeyJ')
  await press('J', 'KeyJ')
  await press('Ч', 'KeyX')
  await expect(admin.getByText('1 selected')).toBeVisible()
  await press('ф', 'KeyA')
  await expect.poll(pending).toBe(13)
})

// A request for Admin went through with the same single key as any other, and fifty at
// once asked nothing either.
test('an Admin, and more than ten, are approved only after a second word', async () => {
  await invites(admin, ['boss@example.com'], 'Admin')
  await row(admin, 'boss@example.com').focus()
  await admin.keyboard.press('a')
  await expect(dialog(admin)).toContainText('boss@example.com will be able to manage others.')
  await expect(dialog(admin)).toContainText('not verified yet')
  await admin.keyboard.press('a')
  await button(admin, 'Cancel').click()
  await expect(dialog(admin)).toHaveCount(0)
  await expect(row(admin, 'boss@example.com'), 'the focus is back').toBeFocused()
  expect(await pending()).toBe(14)

  await admin.getByLabel('Select all on this page').check()
  await button(admin, 'Approve 14').click()
  await expect(dialog(admin)).toContainText('14 email addresses are not verified yet.')
  expect(await pending()).toBe(14)
  await dialog(admin).getByRole('button', { name: 'Approve 14' }).click()
  await expect.poll(pending).toBe(0)
  await expect.poll(() => admin.evaluate(() => document.activeElement?.tagName), 'the focus is not lost').not.toBe('BODY')
})

// accepts opens the emailed link of somebody, in a browser of their own.
async function accepts(browser: Browser, email: string): Promise<Page> {
  const page = await visit(browser)
  await page.goto((await message(email)).link)
  await page.locator('main form button').first().click()
  await expect(page).toHaveURL(/pending/)
  return page
}

// "40 people are waiting for your approval": 15 of them had never opened the email.
test('those who can be decided about are told apart from those who have not accepted', async ({ browser }) => {
  await invites(admin, ['ready1@example.com', 'ready2@example.com', 'later1@example.com', 'later2@example.com', 'later3@example.com'])
  await invites(admin, ['later4@example.com'], 'Admin')
  for (const name of ['ready1', 'ready2']) await (await accepts(browser, `${name}@example.com`)).context().close()
  await admin.goto('/admin/')
  await expect(admin.getByRole('region', { name: 'Notification' })).toContainText('2 people are waiting for your approval')
  for (const badge of await admin.getByTestId('badge').all()) {
    await expect(badge).toHaveText('6 waiting')
    await expect(badge).toHaveAttribute('title', '2 ready to review, 4 not accepted yet')
  }
  await expect(admin.getByText('2 ready to review, 4 not accepted yet').first()).toBeVisible()

  await button(admin, 'Review').click()
  await expect(admin.getByRole('heading', { name: 'Ready to review (2)' })).toBeVisible()
  await expect(admin.getByRole('heading', { name: 'Not accepted yet (4)' })).toBeVisible()
  await expect(admin.getByRole('list', { name: 'Ready to review' }).getByRole('listitem')).toHaveCount(2)
  const colour = async (name: string) => {
    await row(admin, name).hover()
    return row(admin, name).getByRole('button', { name: /^Approve/ }).evaluate((e) => getComputedStyle(e).backgroundColor)
  }
  expect(await colour('ready1@example.com'), 'one who is ready can be approved at a glance').toBe('rgb(29, 107, 87)')
  expect(await colour('later1@example.com'), 'one who is not does not ask for it').not.toBe('rgb(29, 107, 87)')
  await admin.getByLabel('Search requests').fill('later')
  await expect(admin.getByText('4 of 6 requests found')).toBeVisible()
  await expect(admin.getByRole('list', { name: 'Ready to review' })).toHaveCount(0)
  await admin.getByLabel('Search requests').fill('')

  await admin.goto('/admin/')
  const figure = await admin.getByRole('link', { name: /^Admin \d/ }).innerText()
  await admin.goto('/admin/settings/roles')
  const column = admin.getByRole('columnheader', { name: /^Admin/ }).getByRole('link')
  await expect(column, 'the same people are counted everywhere').toHaveAccessibleName(`${figure.replace(/\D/g, '')} members with Admin`)
  await column.click()
  await expect(admin.getByText(`${figure.replace(/\D/g, '')} members found`)).toBeVisible()
})

// The button that could not be pressed turned green under the pointer, with dark text:
// 1.07:1. Pressing it did nothing that could be seen.
test('an incomplete invitation says what is missing, and where', async () => {
  await admin.goto('/admin/settings/members?invite')
  const send = button(admin, 'Send Invitation')
  const still = await send.evaluate((e) => getComputedStyle(e).backgroundColor)
  await send.hover()
  expect(await send.evaluate((e) => getComputedStyle(e).backgroundColor)).toBe(still)
  expect(await send.evaluate((e) => getComputedStyle(e).color)).toBe('rgb(95, 90, 80)')
  await expect(admin.getByRole('alert')).toHaveCount(0)
  const height = async () => (await dialog(admin).locator('.foot').boundingBox())!.height
  const foot = await height()
  await send.click({ force: true })
  await expect(admin.getByLabel('Email')).toBeFocused()
  await expect(admin.getByLabel('Email')).toHaveAttribute('aria-invalid', 'true')
  await expect(admin.getByRole('alert')).toHaveText('Enter an email address.')
  await admin.getByLabel('Email').fill(long)
  await expect(dialog(admin)).toContainText('is already a member')
  expect(await height(), 'the dialog does not jump').toBe(foot)
  await admin.getByLabel('Email').fill('new@example.com')
  await send.click({ force: true })
  await expect(dialog(admin).getByRole('combobox', { name: /^Role/ })).toBeFocused()
  await expect(admin.getByRole('alert')).toHaveText('Select a role.')
  expect(await height(), 'the dialog does not jump').toBe(foot)
})

// Half a border stood above "Remove …", and its text 4 pixels too low; the sentence about
// suspending stood beside no such button; and the request was to be found among forty.
test('a member’s page decides about who is pending, and draws its buttons whole', async ({ browser }) => {
  await invites(admin, ['nora@example.com'])
  await (await accepts(browser, 'nora@example.com')).context().close()
  const [nora] = await listed<{ id: string }>('members', '--search', 'nora')
  await admin.goto(`/admin/settings/members/${nora!.id}`)
  await expect(admin.locator('main')).toContainText('Awaiting approval.')
  await expect(admin.locator('main')).toContainText('Requested role')
  await expect(admin.locator('main')).not.toContainText('Suspending')
  await expect(admin.getByRole('link', { name: 'Review the request' })).toHaveAttribute('href', /requests\?q=nora%40example\.com/)
  const drawn = await button(admin, 'Remove …').evaluate((e) => {
    const s = getComputedStyle(e)
    return { top: [s.borderTopColor, s.paddingTop], bottom: [s.borderBottomColor, s.paddingBottom] }
  })
  expect(drawn.top).toEqual(drawn.bottom)
  await button(admin, 'Remove …').click()
  await expect(button(admin, 'Cancel'), 'the focus is on what does no harm').toBeFocused()
  await button(admin, 'Cancel').click()
  await expect(button(admin, 'Remove …')).toBeFocused()

  const choose = async (role: string) => {
    await admin.getByRole('combobox', { name: /^Roles to approve/ }).click()
    await admin.getByRole('option', { name: new RegExp(`^${role}`) }).click()
    await admin.keyboard.press('Escape')
  }
  await choose('AILoop')
  await expect(admin.locator('main').getByText('Access to AILoop and Fleet (Data Lake, Flows).')).toBeVisible()
  await expect(admin.locator('main').getByText('Nothing in')).toHaveCount(0)
  await choose('Admin')
  await admin.locator('main').getByRole('button', { name: 'Approve', exact: true }).click()
  await expect(admin.locator('main').getByRole('alert')).toHaveText('This role can manage other members. Select “Approve anyway” to confirm.')
  await choose('Admin')
  await admin.locator('main').getByRole('button', { name: 'Approve', exact: true }).click()
  await expect(admin.locator('main').locator('.facts').getByText('Active')).toBeVisible()
})

// A role that approves but may not see was saved without a word, and whoever had it, or
// a role for the audit log alone, got "The console cannot start".
test('a permission brings what it needs, and any role of the console opens it', async ({ browser }) => {
  await admin.goto('/admin/settings/roles?role')
  await admin.getByLabel('Approve and reject').check()
  await expect(admin.getByLabel('See members and requests')).toBeChecked()
  await admin.getByLabel('See members and requests').uncheck()
  await expect(admin.getByLabel('Approve and reject')).not.toBeChecked()
  await admin.getByLabel('See the audit log').check()
  await admin.getByLabel('Name').fill('Auditors')
  await button(admin, 'Save role').click()
  await expect(admin.getByRole('columnheader', { name: /Auditors/ })).toBeVisible()
  await doorward('invite', 'aud@example.com', '--role', 'Auditors')
  const page = await accepts(browser, 'aud@example.com')
  await doorward('approve', 'aud@example.com')
  await expect(page).not.toHaveURL(/pending/)
  await page.goto('/admin/')
  await expect(page.getByText('You don’t have access to this page')).toBeVisible()
  await page.getByRole('link', { name: 'Go to Audit log' }).click()
  await expect(page.getByRole('heading', { level: 1, name: 'Audit log' })).toBeVisible()
  await page.context().close()
})

// The toast lay on the lowest rows' buttons, and the row under the keyboard moved its
// buttons aside.
test('a toast covers no button of a row, and buttons keep their columns', async () => {
  await admin.setViewportSize({ width: 1280, height: 640 })
  await admin.goto('/admin/requests')
  const approve = admin.locator('main li .approve')
  const places = () => admin.locator('main li').evaluateAll((all) => all.map((li) => [...li.querySelectorAll('.role .btn, .danger, .approve')].map((e) => Math.round(e.getBoundingClientRect().left)).join()))
  await expect(approve.first()).toBeVisible()
  const before = await places()
  expect(new Set(before).size, 'one column for each button').toBe(1)
  await admin.keyboard.press('j')
  expect(await places()).toEqual(before)
  await button(admin, /^Resend to/).first().click()
  await expect(admin.locator('.toast')).toBeVisible()
  const covered = () => approve.evaluateAll((all) => all.filter((e) => {
    const { x, y, width, height } = e.getBoundingClientRect()
    const top = document.elementFromPoint(x + width / 2, y + height / 2)
    return top && !e.contains(top)
  }).length)
  await admin.evaluate(() => scrollTo(0, 1e6))
  expect(await covered()).toBe(0)
  await admin.setViewportSize({ width: 1280, height: 800 })
})

test('the focus has a place to go, and arrivals are announced', async ({ browser }) => {
  await admin.goto('/admin/settings/members?invite')
  await expect(admin.getByLabel('Email')).toBeFocused()
  await admin.keyboard.press('Escape')
  await button(admin, 'Discard').click() // what an earlier test typed
  await expect(admin.locator('main'), 'after a dialog that was opened by its address').toBeFocused()
  await admin.goto('/admin/audit')
  await invites(admin, ['arrives@example.com'])
  await (await accepts(browser, 'arrives@example.com')).context().close()
  await expect(admin.getByTestId('arrivals')).toHaveText(/^New login request\. \d+ to review\.$/)
  await admin.getByRole('link', { name: /^Login Requests/ }).first().click()
  await expect(requests(admin), 'the keys work at once').toBeFocused()
  await admin.getByRole('link', { name: 'Skip to the requests' }).focus()
  await admin.keyboard.press('Enter')
  await expect(requests(admin)).toBeFocused()
  let stops = 0
  for (; stops < 12 && !(await admin.evaluate(() => document.activeElement?.matches('.approve'))); stops++) await admin.keyboard.press('Tab')
  expect(stops, 'Tab stops from there to the first Approve').toBeLessThan(7)
})

test('no page misbehaved', () => expect(faults).toEqual([]))
