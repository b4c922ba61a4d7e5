import { mkdtempSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, test, type Page } from '@playwright/test'
import { accepted, button, dialog, doorward, examine, faults, setUp } from './harness'

// The dashboard of a new workspace, help, and the browser's notifications. Each test
// continues from the one before.
test.describe.configure({ mode: 'serial' })

let admin: Page
const list = () => admin.getByRole('region', { name: 'Finish setting up Night Watch' })
const step = (title: string) => list().getByRole('listitem').filter({ hasText: title })

test('a new workspace says what it needs', async ({ browser }) => {
  admin = await setUp(browser, { colorScheme: 'light', reducedMotion: 'reduce' })
  await expect.poll(() => new URL(admin.url()).pathname, 'setup leads to the console').toBe('/admin/')
  await expect(list()).toContainText('0 of 6 done')
  await expect(step('Set up email')).toContainText('has not accepted an email yet')
  await examine(admin, 'checklist')
  for (const [title, link, to] of [
    ['Set up email', 'Email settings', '/settings/mail'],
    ['Set a public URL', 'General', '/settings/general'],
    ['Add a second Admin', 'Invite New User', '/?invite'],
    ['Approve the first request', 'Login Requests', '/requests'],
  ] as const) {
    await step(title).getByRole('link', { name: link }).click()
    await expect(admin).toHaveURL(new RegExp(`/admin${to.replace('?', '\\?')}$`))
    await admin.goto('/admin/')
  }
})

// A list that only a browser ticks off says that all is well when nothing is.
test('each step is done as soon as the server says so, without a reload', async ({ browser }) => {
  const done = (title: string) => expect(step(title)).toContainText('(done)')
  await doorward('invite', 'ada@example.com', '--role', 'Fleet')
  await done('Invite the first person')
  await done('Set up email')
  await accepted(browser, 'ada@example.com')
  await doorward('approve', 'ada@example.com')
  await done('Approve the first request')
  await doorward('backup', join(mkdtempSync(join(tmpdir(), 'doorward-')), 'x.backup'))
  await done('Make a backup')
  await expect(step('Add a second Admin')).not.toContainText('(done)')
  await doorward('invite', 'alan@example.com', '--role', 'Admin')
  await accepted(browser, 'alan@example.com')
  await doorward('approve', 'alan@example.com')
  await done('Add a second Admin')
  await expect(list()).toContainText('5 of 6 done')
})

test('who hides the list does not see it again, until they ask for it', async () => {
  await button(admin, 'Hide').click()
  await expect(list()).toHaveCount(0)
  await button(admin, 'Undo').click()
  await expect(list()).toBeVisible()
  await button(admin, 'Hide').click()
  await expect(list()).toHaveCount(0)
  await admin.reload()
  await expect(admin.getByText('The last two weeks')).toBeVisible()
  await expect(list()).toHaveCount(0)
  await admin.goto('/admin/settings/general')
  const saved = admin.waitForResponse((r) => r.request().method() === 'PATCH' && r.ok())
  await admin.getByLabel('Show the setup checklist').check()
  await saved
  await admin.goto('/admin/')
  await expect(list()).toBeVisible()
})

// Everybody was asked to sign in again at an address that was then refused.
test('a public URL that cannot be one is refused at its field, and only another one asks', async () => {
  await admin.goto('/admin/settings/general')
  const field = admin.locator('#public-url')
  const save = async (typed: string) => {
    await field.fill(typed)
    await button(admin, 'Save URL').click()
  }
  for (const [typed, why] of [
    ['door.example.com', 'is not a valid URL'],
    ['http://door.example.com', 'must begin with https://'],
    ['https://door.example.com/door', 'remove /door'],
  ] as const) {
    await save(typed)
    await expect(admin.locator('#public-url-hint')).toContainText(why)
    await expect(field).toHaveAttribute('aria-invalid', 'true')
    await expect(dialog(admin)).toHaveCount(0)
  }
  await field.fill('https://door.example')
  await expect(admin.locator('#public-url-hint'), 'what was wrong is no longer what is there').not.toContainText('remove')
  await expect(field).not.toHaveAttribute('aria-invalid')
  await save('https://Door.Example.com/')
  await expect(dialog(admin)).toContainText('sign in again, at https://door.example.com.')
  await expect(field).not.toHaveAttribute('aria-invalid')
  await button(admin, 'Cancel').click()
  await save(`${(process.env.BASE_URL as string).toUpperCase()}/`) // what it is already
  await expect(field).toHaveValue(process.env.BASE_URL as string)
  await expect(dialog(admin)).toHaveCount(0)
})

