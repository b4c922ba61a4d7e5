import { expect, test, type Page } from '@playwright/test'
import { accepted, addMember, button, doorward, examine, faults, listed, setUp } from './harness'

// A member's page, and the tools of the lists that lead to it. Each test continues from the
// one before.
test.describe.configure({ mode: 'serial' })

let admin: Page
const heading = (page: Page) => page.getByRole('heading', { level: 1 })
const idOf = async (email: string) => (await listed<{ id: string; email: string }>('members')).find((m) => m.email === email)!.id

test('a workspace with members of every status', async ({ browser }) => {
  admin = await setUp(browser, { colorScheme: 'light', reducedMotion: 'reduce' })
  await addMember('ada@example.com', 'Fleet', '--name', 'Ada Lovelace')
  await addMember('bob@example.com', 'AILoop', '--name', 'Bob Kahn')
  await doorward('suspend', 'bob@example.com')
  await doorward('invite', 'cleo@example.com', '--role', 'Fleet', '--name', 'Cleo')
  await accepted(browser, 'cleo@example.com')
  await doorward('invite', 'dan@example.com', '--role', 'AILoop', '--name', 'Dan')
})

// A member was a modal: no title, no way back to the list as it was, and a reload lost it.
test('a member has a page: a link leads to it, Back to the list as it was, a reload stays', async () => {
  await admin.goto('/admin/settings/members?q=ada')
  await admin.getByRole('link', { name: 'Ada Lovelace', exact: true }).click()
  await expect(heading(admin)).toHaveText('Ada Lovelace')
  await expect(admin).toHaveURL(/\/settings\/members\/[a-z2-7]{26}$/)
  await expect(admin).toHaveTitle(/Ada Lovelace · Night Watch$/)
  await admin.reload()
  await expect(heading(admin)).toHaveText('Ada Lovelace')
  for (const part of ['Details', 'Active sessions', 'Emails', 'History', 'Internal note', 'Suspend or remove']) await expect(admin.getByRole('heading', { name: part })).toBeVisible()
  await expect(admin.locator('main').getByRole('link', { name: 'Membership & Permissions' })).toHaveAttribute('href', /members\?q=ada/)
  await admin.goBack()
  await expect(admin).toHaveURL(/members\?q=ada/)
  await expect(admin.getByRole('row')).toHaveCount(2)
  await admin.goto(`/admin/requests?member=${await idOf('ada@example.com')}`)
  await expect(heading(admin), 'an old link leads to it').toHaveText('Ada Lovelace')
  await expect(admin).not.toHaveURL(/member=/)
})

test('its parts say what was sent and done, and lead on', async () => {
  await admin.goto(`/admin/settings/members/${await idOf('ada@example.com')}`)
  await expect(admin.getByText('Your access to Night Watch was approved')).toBeVisible()
  const history = admin.getByRole('list', { name: 'History' })
  await expect(history).toContainText('approved Ada Lovelace')
  await expect(history).not.toContainText('Bob')
  await admin.getByRole('link', { name: 'See in the audit log' }).click()
  await expect(admin).toHaveURL(/audit\?person=ada/)
  await expect(admin.getByRole('list').filter({ hasText: 'Ada Lovelace' }).first()).not.toContainText('Bob')
  await button(admin, 'Clear the filter for one member').click()
  await expect(admin.getByText('suspended').first()).toBeVisible()
  await admin.goBack()
  await admin.getByRole('link', { name: 'See in the email log' }).click()
  await expect(admin).toHaveURL(/mail\?q=ada/)
  await expect(admin.getByText('ada@example.com').first()).toBeVisible()
  await expect(admin.getByText('bob@example.com')).toHaveCount(0)
})

// What Admins write about a member was read by the member.
test('the internal note is kept, and only Admins see it', async () => {
  await admin.goto(`/admin/settings/members/${await idOf('ada@example.com')}`)
  await admin.getByLabel('Note for other Admins').fill('Works with us until June.\nAsk Grace.')
  await admin.reload()
  await expect(admin.getByLabel('Note for other Admins'), 'a reload keeps what was typed').toHaveValue('Works with us until June.\nAsk Grace.')
  await button(admin, 'Save note').click()
  await expect(admin.getByText('Note saved.')).toBeVisible()
  await expect(admin.getByRole('list', { name: 'History' })).toContainText('changed the internal note about')
  await admin.reload()
  await expect(admin.getByLabel('Note for other Admins')).toHaveValue('Works with us until June.\nAsk Grace.')
  const all = await admin.evaluate(async () => await (await fetch('/api/v1/members')).text())
  expect(all).not.toContain('until June')
  await admin.goto(`/admin/settings/members/${await idOf('grace@example.org')}`)
  await expect(admin.getByText('This is you.', { exact: false })).toBeVisible()
  await expect(admin.getByRole('term').filter({ hasText: 'Last sign-in' })).toBeVisible()
  await expect(admin.getByRole('term').filter({ hasText: /^(Invited|Approved)$/ }), 'nobody invited or approved who set it up').toHaveCount(0)
  await expect(admin.getByRole('heading', { name: 'Internal note' })).toHaveCount(0)
})

