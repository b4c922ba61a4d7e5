import { expect, test, type Page } from '@playwright/test'
import { doorward, faults, listed, visit } from './harness'

// How the console reads and is used: at every width, in every theme, on paper, by
// keyboard and by thumb. Each test continues from the one before.
test.describe.configure({ mode: 'serial' })

const long = 'wilhelmina.featherstone@example.com' // 35 characters
let admin: Page

const button = (page: Page, name: string | RegExp) => page.getByRole('button', { name, exact: typeof name === 'string' })
const background = (page: Page) => page.evaluate(() => getComputedStyle(document.documentElement).backgroundColor)
const paper = { light: 'rgb(250, 248, 244)', dark: 'rgb(20, 19, 17)' }

test('a workspace with somebody in it', async ({ browser }) => {
  admin = await visit(browser, { colorScheme: 'light', reducedMotion: 'reduce' })
  await admin.goto(process.env.SETUP_LINK as string)
  await admin.getByLabel('Workspace name').fill('Night Watch')
  await admin.getByLabel('Your name').fill('Grace Hopper')
  await admin.getByLabel('Your email').fill('grace@example.org')
  await admin.locator('form button').click()
  await expect(admin.getByRole('heading', { name: 'Hello, Grace' })).toBeVisible()
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

// invites makes pending members, none of whom has accepted.
const invites = (page: Page, who: string[], role = 'Fleet') =>
  page.evaluate(
    async ([who, role]) => {
      const headers = { 'Content-Type': 'application/json' }
      const invitations = (who as string[]).map((email) => ({ email, roles: [role] }))
      const answer = await fetch('/api/v1/invitations/batch', { method: 'POST', headers, body: JSON.stringify({ invitations }) })
      if (!answer.ok) throw new Error(await answer.text())
    },
    [who, role] as const,
  )

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
  await admin.getByRole('link', { name: 'Audit', exact: true }).focus()
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

test('no page misbehaved', () => expect(faults).toEqual([]))
