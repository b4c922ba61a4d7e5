import { expect, test, type Page } from '@playwright/test'
import { button, doorward, examine, faults, listed, message, setUp, shoot, visit } from './harness'

// Somebody who sits down at an open console must not be able to make a token in its
// owner's name. Each test continues from the one before.
test.describe.configure({ mode: 'serial' })

const annie = 'annie@example.org'
let admin: Page

const asked = () => admin.getByRole('dialog', { name: 'Confirm your identity' })
const code = (text: string) => /^ {0,4}([0-9A-Z]{4}-[0-9A-Z]{4})$/m.exec(text)?.[1] ?? 'no code in the email'
let emails = 0
const nextCode = async () => code((await message(annie, 'Confirm your identity', ++emails)).text)

test('an Admin whose rights have just risen has not confirmed yet', async ({ browser }) => {
  await setUp(browser)
  await doorward('invite', annie, '--role', 'Admin')
  admin = await visit(browser)
  await admin.goto((await message(annie)).link)
  await admin.getByRole('button', { name: 'Accept the invitation' }).click()
  await doorward('approve', annie)
  await expect(admin.getByRole('heading', { name: /^Hello/ })).toBeVisible() // the pending page goes there by itself
  await admin.goto('/admin/settings/tokens')
  await expect(admin.getByText('No API tokens yet')).toBeVisible()
})

test('letting a window in asks on its own page, and keeps what the window said', async () => {
  const page = await admin.context().newPage()
  const asks = new URLSearchParams({ code_challenge: 'x'.repeat(42) + 'A', code_challenge_method: 'S256', state: 'its-mark', port: '40123' })
  await page.goto(`/desktop?${asks}`)
  await page.getByRole('button', { name: 'Authorize' }).click()
  await expect(page.getByRole('heading', { name: 'Confirm your identity' })).toBeVisible()
  await expect(page.getByLabel('Code from the email')).toBeFocused()
  expect(await nextCode()).toMatch(/-/)
  await page.getByLabel('Code from the email').fill('0000-0000')
  await page.getByRole('button', { name: 'Authorize' }).click()
  await expect(page.getByRole('alert')).toContainText('That code is wrong or has expired')
  await expect(page.locator('input[name=state]')).toHaveValue('its-mark')
  await examine(page, 'window-confirm')
  await page.close()
})

test('making a token asks, and who does not confirm has lost nothing', async () => {
  await button(admin, 'New token').click()
  await admin.getByLabel('Name').fill('nightly report')
  await admin.getByRole('combobox', { name: /^Roles: / }).click()
  await admin.getByRole('option', { name: /^Fleet\b/ }).click()
  await button(admin, 'Create token').click()
  await expect(asked()).toBeVisible()
  await expect(asked()).toContainText(`on its way to ${annie}`)
  await expect(asked().getByLabel('Code from the email'), 'one can type at once').toBeFocused()
  await nextCode()
  await examine(admin, 'confirm', { covered: true })
  await asked().getByRole('button', { name: 'Cancel' }).click()
  await expect(asked()).toBeHidden()
  await expect(admin.getByLabel('Name')).toHaveValue('nightly report')
  await expect(admin.getByRole('combobox', { name: /^Roles: .*Fleet/ })).toBeVisible()
  await expect(admin.getByRole('alert')).toContainText('Confirm your identity')
  expect(await listed('token', 'list')).toEqual([])
})

test('a wrong code is said beside the field, an older one opens nothing, the newest lets the act go on', async () => {
  await button(admin, 'Create token').click()
  const older = await nextCode()
  await asked().getByLabel('Code from the email').fill('0000-0000')
  await asked().getByRole('button', { name: 'Confirm' }).click()
  await expect(asked().getByRole('alert')).toContainText('That code is wrong or has expired')
  await examine(admin, 'confirm-wrong', { covered: true })
  for (const colorScheme of ['light', 'dark'] as const) {
    await admin.emulateMedia({ colorScheme, reducedMotion: 'reduce' })
    for (const width of [768, 320]) {
      await admin.setViewportSize({ width, height: 700 })
      await shoot(admin, `confirm-wrong-${colorScheme}-${width}`)
    }
  }
  await admin.emulateMedia({ colorScheme: 'light' })
  await admin.setViewportSize({ width: 1280, height: 800 })

  await asked().getByRole('button', { name: 'Send another code' }).click()
  await expect(asked()).toContainText('Another email with a code')
  const newest = await nextCode()
  await asked().getByLabel('Code from the email').fill(older)
  await asked().getByRole('button', { name: 'Confirm' }).click()
  await expect(asked().getByRole('alert')).toContainText('That code is wrong or has expired')
  await asked().getByLabel('Code from the email').fill(` ${newest.toLowerCase().replace('-', ' ')} `)
  await admin.keyboard.press('Enter')
  await expect(asked()).toBeHidden()
  expect(await admin.getByLabel('Token', { exact: true }).inputValue()).toMatch(/^dw_/)
  await button(admin, 'Done').click()
  expect(await listed('token', 'list')).toMatchObject([{ name: 'nightly report', roles: ['Fleet'] }])
})

test('it counts for what follows: a role, the log as a file', async () => {
  await admin.goto('/admin/settings/roles')
  await button(admin, 'New role').click()
  await admin.getByLabel('Name').fill('Pilots')
  await admin.getByLabel('Fleet: Flows').check()
  await button(admin, 'Save role').click()
  await expect(admin.getByRole('columnheader', { name: /Pilots/ })).toBeVisible()
  await admin.goto('/admin/audit')
  const download = admin.waitForEvent('download')
  await button(admin, 'Export').click()
  await admin.getByRole('menuitem', { name: /CSV/ }).click()
  await download
})

test('the page of tokens says when they expire', async () => {
  await admin.goto('/admin/settings/tokens')
  await expect(admin.getByRole('listitem').filter({ hasText: 'nightly report' })).toContainText(/not used yet, expires in 3 months/)
  await examine(admin, 'tokens')
  await admin.setViewportSize({ width: 768, height: 800 })
  await shoot(admin, 'tokens-light-768')
  await admin.setViewportSize({ width: 1280, height: 800 })
})

test('signing out everywhere revokes the tokens of who asks for it', async () => {
  await admin.goto('/')
  await expect(admin.getByLabel('When I sign out everywhere, also revoke my API token')).not.toBeChecked()
  await examine(admin, 'home-tokens')
  await admin.goto('/admin/settings/security')
  const also = admin.getByLabel('Signing out everywhere also revokes 1 API token')
  await also.check()
  await examine(admin, 'sign-out-everywhere')
  await button(admin, 'Sign out everywhere').click()
  await expect.poll(() => listed('token', 'list')).toEqual([])
  await expect(admin, 'the console leaves by itself').toHaveURL(/\/login/)
})

test('no page broke a rule on the way', () => expect(faults).toEqual([]))
