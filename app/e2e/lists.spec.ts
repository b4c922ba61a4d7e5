import { readFileSync } from 'node:fs'
import { expect, test, type Page } from '@playwright/test'
import { button, doorward, examine, faults, setUp } from './harness'

// The orders of the list of members, and what login requests are filtered by. Each test
// continues from the one before.
test.describe.configure({ mode: 'serial' })

let admin: Page
const heading = (name: string) => admin.getByRole('columnheader', { name })
const choose = async (label: string, option: string | RegExp) => {
  await admin.getByRole('combobox', { name: new RegExp(`^${label}:`) }).click()
  await admin.getByRole('option', { name: option }).click()
}
const people = () => admin.locator('main tbody h2 a')
const requests = () => admin.locator('#requests li')

// expectToFit checks that the page does not scroll sideways, at any width.
async function expectToFit(): Promise<void> {
  for (const width of [320, 390, 560, 768, 880, 1024, 1280, 1920]) {
    await admin.setViewportSize({ width, height: 800 })
    expect(await admin.evaluate(() => document.documentElement.scrollWidth - innerWidth), `at ${width}`).toBeLessThanOrEqual(0)
  }
}

test('a workspace with members and requests', async ({ browser }) => {
  admin = await setUp(browser, { colorScheme: 'light', reducedMotion: 'reduce' })
  await doorward('invite', 'zoe@example.com', '--role', 'Fleet', '--name', 'Ann')
  await doorward('invite', 'ann@example.com', '--role', 'AILoop', '--name', 'Zoë')
})

// The headings of a table could not be pressed.
test('members are sorted by their headings, by mouse and keyboard', async () => {
  await admin.goto('/admin/settings/members')
  await expect(people()).toHaveText(['Zoë', 'Ann', 'Grace Hopper'])
  await expect(heading('Member')).toHaveAttribute('aria-sort', 'none')
  await heading('Member').getByRole('button').click()
  await expect(people()).toHaveText(['Ann', 'Grace Hopper', 'Zoë'])
  await expect(heading('Member')).toHaveAttribute('aria-sort', 'ascending')
  await expect(admin).toHaveURL(/sort=name/)
  await expect(heading('Member').getByRole('button')).toBeFocused()
  await admin.keyboard.press('Enter')
  await expect(people()).toHaveText(['Zoë', 'Grace Hopper', 'Ann'])
  await expect(heading('Member')).toHaveAttribute('aria-sort', 'descending')
  await heading('Last sign-in').getByRole('button').click()
  await expect(people().first()).toHaveText('Grace Hopper')
  await expect(heading('Member')).toHaveAttribute('aria-sort', 'none')
  await examine(admin, 'members-sorted')
  await expect(heading('Roles').getByRole('button'), 'nothing sorts by roles').toHaveCount(0)
})

test('the order is chosen from a menu, is in the file, and stays in the address', async () => {
  await choose('Order', 'Email A–Z')
  await expect(people()).toHaveText(['Zoë', 'Grace Hopper', 'Ann'])
  const download = admin.waitForEvent('download')
  await admin.getByRole('button', { name: 'Export as CSV' }).click()
  const rows = readFileSync(await (await download).path(), 'utf8').trim().split('\r\n').slice(1)
  expect(rows.map((row) => row.split('@')[0])).toEqual(['"ann', '"grace', '"zoe'])
  await admin.reload()
  await expect(people()).toHaveText(['Zoë', 'Grace Hopper', 'Ann'])
  await admin.getByLabel('Search members').fill('example.com')
  await expect(people()).toHaveCount(2)
  await expect(heading('Member').getByRole('button'), 'a search has its own order').toHaveCount(0)
  await admin.getByLabel('Search members').fill('')
  await expect(people()).toHaveText(['Zoë', 'Grace Hopper', 'Ann'])
})

test('a phone has a menu for the order', async () => {
  await admin.setViewportSize({ width: 390, height: 844 })
  await choose('Order', 'Name A–Z')
  await expect(people()).toHaveText(['Ann', 'Grace Hopper', 'Zoë'])
  await examine(admin, 'members-sorted-390')
  await expectToFit()
  await admin.setViewportSize({ width: 1280, height: 800 })
})

const columns = () => admin.getByRole('columnheader').allInnerTexts()
const column = (name: string) => admin.getByRole('menuitemcheckbox', { name, exact: true })

test('the columns are chosen, and stay chosen in this browser', async () => {
  await admin.goto('/admin/settings/members')
  await expect.poll(columns).toEqual(['Member', 'Roles', 'Status', 'Last sign-in', 'Access'])
  await button(admin, 'Columns').click()
  await expect(column('Roles')).toBeChecked()
  await expect(admin.getByRole('menuitem', { name: 'Reset' }), 'nothing was chosen yet').toBeDisabled()
  await column('Roles').click()
  await expect(column('Roles'), 'the menu stays open').not.toBeChecked()
  await column('Invited by').focus()
  await admin.keyboard.press('Enter')
  await expect(column('Invited by')).toBeChecked()
  await admin.keyboard.press('Escape')
  await expect(button(admin, 'Columns')).toBeFocused()
  const chosen = ['Member', 'Status', 'Last sign-in', 'Invited by', 'Access']
  await expect.poll(columns).toEqual(chosen)
  await expect(admin.getByRole('row', { name: 'zoe@example.com' })).toContainText('the server operator')
  await admin.reload()
  await expect.poll(columns).toEqual(chosen)
})

