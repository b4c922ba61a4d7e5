import { expect, test, type Page } from '@playwright/test'
import { faults, setUp } from './harness'

// Screenshots of a few screens, compared with those in looks/. Their content is fixed:
// the answers of the server, the time, the fonts. LOOKS=update retakes them.
const now = new Date('2030-05-10T12:00:00Z')
const at = (minutes: number) => new Date(now.getTime() - minutes * 60_000).toISOString()
const who = (id: string, name: string, role: string, minutes: number, proved: boolean) => ({
  id: id.repeat(26), email: `${name.split(' ')[0]!.toLowerCase()}@example.com`, name, state: 'pending', roles: [role], invited_by: 'grace@example.org', invited_by_name: 'Grace Hopper',
  invited_at: at(minutes), expires_at: at(minutes - 7 * 1440), ...(proved && { accepted_at: at(minutes - 30), email_verified_at: at(minutes - 30) }),
})
const pending = [who('a', 'Ada Lovelace', 'Fleet', 200, true), who('b', 'Katherine Johnson', 'AILoop', 300, true), who('c', 'Bob Noyce', 'Fleet', 90, false)]
const days = Array.from({ length: 14 }, (_, i) => ({ day: new Date(now.getTime() - (13 - i) * 86_400_000).toISOString().slice(0, 10), invited: (i * 7) % 5, accepted: (i * 3) % 4, approved: (i * 5) % 4, rejected: 0 }))

const answers: Record<string, (real: Record<string, unknown>) => unknown> = {
  '/login-requests': (real) => ({ ...real, items: pending, total: pending.length }),
  '/overview': (real) => ({ ...real, members: 41, pending: 3, accepted: 2, active: 37, suspended: 1, roles: { Admin: 2, AILoop: 15, Fleet: 24 } }),
  '/overview/days': () => ({ items: days }),
  '/invitations': () => ({ items: [], total: 0 }),
  '/audit': () => ({ items: [], total: 0 }),
  '/settings': (real) => ({ ...real, public_url: 'https://door.example.com', checklist_hidden: true }),
}

async function still(page: Page): Promise<void> {
  await page.clock.setFixedTime(now)
  await page.addInitScript(() => Object.assign(window, { EventSource: class extends EventTarget { close() {} } }))
  for (const [path, answer] of Object.entries(answers))
    await page.route((url) => url.pathname === `/api/v1${path}`, async (route) => {
      const real = await route.fetch()
      await route.fulfill({ response: real, json: answer((await real.json()) as Record<string, unknown>) })
    })
}

test('the console looks as it did', async ({ browser }) => {
  const page = await setUp(browser, { viewport: { width: 1280, height: 860 }, locale: 'en-GB', timezoneId: 'UTC', reducedMotion: 'reduce' })
  await still(page)
  for (const [name, path, there] of [['dashboard', '/', 'The last two weeks'], ['requests', '/requests', 'Bob Noyce'], ['invite', '/settings/members?invite', 'The link will point to']] as const) {
    await page.goto(`/admin${path}`)
    await expect(page.getByText(there).first()).toBeVisible()
    await page.evaluate(() => {
      document.documentElement.style.setProperty('--font', '"DejaVu Sans"')
      document.documentElement.style.setProperty('--mono', '"DejaVu Sans Mono"')
    })
    for (const colorScheme of ['light', 'dark'] as const) {
      await page.emulateMedia({ colorScheme, reducedMotion: 'reduce' })
      const how = { maxDiffPixelRatio: 0.01, animations: 'disabled', caret: 'hide' } as const
      if (name === 'invite') await expect.soft(page.getByRole('dialog')).toHaveScreenshot(`${name}-${colorScheme}.png`, how)
      else await expect.soft(page).toHaveScreenshot(`${name}-${colorScheme}.png`, how)
    }
  }
  expect(faults).toEqual([])
})