test('who is pending is approved on the page, with undo; a member is suspended and restored', async () => {
  await admin.goto(`/admin/settings/members/${await idOf('cleo@example.com')}`)
  await expect(admin.getByText('Awaiting approval.')).toBeVisible()
  await button(admin, 'Approve').click()
  await expect(admin.locator('.facts').getByText('Active')).toBeVisible()
  await button(admin, /^Undo/).first().click()
  await expect(admin.getByText('Awaiting approval.')).toBeVisible()
  await admin.goto(`/admin/settings/members/${await idOf('bob@example.com')}`)
  await button(admin, 'Restore').click()
  await expect(button(admin, 'Suspend')).toBeVisible()
  await button(admin, 'Suspend').click()
  await expect(button(admin, 'Restore')).toBeVisible()
})

// Whoever followed an old link saw an empty page.
test('nobody and somebody who was removed get a sentence, and the page is for every screen', async () => {
  await doorward('invite', 'eve@example.com', '--role', 'Fleet')
  const eve = await idOf('eve@example.com')
  await admin.goto(`/admin/settings/members/${eve}`)
  await expect(heading(admin)).toHaveText('eve@example.com')
  await doorward('remove', 'eve@example.com', '--yes')
  await expect(heading(admin), 'the open page notices').toHaveText('Member not found')
  await admin.getByRole('link', { name: 'See the audit log' }).click()
  await expect(admin.getByText('removed').first()).toBeVisible()
  await admin.goto('/admin/settings/members/nobody')
  await expect(admin.getByText('There is no such member.')).toBeVisible()
  await admin.goto(`/admin/settings/members/${await idOf('ada@example.com')}`)
  await expect(admin.getByRole('list', { name: 'History' })).toBeVisible()
  await examine(admin, 'member-active')
  await admin.goto(`/admin/settings/members/${await idOf('cleo@example.com')}`)
  await expect(admin.getByRole('list', { name: 'History' })).toBeVisible()
  await examine(admin, 'member-pending')
})

// Who had not accepted was among those who wait for a decision.
test('each status is a filter of its own, and a filter is saved under a name', async () => {
  await admin.goto('/admin/settings/members')
  for (const [status, who, address] of [
    ['Invited', 'Dan', /status=invited/], ['Pending approval', 'Cleo', /status=accepted/], ['Suspended', 'Bob Kahn', /state=suspended/],
  ] as const) {
    await admin.getByRole('combobox', { name: /^Status/ }).click()
    await admin.getByRole('option', { name: status, exact: true }).click()
    await expect(admin).toHaveURL(address)
    await expect(admin.getByText('1 member found')).toBeVisible()
    await expect(admin.getByRole('link', { name: who, exact: true })).toBeVisible()
  }
  await button(admin, 'Saved filters').click()
  await admin.getByRole('menuitem', { name: 'Save or delete …' }).click()
  await button(admin, 'Save filter').click()
  await expect(admin.getByText('Enter a name.')).toBeVisible()
  await admin.getByLabel('Name for the current filter').fill('Locked out')
  await button(admin, 'Save filter').click()
  await expect(admin.getByRole('dialog')).toHaveCount(0)
  await admin.goto('/admin/settings/members')
  await button(admin, 'Saved filters').click()
  await admin.getByRole('menuitem', { name: 'Locked out' }).click()
  await expect(admin).toHaveURL(/state=suspended/)
  await expect(admin.getByRole('link', { name: 'Bob Kahn', exact: true })).toBeVisible()
  await button(admin, 'Saved filters').click()
  await admin.getByRole('menuitem', { name: 'Save or delete …' }).click()
  await button(admin, 'Delete Locked out').click()
  await expect(button(admin, 'Delete Locked out')).toHaveCount(0)
  await button(admin, 'Undo').click()
  await expect(button(admin, 'Delete Locked out'), 'it is back').toBeVisible()
  await button(admin, 'Delete Locked out').click()
  await expect(button(admin, 'Delete Locked out')).toHaveCount(0)
  await admin.keyboard.press('Escape')
  await admin.goto('/admin/audit')
  await button(admin, 'Saved filters').click()
  await expect(admin.getByRole('menuitem', { name: 'Locked out' })).toHaveCount(0)
  await admin.keyboard.press('Escape')
})

test('no page misbehaved', () => expect(faults).toEqual([]))