test('every column fits, on a wide screen and a phone', async () => {
  await button(admin, 'Columns').click()
  for (const name of ['Roles', 'Added', 'Approved by']) await column(name).click()
  await admin.keyboard.press('Escape')
  await expect.poll(columns).toHaveLength(8)
  await admin.setViewportSize({ width: 1920, height: 900 })
  await heading('Added').getByRole('button').click()
  await expect(heading('Added')).toHaveAttribute('aria-sort', 'ascending')
  await expect(people().first()).toHaveText('Grace Hopper')
  await expectToFit()
  await examine(admin, 'members-columns')
})

test('the columns are reset', async () => {
  await button(admin, 'Columns').click()
  await admin.getByRole('menuitem', { name: 'Reset' }).click()
  await expect(column('Added')).not.toBeChecked()
  await admin.keyboard.press('Escape')
  await admin.reload()
  await expect.poll(columns).toEqual(['Member', 'Roles', 'Status', 'Last sign-in', 'Access'])
})

// A request of another team arrived in the middle of a list that was filtered.
test('login requests of one role, and those that come meanwhile', async () => {
  await admin.goto('/admin/requests')
  await expect(requests()).toHaveCount(2)
  await choose('Role', /^Fleet/)
  await expect(requests()).toHaveCount(1)
  await expect(admin).toHaveURL(/role=Fleet/)
  await expect(admin.getByText('1 of 2 requests found')).toBeVisible()
  await doorward('invite', 'other@example.com', '--role', 'AILoop')
  await expect(admin.getByText('1 of 3 requests found')).toBeVisible()
  await expect(admin.getByTestId('badge'), 'in the navigation and at the tab').toHaveText([/^3\b/, /^3\b/])
  await expect(requests()).toHaveCount(1)
  await doorward('invite', 'fleet@example.com', '--role', 'Fleet')
  await expect(requests()).toHaveCount(2)
  await expect(requests().first()).toContainText('zoe@example.com')
  await choose('Order', 'Newest first')
  await expect(requests().first()).toContainText('fleet@example.com')
  await examine(admin, 'requests-filtered')
  await admin.getByLabel('Select all on this page').check()
  await expect(admin.getByText('All 2 selected')).toBeVisible()
})

test('a filter of the login requests is saved, and chosen again', async () => {
  await admin.goto('/admin/requests?role=Fleet&sort=-added')
  await button(admin, 'Saved filters').click()
  await admin.getByRole('menuitem', { name: 'Save or delete …' }).click()
  await admin.getByLabel('Name for the current filter').fill('Fleet, newest')
  await button(admin, 'Save filter').click()
  await admin.goto('/admin/requests')
  await expect(requests()).toHaveCount(4)
  await button(admin, 'Saved filters').click()
  await admin.getByRole('menuitem', { name: 'Fleet, newest' }).click()
  await expect(admin).toHaveURL(/\/requests\?role=Fleet&sort=-added$/)
  await expect(requests()).toHaveCount(2)
  await expect(requests().first()).toContainText('fleet@example.com')
  await expectToFit()
  await admin.setViewportSize({ width: 1280, height: 800 })
})

test('login requests of one inviter', async () => {
  await admin.goto('/admin/requests')
  await choose('Invited by', /operator/)
  await expect(requests()).toHaveCount(4)
  await choose('Role', /^Admin/)
  await expect(admin.getByText('No login requests match the filter.')).toBeVisible()
  await expectToFit()
})

// With more than can be selected at once the button was missing, and nothing said why.
test('more than a thousand that match are said to be too many', async () => {
  const many = async (path: RegExp) => {
    await admin.route(path, async (route) => {
      const answer = await route.fetch()
      const { items, ...rest } = (await answer.json()) as { items: object[] }
      const page = Array.from({ length: 50 }, (_, i) => ({ ...items[i % items.length], id: `${i}` }))
      await route.fulfill({ response: answer, json: { ...rest, items: page, next: 'more', total: 1001 } })
    })
  }
  await many(/\/api\/v1\/members\?/)
  await admin.goto('/admin/settings/members')
  await admin.getByLabel(/^Select Ann/).first().check()
  await expect(admin.getByText('1 selected')).toBeVisible()
  await expect(admin.getByText('can be selected at once')).toHaveCount(0)
  await admin.getByLabel('Select the members on this page').check()
  await expect(admin.getByText('At most 1,000 members can be selected at once. To select all that match, narrow the search or the filter.')).toBeVisible()
  await expectToFit()
  await many(/\/api\/v1\/login-requests\?/)
  await admin.goto('/admin/requests?role=Fleet')
  await admin.getByLabel('Select all on this page').check()
  await expect(admin.getByText('At most 1,000 login requests can be selected at once. To select all that match, narrow the search or the filter.')).toBeVisible()
  await expectToFit()
  await admin.unrouteAll({ behavior: 'wait' })
})

test('no page misbehaved', () => expect(faults).toEqual([]))
