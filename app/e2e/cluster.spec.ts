import { expect, test, type Page } from '@playwright/test'
import { button, control, dialog, expectNoBarriers, faults, said, visit } from './harness'

// The page about the machines of a cluster, on three real ones. Each test continues from the one
// before.
test.describe.configure({ mode: 'serial' })

let admin: Page
const row = (name: string) => admin.getByRole('row').filter({ hasText: name })

// The lead may move on a busy machine, so what is removed is found out: not the one that leads, and
// not the one that this browser talks to.
async function removable(): Promise<[gone: string, stays: string]> {
  let found = ''
  await expect
    .poll(async () => {
      for (const name of ['berlin-2', 'berlin-3']) if (await button(admin, `Remove ${name}`).count()) return (found = name)
      return ''
    })
    .not.toBe('')
  return found === 'berlin-2' ? ['berlin-2', 'berlin-3'] : ['berlin-3', 'berlin-2']
}

// shoot keeps pictures to be looked at, if somebody asked for them.
async function shoot(name: string): Promise<void> {
  const folder = process.env.SHOTS
  if (!folder) return
  const was = admin.viewportSize()!
  for (const width of [320, 768, 1280]) {
    for (const colorScheme of ['light', 'dark'] as const) {
      await admin.setViewportSize({ width, height: 900 })
      await admin.emulateMedia({ colorScheme })
      await admin.screenshot({ path: `${folder}/${name}-${width}-${colorScheme}.png`, fullPage: true })
    }
  }
  await admin.setViewportSize(was)
  await admin.emulateMedia({ colorScheme: 'light' })
}

// speaks changes the language of the account, which the console follows.
async function speaks(language: string): Promise<void> {
  const change = (language: string) => fetch('/api/v1/me', { method: 'PATCH', headers: { 'Content-Type': 'application/json' }, body: JSON.stringify({ language }) }).then((res) => res.status)
  expect(await admin.evaluate(change, language)).toBe(200)
  await admin.reload()
  await expect(admin.locator('html')).toHaveAttribute('lang', language)
}

// fits checks that nothing hangs out of the page at any width.
async function fits(): Promise<void> {
  const was = admin.viewportSize()!
  for (const width of [320, 720, 721, 768, 860, 861, 900, 1000, 1100, 1280]) {
    await admin.setViewportSize({ width, height: 900 })
    expect(await admin.evaluate(() => document.documentElement.scrollWidth), `${width} pixels`).toBeLessThanOrEqual(width)
  }
  await admin.setViewportSize(was)
}

test('all machines answer', async ({ browser }) => {
  admin = await visit(browser)
  await admin.goto(await control<string>('link'))
  await admin.locator('main form button').first().click()
  await admin.goto('/admin/settings')
  await admin.getByRole('main').getByRole('link', { name: 'Cluster' }).click()
  await expect(admin).toHaveURL(/\/admin\/settings\/cluster/)
  await said(admin, /All machines answer.*1 machine can fail/)
  await expect(admin.getByRole('row').getByText('Leads', { exact: true })).toHaveCount(1)
  for (const name of ['berlin-1', 'berlin-2', 'berlin-3']) {
    await expect(row(name)).toContainText('Up to date')
    await expect(row(name)).toContainText('Has a vote')
    await expect(row(name)).toContainText('v1.2.3')
  }
  await expect(admin.getByRole('row').filter({ has: admin.getByText('Leads', { exact: true }) }).getByRole('button'), 'the one that leads stays').toHaveCount(0)
  await expect(admin.getByText('doorward serve --join 127.0.0.1:')).toBeVisible()
  await expectNoBarriers(admin)
  await fits()
  await shoot('well')
})

test('one does not answer, and comes back', async () => {
  await control('kill', 'berlin-3')
  await said(admin, /berlin-3 does not answer.*if one more machine stops, nobody can sign in/)
  await expect(row('berlin-3')).toContainText('Does not answer')
  await expectNoBarriers(admin)
  await fits()
  await shoot('down')
  await control('start', 'berlin-3')
  await said(admin, /All machines answer/)
})

test('in Arabic, from right to left', async () => {
  await speaks('ar')
  await expect(admin.locator('html')).toHaveAttribute('dir', 'rtl')
  await expect(row('berlin-2')).toContainText('محدَّث')
  await fits()
  await shoot('arabic')
  await speaks('en')
})

test('in German, with a long address and much that is missing', async () => {
  await admin.route('**/api/v1/cluster/machines', async (route) => {
    const response = await route.fetch()
    const { items } = await response.json() as { items: Record<string, unknown>[] }
    const long = items.map((m) => ({ ...m, behind: 1_234_567, address: 'door-one.rechenzentrum.example.com:9443' }))
    await route.fulfill({ response, json: { items: long } })
  })
  await speaks('de')
  await expect(row('berlin-2')).toContainText('1.234.567')
  await fits()
  await shoot('german')
  await admin.unroute('**/api/v1/cluster/machines')
  await speaks('en')
})

let gone: string, stays: string

test('one is removed, after a question', async () => {
  ;[gone, stays] = await removable()
  await button(admin, `Remove ${gone}`).click()
  await expect(dialog(admin)).toContainText(`Remove ${gone} from the cluster?`)
  await expectNoBarriers(admin)
  await shoot('remove')
  await button(admin, 'Cancel').click()
  await expect(row(gone)).toContainText('Has a vote')
  await button(admin, `Remove ${gone}`).click()
  await button(admin, 'Remove machine').click()
  await said(admin, /With two machines, neither may fail/)
  await expect(row(gone)).toHaveCount(0)
  await admin.goto('/admin/audit')
  await expect(admin.getByText(`removed the machine ${gone} from the cluster`)).toBeVisible()
})

test('too few are left: what to do stands there', async () => {
  await admin.goto('/admin/settings/cluster')
  await said(admin, /With two machines/)
  await control('kill', stays)
  await said(admin, /Too few machines answer.*doorward cluster recover/)
  await expect(admin.getByRole('table')).toHaveCount(0)
  await fits()
  await shoot('stopped')
  await control('start', stays)
  await said(admin, /With two machines/)
  expect(faults).toEqual([])
})
