import { mkdtempSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, test, type Page } from '@playwright/test'
import { doorward, examine, faults, message, visit } from './harness'

// The dashboard of a new workspace, help, and the browser's notifications. Each test
// continues from the one before.
test.describe.configure({ mode: 'serial' })

let admin: Page
const button = (name: string) => admin.getByRole('button', { name, exact: true })
const list = () => admin.getByRole('region', { name: 'Finish setting up Night Watch' })
const step = (title: string) => list().getByRole('listitem').filter({ hasText: title })

async function accept(browser: Parameters<typeof visit>[0], to: string): Promise<void> {
  const guest = await visit(browser)
  await guest.goto((await message(to)).link)
  await guest.locator('main form button').first().click()
  await guest.waitForURL(/\/pending/)
  await guest.context().close()
}

test('a new workspace says what it needs', async ({ browser }) => {
  admin = await visit(browser, { colorScheme: 'light', reducedMotion: 'reduce' })
  await admin.goto(process.env.SETUP_LINK as string)
  await admin.getByLabel('Workspace name').fill('Night Watch')
  await admin.getByLabel('Your name').fill('Grace Hopper')
  await admin.getByLabel('Your email').fill('grace@example.org')
  await admin.locator('main form button').first().click()
  await expect(admin.getByRole('heading', { name: 'Hello, Grace' })).toBeVisible()
  await admin.goto('/admin/')
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
  await accept(browser, 'ada@example.com')
  await doorward('approve', 'ada@example.com')
  await done('Approve the first request')
  await doorward('backup', join(mkdtempSync(join(tmpdir(), 'doorward-')), 'x.backup'))
  await done('Make a backup')
  await expect(step('Add a second Admin')).not.toContainText('(done)')
  await doorward('invite', 'alan@example.com', '--role', 'Admin')
  await accept(browser, 'alan@example.com')
  await doorward('approve', 'alan@example.com')
  await done('Add a second Admin')
  await expect(list()).toContainText('5 of 6 done')
})

test('who hides the list does not see it again, until they ask for it', async () => {
  await button('Hide').click()
  await expect(list()).toHaveCount(0)
  await button('Undo').click()
  await expect(list()).toBeVisible()
  await button('Hide').click()
  await expect(list()).toHaveCount(0)
  await admin.reload()
  await expect(admin.getByText('The last two weeks')).toBeVisible()
  await expect(list()).toHaveCount(0)
  await admin.goto('/admin/settings/general')
  await admin.getByLabel('Show the setup checklist').check()
  await admin.goto('/admin/')
  await expect(list()).toBeVisible()
})

test('no page misbehaved', () => expect(faults).toEqual([]))
