import { expect, test, type Page } from '@playwright/test'
import { examine, expectNoBarriers, faults, listed, shoot, visit } from './harness'

// What an Admin sees when the server's clock has jumped a month ahead: that nothing
// expires, why, and what to do. The Admin then confirms the clock.
const notice = (page: Page) => page.getByRole('region', { name: 'Automatic expiry is paused' })
const there = async () => (await listed<{ email: string }>('members', '--search', 'waits@example.com')).length

async function shots(page: Page): Promise<void> {
  for (const colorScheme of ['light', 'dark'] as const)
    for (const width of [320, 1280]) {
      await page.emulateMedia({ colorScheme, reducedMotion: 'reduce' })
      await page.setViewportSize({ width, height: 900 })
      await shoot(page, `held-${colorScheme}-at-${width}`)
    }
}

test('a clock that has jumped, on the dashboard', async ({ browser }) => {
  const page = await visit(browser, { locale: 'en-GB', timezoneId: 'Asia/Kolkata' })
  const [{ login_link: link }] = (await listed<{ login_link: string }>('login-link', process.env.ADMIN as string)) as [{ login_link: string }]
  await page.goto(link)
  await page.getByRole('button', { name: 'Sign in' }).click()
  await expect(page.getByRole('heading', { name: /Hello/ })).toBeVisible()
  await page.goto('/admin/')

  await test.step('what is held, why, and what to do', async () => {
    await expect(notice(page).getByRole('status')).toContainText('Automatic expiry and deletion are paused because the server’s clock has jumped')
    await expect(notice(page).getByRole('status')).toContainText('31 days ahead of what Doorward expects.')
    await expect(notice(page).getByRole('status')).toContainText('If it is right, confirm it here. If it is wrong, ask the server operator to set it.')
    expect(await there()).toBe(1)
    await shots(page)
    await examine(page, 'held')
  })

  await test.step('a word that is not taken', async () => {
    const busy = { status: 503, title: 'Unavailable', detail: 'The server is busy.', code: 'busy' }
    await page.route('**/api/v1/clock', (route) => route.fulfill({ status: 503, contentType: 'application/problem+json', json: busy }))
    await notice(page).getByRole('button', { name: 'The clock is right' }).click()
    await expect(notice(page).getByRole('alert')).toContainText('The server is busy.')
    await expectNoBarriers(page, 'held, refused')
    await page.unroute('**/api/v1/clock')
    expect(await there()).toBe(1)
  })

  await test.step('the clock is right', async () => {
    await notice(page).getByRole('button', { name: 'The clock is right' }).click()
    await expect(notice(page)).toHaveCount(0)
    await expect.poll(there).toBe(0)
    await page.goto('/admin/audit?action=trusted_clock')
    await expect(page.getByText('744 hours ahead')).toBeVisible()
  })
  expect(faults).toEqual([])
})