// The title of a list was larger than that of the card it is in, and the name of a role of
// one's own stood above those that are built in.
test('titles of settings are no smaller than what is under them, and the names of roles are level', async () => {
  const size = (name: string) => admin.getByRole('heading', { name, exact: true }).evaluate((e) => parseFloat(getComputedStyle(e).fontSize))
  await admin.goto('/admin/settings/security')
  await expect(admin.getByRole('heading', { name: 'Active sessions' })).toBeVisible()
  expect(await size('Your sessions')).toBeGreaterThanOrEqual(await size('Active sessions'))
  await admin.evaluate(() => fetch('/api/v1/roles/Auditor', { method: 'PUT', headers: { 'content-type': 'application/json' }, body: JSON.stringify({ permissions: ['read audit'] }) }))
  await admin.goto('/admin/settings/roles')
  await expect(admin.getByRole('columnheader', { name: /^Auditor/ })).toBeVisible()
  const tops = await admin.locator('thead b').evaluateAll((all) => all.map((e) => Math.round(e.getBoundingClientRect().top)))
  expect(new Set(tops).size, `the names are at ${tops}`).toBe(1)
})

const menu = async (item: string) => {
  await button(admin, 'Help').click()
  await admin.getByRole('menuitem', { name: item, exact: true }).click()
}

// Whoever did not understand a page had nothing to read beside it.
test('each page has help of its own, and every page the shortcuts', async () => {
  const seen = new Set<string>()
  for (const path of ['/', '/requests', '/audit', '/mail', '/settings', '/settings/members', '/settings/roles', '/settings/general', '/settings/mail', '/settings/security', '/settings/tokens']) {
    await admin.goto(`/admin${path}`)
    await menu('Help for this page')
    const items = admin.getByRole('dialog').getByRole('listitem')
    await expect(items.nth(2)).toBeVisible()
    expect(await items.count()).toBeLessThanOrEqual(6)
    seen.add((await items.allTextContents()).join())
    await admin.keyboard.press('Escape')
    await expect(admin.getByRole('dialog')).toHaveCount(0)
    await admin.keyboard.press('?')
    await expect(admin.getByRole('dialog', { name: 'Keyboard shortcuts' })).toBeVisible()
    await expect(admin).toHaveURL(new RegExp(`/admin${path}\\?keys`))
    await admin.keyboard.press('Escape')
    await expect(admin.getByRole('dialog')).toHaveCount(0)
  }
  expect(seen.size, 'each page has its own').toBe(11)
  await menu('Help for this page')
  await examine(admin, 'page-help', { covered: true })
  await admin.getByRole('dialog').getByRole('link', { name: /^Read more/ }).click()
  await expect(admin.getByRole('heading', { level: 1 })).toContainText('security', { ignoreCase: true })
})

test('the guides are in the program, and About names what is in it', async () => {
  for (const [item, heading] of [['The console', 'In a window'], ['Running Doorward', 'Backup'], ['Security', 'Traces of attacks'], ['Several machines', 'What happens when']] as const) {
    await menu(item)
    await expect(admin.getByRole('heading', { level: 2, name: heading })).toBeVisible()
    if (item === 'Running Doorward') await examine(admin, 'guide')
  }
  await menu('About Doorward')
  await admin.getByText('Software included in Doorward').click()
  await expect(admin.getByRole('dialog')).toContainText(/bits-ui \d/)
  await expect(admin.getByRole('dialog')).toContainText('github.com/gofiber/fiber/v2')
  await admin.keyboard.press('Escape')
})

test('no page misbehaved', () => expect(faults).toEqual([]))
