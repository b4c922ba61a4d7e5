import { expect, test, type Page } from '@playwright/test'
import { accepted, button, doorward, faults, listed, message, setUp, visit } from './harness'

// Times are those of the reader's zone on every page, here half an hour and more away from UTC.
// Each test continues from the one before.
test.describe.configure({ mode: 'serial' })

const zone = { locale: 'en-GB', timezoneId: 'Asia/Kolkata' }
const clock = (at: string, timeZone: string) => new Intl.DateTimeFormat('en-GB', { hour: '2-digit', minute: '2-digit', timeZone }).format(new Date(at))

// readsTheTime checks that a page has its one time in the reader's zone.
async function readsTheTime(page: Page): Promise<void> {
  const time = page.locator('main time')
  await expect(time).toHaveCount(1)
  const at = (await time.getAttribute('datetime'))!
  await expect(time).toContainText(`at ${clock(at, 'Asia/Kolkata')}`)
  await expect(time).not.toContainText('UTC')
  await expect(time).toHaveAttribute('title', /GMT\+5:30/)
}

let admin: Page

test('a link: when it expires, and in UTC without scripts', async ({ browser }) => {
  admin = await setUp(browser, zone)
  await doorward('invite', 'ada@example.com', '--role', 'Fleet')
  const { link } = await message('ada@example.com')
  const ada = await visit(browser, zone)
  await ada.goto(link)
  await readsTheTime(ada)
  const [invited] = await listed<{ accepted_at?: string }>('members', '--search', 'ada@example.com')
  expect(invited, 'opening a link changes nothing').not.toHaveProperty('accepted_at')
  await ada.context().close()

  const plain = await visit(browser, { ...zone, javaScriptEnabled: false })
  await plain.goto(link)
  const time = plain.locator('main time')
  await expect(time).toContainText(`at ${clock((await time.getAttribute('datetime'))!, 'UTC')} UTC`)
  await plain.context().close()
})

test('a member’s home: the sign-in before this one', async ({ browser }) => {
  await doorward('invite', 'bob@example.com', '--role', 'Fleet')
  await accepted(browser, 'bob@example.com')
  await doorward('approve', 'bob@example.com')
  const bob = await visit(browser, zone)
  await bob.goto('/login')
  await bob.getByLabel('Email').fill('bob@example.com')
  await bob.locator('main form button').first().click()
  await bob.goto((await message('bob@example.com', 'Sign in to Night Watch')).link)
  await bob.locator('main form button').first().click()
  await expect(bob).toHaveURL('/')
  await readsTheTime(bob)
  await bob.context().close()
})

test('the console: when another Admin decided, and what the server’s clock shows', async ({ browser }) => {
  await accepted(browser, 'ada@example.com')
  await admin.goto('/admin/requests')
  await admin.route('**/approve', async (route) => {
    await doorward('approve', 'ada@example.com') // the other was faster
    await route.continue()
  })
  await button(admin, 'Approve ada@example.com').click()
  await expect(admin.getByRole('alert')).toContainText('was already approved by')
  const [ada] = await listed<{ decided_at: string }>('members', '--search', 'ada@example.com')
  const when = `at ${clock(ada!.decided_at, 'Asia/Kolkata')} GMT\\+5:30\\.`
  await expect(admin.getByRole('alert')).toContainText(new RegExp(`on \\d+ \\w+ \\d{4} ${when}`))
  await admin.unrouteAll()

  await admin.goto('/admin/settings/general')
  await button(admin, 'Run health check').click()
  await expect(admin.getByRole('listitem').filter({ hasText: 'Clock' })).toContainText(/\d{4} at \d\d:\d\d GMT\+5:30/)
  expect(faults).toEqual([])
})
