import { expect, test, type Page } from '@playwright/test'
import { addMember, button, dialog, doorward, faults, invites, listed, message, said, setUp } from './harness'

// The tools of a list that is longer than a page, and the form that moves the workspace to
// another address. Each test continues from the one before.
test.describe.configure({ mode: 'serial' })

const many = 210 // five pages of the list, and more than the API gives at once
const base = new URL(process.env.BASE_URL as string)
let admin: Page

const who = (i: number) => `crowd${String(i).padStart(3, '0')}@example.com`
const status = (page: Page, text: string) => expect(dialog(page).getByRole('status').filter({ hasText: text }).first()).toBeVisible()

test('all that match are selected, on whichever page, and get their invitations again', async ({ browser }) => {
  admin = await setUp(browser, { colorScheme: 'light', reducedMotion: 'reduce' })
  await addMember('active@example.com', 'Fleet', '--name', 'Ada Active')
  await invites(admin, Array.from({ length: many }, (_, i) => who(i)))
  await admin.goto('/admin/settings/members?status=invited')
  await expect(admin.getByText(`${many} members found`)).toBeVisible()
  await admin.getByLabel('Select the members on this page').check()
  await expect(admin.getByText('50 selected')).toBeVisible()
  await button(admin, `Select all ${many} that match`).click()
  await expect(admin.getByText(`${many} selected`)).toBeVisible()
  await button(admin, 'Resend invitations').click()
  await expect(dialog(admin)).toContainText(`Resend ${many} invitations?`)
  await expect(dialog(admin).getByRole('list', { name: 'Affected members' }).getByRole('listitem')).toHaveCount(many)
  const gone = who(7)
  await doorward('remove', gone, '--yes')

  // The server takes forty, and the rest only once the progress was seen.
  let sent = 0
  let release = (): void => undefined
  const held = new Promise<void>((done) => (release = done))
  await admin.route('**/resend', async (route) => {
    if (++sent > 40) await held
    await route.continue()
  })
  await button(admin, `Resend ${many} invitations`).click()
  await status(admin, `40 of ${many}`)
  await expect(dialog(admin).getByRole('progressbar')).toHaveAttribute('value', '40')
  release()
  await status(admin, `${many - 1} succeeded. 1 failed.`)
  await status(admin, `${many} of ${many}`)
  await admin.unrouteAll()
  const rows = dialog(admin).getByRole('list', { name: 'Results' }).getByRole('listitem')
  await expect(rows).toHaveCount(many)
  await expect(rows.first(), 'what failed is on top, and says why').toContainText(gone)
  await expect(rows.first()).not.toContainText('Done')
  await expect(rows.filter({ hasText: 'Done' })).toHaveCount(many - 1)
  expect((await message(who(many - 1), '', 2)).link, 'a second email with another link').not.toBe((await message(who(many - 1))).link)
  expect((await listed<{ action: string }>('audit', '--limit', '1000')).filter((e) => e.action.startsWith('resent'))).toHaveLength(many - 1)
  await dialog(admin).getByText('Close', { exact: true }).click()
  await expect(admin.getByText('1 selected'), 'whom it failed for').toBeVisible()
  await button(admin, 'Clear selection').click()
})

// After a reload the list knew no page before.
test('Previous leads back to the page before, also after a reload', async () => {
  const people = admin.locator('main tbody h2 a')
  await admin.goto('/admin/settings/members?sort=email')
  await expect(people.first()).toHaveText('Ada Active')
  await expect(button(admin, 'Previous')).toHaveCount(0)
  await admin.getByRole('link', { name: 'Next' }).click()
  await expect(people.first()).not.toHaveText('Ada Active')
  const second = await people.first().textContent()
  await admin.getByRole('link', { name: 'Next' }).click()
  await expect(people.first()).not.toHaveText(second!)
  await admin.reload()
  await button(admin, 'Previous').click()
  await expect(people.first()).toHaveText(second!)
  await admin.reload()
  await button(admin, 'Previous').click()
  await expect(people.first()).toHaveText('Ada Active')
  await expect(button(admin, 'Previous'), 'the first page has none before it').toHaveCount(0)
  await expect(admin).toHaveURL(/members\?sort=email$/)
})

test('the audit log is narrowed to a member by a name that is suggested', async () => {
  await admin.goto('/admin/audit')
  const target = admin.getByLabel('Target', { exact: true })
  await target.pressSequentially('ada ac')
  await expect(admin.locator('#audit-target-list option')).toHaveAttribute('value', 'active@example.com')
  await target.press('Enter')
  await expect(admin, 'a name becomes an address').toHaveURL(/target=active%40example\.com/)
  await expect(target).toHaveValue('active@example.com')
  const entries = admin.getByRole('list', { name: 'Audit entries' }).getByRole('listitem')
  await expect(entries).toHaveCount(2)
  await expect(entries.first()).toContainText('approved Ada Active')
  await target.fill('crowd')
  await target.press('Enter')
  await expect(admin.getByRole('alert')).toHaveText('8 members or more match. Choose one.')
  await target.fill('nobody at all')
  await target.press('Enter')
  await expect(admin.getByRole('alert')).toHaveText('No member matches.')
  await expect(target).toHaveAttribute('aria-invalid', 'true')
  await target.fill('')
  await target.press('Enter')
  await expect(admin).toHaveURL(/\/admin\/audit$/)
  await admin.getByLabel('Actor', { exact: true }).fill('Operator')
  await admin.keyboard.press('Enter')
  await expect(admin).toHaveURL(/actor=operator/)
})

test('the public URL is refused beside its field, asked about, and moves the console', async () => {
  await admin.goto('/admin/settings/general')
  const field = admin.getByLabel('Address', { exact: true })
  const save = button(admin, 'Save URL')
  await expect(field).toHaveValue(base.origin)
  await expect(save, 'there is nothing to save').toBeDisabled()
  await field.fill('http://door.example.com')
  await save.click()
  await expect(admin.locator('#public-url-hint')).toContainText('https')
  await expect(dialog(admin), 'nobody is asked about what will be refused').toHaveCount(0)
  await expect(field, 'it stays as it was typed').toHaveValue('http://door.example.com')
  const there = `http://localhost:${base.port}`
  await field.fill(there)
  await save.click()
  await expect(dialog(admin)).toContainText('Links sent so far lead to')
  await expect(dialog(admin)).toContainText(`sign in again, at ${there}.`)
  await button(admin, 'Cancel').click()
  await expect(dialog(admin)).toHaveCount(0)
  await admin.reload()
  await expect(field, 'what was typed survives a reload').toHaveValue(there)
  await save.click()
  await button(admin, 'Change URL').click()
  await expect(admin).toHaveURL(`${there}/login?next=/admin/settings/general`)
  await doorward('invite', 'moved@example.com', '--role', 'Fleet')
  expect((await message('moved@example.com')).link).toContain(`${there}/login/`)
  expect(faults.filter((f) => !f.startsWith(`another host was asked: ${there}/`))).toEqual([])
})
