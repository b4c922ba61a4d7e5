import { expect, test, type Page } from '@playwright/test'
import { faults, listed, shoot, visit } from './harness'

// The console with a hundred thousand members, ten thousand of them pending. The
// layout does not shift, and actions apply only to the rows on the screen.
test.describe.configure({ mode: 'serial' })

const pending = Number(process.env.PENDING)
const row = (page: Page, name: string) => page.getByRole('listitem', { name, exact: true })
let admin: Page

// jumps is the layout shift of the page since it was opened.
const jumps = (page: Page) => page.evaluate(() => (window as unknown as { jumped: number }).jumped)

test('an Admin comes in, and nothing jumps while a page fills', async ({ browser }) => {
  admin = await visit(browser)
  await admin.addInitScript(() => {
    const seen = { jumped: 0 }
    Object.assign(window, seen)
    new PerformanceObserver((list) => {
      for (const e of list.getEntries() as (PerformanceEntry & { value: number; hadRecentInput: boolean })[])
        if (!e.hadRecentInput) (window as unknown as { jumped: number }).jumped += e.value
    }).observe({ type: 'layout-shift', buffered: true })
  })
  const [{ login_link: link }] = await listed<{ login_link: string }>('login-link', process.env.ADMIN as string)
  await admin.goto(link)
  await admin.getByRole('button', { name: /Sign in/ }).click()
  await expect(admin).toHaveURL('/')
  const views: [string, string][] = [
    ['dashboard', '/'], ['requests', '/requests'], ['members', '/settings/members'], ['roles', '/settings/roles'], ['audit', '/audit'], ['mail', '/mail'],
    ['general', '/settings/general'], ['security', '/settings/security'],
  ]
  for (const [name, path] of views)
    for (const width of [1280, 360]) {
      await admin.setViewportSize({ width, height: 800 })
      await admin.goto(`/admin${path}`)
      await expect(admin.getByRole('heading', { level: 1 })).toBeVisible()
      await admin.waitForLoadState('networkidle').catch(() => undefined)
      expect.soft(await jumps(admin), `layout shift of ${name} at ${width}`).toBeLessThan(0.02)
      await shoot(admin, `full-${name}-${width}`)
    }
  await admin.setViewportSize({ width: 1280, height: 800 })
})

test('many are approved at once, and only those on the screen', async () => {
  await admin.goto('/admin/requests')
  await expect(admin.getByText(`${pending.toLocaleString('en')} pending requests`)).toBeVisible()
  await expect(admin.getByRole('listitem').filter({ hasText: 'Email verified' })).toHaveCount(50)
  await admin.getByLabel('Select all on this page').check()
  await admin.getByRole('button', { name: 'Approve 50' }).click()
  await admin.getByRole('dialog').getByRole('button', { name: 'Approve 50' }).click()
  await expect(admin.getByRole('status').filter({ hasText: '50 requests approved.' })).toBeVisible()
  await expect(admin.getByText(`${(pending - 50).toLocaleString('en')} pending requests`)).toBeVisible()
  await admin.getByRole('button', { name: /^Show more/ }).click()
  await expect(admin.getByRole('listitem').filter({ hasText: 'Person' })).toHaveCount(250)
})

test('a search finds who is far down the list, who can be rejected from a link', async () => {
  await admin.getByLabel('Search requests').fill('person099990')
  await expect(row(admin, 'Person 99990')).toBeVisible()
  await expect(admin.getByText(`1 of ${(pending - 50).toLocaleString('en')} requests found`)).toBeVisible()
  await admin.getByRole('button', { name: 'Reject & Delete Person 99990' }).click()
  await expect(admin).toHaveURL(/reject=/)
  const address = new URL(admin.url())
  await admin.goto(`/admin/requests?reject=${address.searchParams.get('reject')}`)
  await expect(admin.getByRole('dialog')).toContainText('Reject Person 99990?')
  await admin.getByRole('button', { name: 'Reject & Delete', exact: true }).click()
  await expect(admin.getByText(`${(pending - 51).toLocaleString('en')} pending requests`)).toBeVisible()
})

test('members: pages, filters and search stay right', async () => {
  await admin.goto('/admin/settings/members')
  await expect(admin.getByText('99,999 members', { exact: true })).toBeVisible()
  await admin.getByRole('link', { name: 'Next' }).click()
  await expect(admin.getByRole('link', { name: 'First' })).toBeVisible()
  await admin.getByRole('button', { name: 'Previous' }).click()
  await admin.getByLabel('Search members').fill('team42')
  await expect(admin.getByText('At least 1,000 members found')).toBeVisible()
  await admin.goto('/admin/settings/members?state=pending&q=person099980')
  await expect(admin.getByText('1 member found')).toBeVisible()
})

test('no page misbehaved', () => expect(faults).toEqual([]))
