import { expect, test, type Page } from '@playwright/test'
import { control, doorward, examine, faults, setUp, shoot } from './harness'

// What an Admin sees of an attack: nothing while there is none, a number while it is
// small, and amber, at the top and without a reload, once there are more events than
// on a normal day.
const base = process.env.BASE_URL as string
const card = (page: Page) => page.getByRole('region', { name: 'Unusual' })

async function deadLinks(n: number): Promise<void> {
  for (let i = 0; i < n; i++) await fetch(`${base}/login/${`unknown${i}`.padEnd(43, 'x')}`)
}

// shots saves screenshots of the card in every width, if DOORWARD_SHOTS is set.
async function shots(page: Page, name: string): Promise<void> {
  if (!process.env.DOORWARD_SHOTS) return
  for (const colorScheme of ['light', 'dark'] as const)
    for (const width of [320, 768, 1024, 1440]) {
      await page.emulateMedia({ colorScheme, reducedMotion: 'reduce' })
      await page.setViewportSize({ width, height: 900 })
      await shoot(page, `${name}-${colorScheme}-at-${width}`)
    }
  await page.emulateMedia({ colorScheme: 'light' })
  await page.setViewportSize({ width: 1280, height: 800 })
}

test('an attack on the dashboard', async ({ browser }) => {
  const page = await setUp(browser, { locale: 'en-GB', timezoneId: 'UTC' })
  await doorward('invite', 'ada@example.com', '--role', 'Fleet')
  await page.goto('/admin/')

  await test.step('nothing', async () => {
    await expect(card(page)).toContainText('0 events in the last 24 hours')
    await expect(card(page)).toContainText('Nothing unusual')
    await expect(card(page).getByRole('list')).toHaveCount(0)
    await shots(page, 'unusual-none')
  })

  await test.step('a few, as a normal day has', async () => {
    await deadLinks(12)
    await expect(card(page)).toContainText('12 events')
    await expect(card(page)).toContainText('Within the normal range (up to 100 a day). No action is needed.')
    const kinds = card(page).getByRole('list', { name: 'By kind' }).getByRole('listitem')
    await expect(kinds).toHaveCount(1)
    await expect(kinds).toContainText('12 unknown links from 127.0.0.1')
    await expect(kinds).toContainText('a link cannot be guessed')
    await shots(page, 'unusual-some')
  })

  await test.step('more than that', async () => {
    await deadLinks(89)
    await fetch(`${base}/api/v1/me`, { headers: { Authorization: 'Bearer dw_made_up' } })
    await expect(card(page)).toContainText('102 events')
    await expect(card(page)).toContainText('Higher than normal (up to 100 a day). Check where they come from.')
    const order = await page.getByRole('tabpanel').locator('section, .numbers').evaluateAll((all) => all.map((e) => e.getAttribute('aria-labelledby') ?? 'numbers'))
    expect(order.indexOf('unusual-title'), 'it stands above the numbers').toBeLessThan(order.indexOf('numbers'))
    await examine(page, 'unusual')
    await shots(page, 'unusual-many')
  })

  await test.step('the breakdown cannot be read', async () => {
    await page.route('**/api/v1/events', () => undefined) // no event may load the breakdown before the button does
    await page.route('**/api/v1/overview/unusual', (route) => route.fulfill({ status: 503, json: { status: 503, title: 'Unavailable', detail: 'The server is busy.', code: 'busy' } }))
    await page.reload()
    await expect(card(page)).toContainText('102 events')
    await expect(card(page).getByRole('alert')).toContainText('The server is busy.')
    await shots(page, 'unusual-failing')
    await page.unroute('**/api/v1/overview/unusual')
    await card(page).getByRole('button', { name: 'Try again' }).click()
    await expect(card(page).getByRole('list', { name: 'By kind' })).toContainText('101 unknown links')
    await page.unroute('**/api/v1/events')
  })

  await test.step('every kind at once', async () => {
    const real = (await (await page.request.get('/api/v1/overview/unusual')).json()) as { items: Record<string, unknown>[] }
    const names = ['wrong_code', 'dead_link', 'bad_token', 'too_many', 'foreign_host', 'foreign_form', 'of_a_newer_server']
    const items = names.map((kind, i) => ({ ...real.items[0], kind, name: 'events of a newer server', count: 12_345 >> i, networks: 50 - 7 * i, networks_is_floor: i === 0, most_from: i % 2 ? '2001:db8:1234:5678::/64' : undefined }))
    await page.route('**/api/v1/overview/unusual', (route) => route.fulfill({ json: { ...real, total: 24_000, items } }))
    await page.reload()
    await expect(card(page).getByRole('listitem')).toHaveCount(4)
    await shots(page, 'unusual-four')
    await card(page).getByRole('button', { name: 'Show 3 more' }).click()
    await expect(card(page).getByRole('listitem')).toHaveCount(names.length)
    await expect(card(page)).toContainText('12,345 wrong login codes')
    await expect(card(page)).toContainText('192 events of a newer server')
    await examine(page, 'unusual-all')
    await shots(page, 'unusual-all')
    await page.unroute('**/api/v1/overview/unusual')
  })

  await test.step('to the audit log, and over a restart', async () => {
    await card(page).getByRole('link', { name: 'View in audit log' }).click()
    await expect(page).toHaveURL(/\/admin\/audit\?action=noticed_unusual/)
    await control('crash')
    await page.goto('/admin/')
    await expect(card(page)).toContainText('102 events')
    const { out } = await doorward('doctor')
    expect(out).toContain('102 in the last 24 hours: 101 unknown links from 127.0.0.1; 1 unknown secret from 127.0.0.1')
  })
  expect(faults).toEqual([])
})
