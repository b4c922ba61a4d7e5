import { expect, test, type Page } from '@playwright/test'
import { catalogue, worded } from './catalogue'
import { addMember, doorward, expectNoBarriers, faults, listed, message, setUp, shoot, speak, visit } from './harness'
import { expectMarked, tooWide } from './marks'

// Whose language a page is in, from the first visit on. Each test continues from the one
// before.
test.describe.configure({ mode: 'serial' })

let admin: Page

// said is a message of a language's catalogue.
const said = (language: string, key: string, values: Record<string, string> = {}): string =>
  worded(language, key)!.replace(/\{\{\.(\w+)\}\}/g, (_, name: string) => values[name] ?? '')

test('a workspace that is set up in German', async ({ browser }) => {
  admin = await setUp(browser, { locale: 'de-DE', reducedMotion: 'reduce' })
  for (let i = 0; i < 6; i++) {
    const role = i % 2 ? 'Fleet' : 'AILoop'
    if (i < 3) await addMember(`m${i}@example.com`, role)
    else await doorward('invite', `m${i}@example.com`, '--role', role)
  }
  await expect(admin.locator('html')).toHaveAttribute('lang', 'de')
  await admin.goto('/admin/settings/members')
  await expect(admin.getByRole('heading', { level: 1, name: said('de', 'console.members.title') })).toBeVisible()
})

test('a language that is chosen in the console holds after a reload, on the portal and in emails', async ({ browser }) => {
  await admin.goto('/admin/')
  await admin.getByRole('button', { name: new RegExp(said('de', 'console.account.label').trim()) }).click()
  await admin.getByRole('menuitem', { name: said('de', 'console.account.language', { Language: 'Deutsch' }) }).click()
  await admin.getByRole('menuitem', { name: '日本語' }).click()
  await expect(admin.locator('html')).toHaveAttribute('lang', 'ja')
  await expect(admin.getByRole('heading', { level: 1, name: said('ja', 'console.nav.dashboard') })).toBeVisible()
  await admin.reload()
  await expect(admin.locator('html')).toHaveAttribute('lang', 'ja')
  await admin.goto('/')
  await expect(admin.locator('html')).toHaveAttribute('lang', 'ja')
  expect((await listed<{ email: string; language?: string }>('members', '--search', 'grace@example.org'))[0]?.language).toBe('ja')

  const elsewhere = await visit(browser, { locale: 'en-GB' })
  await elsewhere.goto('/login')
  await elsewhere.locator('input[type=email]').fill('grace@example.org')
  await elsewhere.locator('main form button').first().click()
  expect((await message('grace@example.org', said('ja', 'email.sign_in.subject', { Workspace: 'Night Watch' }))).text).toContain('Night Watch')
  await elsewhere.context().close()
})

test('an invitation is in the language that was chosen for it, and so is what it opens', async ({ browser }) => {
  await doorward('invite', 'layla@example.com', '--role', 'Fleet', '--language', 'ar')
  const { link, html } = await message('layla@example.com', said('ar', 'email.invitation.subject', { Workspace: 'Night Watch' }))
  expect(html).toContain('dir="rtl"')
  const layla = await visit(browser, { locale: 'en-GB', viewport: { width: 390, height: 844 } })
  await layla.goto(link)
  await expect(layla.locator('html')).toHaveAttribute('lang', 'ar')
  await expect(layla.locator('html')).toHaveAttribute('dir', 'rtl')
  await expectNoBarriers(layla)
  await layla.locator('main form button').first().click()
  await expect(layla.getByRole('heading', { level: 1, name: said('ar', 'portal.pending.title') })).toBeVisible()
  expect(await tooWide(layla)).toBeLessThanOrEqual(0)
  await shoot(layla, 'pending-ar-390')
  await layla.context().close()
})

// The side bar stood on the left, and arrows led back.
test('the console is read from right to left in Arabic', async () => {
  await speak(admin, 'ar')
  await admin.goto('/admin/requests')
  await expect(admin.locator('html')).toHaveAttribute('dir', 'rtl')
  const side = await admin.locator('.side').boundingBox()
  expect(side!.x).toBeGreaterThan(admin.viewportSize()!.width / 2)
  await expectNoBarriers(admin)
  await shoot(admin, 'requests-ar')
  // A Latin name lost its beginning where it was too long, and stood apart from the others.
  await admin.goto('/admin/settings/members')
  const latin = admin.locator('main').getByRole('link', { name: 'Grace Hopper', exact: true })
  await expect(latin).toHaveCSS('direction', 'ltr')
  await expect(latin).toHaveCSS('text-align', 'right')
  // A flag lost its hyphens to the other end of the line.
  await admin.goto('/admin/settings/mail')
  await expect(admin.getByText(/^--mail-per-minute/)).toHaveCSS('direction', 'ltr')
})

// What the server reports, it once said in English to everybody: unusual events of every kind,
// and health checks that fail.
test('what the server reports is marked, too', async () => {
  await speak(admin, 'en-XA')
  await fetch(`${process.env.BASE_URL}/login/${'unknown'.padEnd(43, 'x')}`)
  const kinds = Object.keys(catalogue('en')).filter((key) => key.startsWith('console.unusual.kind.')).map((key) => key.slice('console.unusual.kind.'.length))
  expect(kinds).toHaveLength(11)
  const items = kinds.map((kind, i) => ({ kind, name: 'words of the server', count: i + 1, networks: 3, last_at: new Date().toISOString(), means: 'Words of the server.', to_do: 'More words.' }))
  await admin.route('**/api/v1/overview/unusual', (route) => route.fulfill({ json: { total: 66, usual: 100, high: false, items } }))
  await admin.goto('/admin/')
  const list = admin.locator('.kinds')
  await expect(list.locator('li')).toHaveCount(4)
  await admin.locator('button.more').click()
  await expect(list.locator('li')).toHaveCount(kinds.length)
  await expectMarked(admin, 'the dashboard with unusual events')
  await admin.unroute('**/api/v1/overview/unusual')

  await admin.goto('/admin/settings/general')
  await admin.locator('button.start[type=button]').click()
  const checks = admin.locator('[role=status] li')
  await expect(checks.first()).toBeVisible()
  expect(await checks.count()).toBeGreaterThan(5)
  await expect(checks.locator('.warn').first()).toBeVisible()
  await expectMarked(admin, 'the health checks')
})

// A sentence that was written into a page instead of the catalogue, or one that had no room
// to grow.
test('in the pseudo-language every word is marked, and no page breaks', async () => {
  await speak(admin, 'en-XA')
  const [active] = await listed<{ id: string }>('members', '--search', 'm0@example.com')
  const [pending] = await listed<{ id: string }>('members', '--search', 'm5@example.com')
  await admin.goto('/admin/mail')
  const [email] = await admin.evaluate(async () => ((await (await fetch('/api/v1/outbox?q=m5')).json()) as { items: { id: string }[] }).items.map((m) => m.id))
  const pages = [
    '/admin/', '/admin/requests', '/admin/requests?keys', '/admin/?about', '/admin/?help', '/admin/settings/members?help', '/admin/?find', `/admin/requests?reject=${pending!.id}`,
    '/admin/audit', '/admin/audit?first=2020-01-01&last=2019-01-01', '/admin/mail', `/admin/mail?message=${email}`, `/admin/mail?delete=${email}`,
    '/admin/settings', '/admin/settings/general', '/admin/settings/members', '/admin/settings/members?q=nobody', '/admin/settings/members?invite', '/admin/settings/members?invite-many',
    `/admin/settings/members/${active!.id}`, `/admin/settings/members/${pending!.id}`, '/admin/settings/members/nobody', '/admin/settings/roles', '/admin/settings/roles?role', '/admin/settings/roles?role=Fleet',
    '/admin/settings/mail', '/admin/settings/security', '/admin/settings/tokens', '/admin/settings/tokens?token', '/admin/nowhere', '/', '/nowhere',
  ]
  for (const path of pages) {
    await admin.setViewportSize({ width: 1280, height: 800 })
    await admin.goto(path)
    await expect(admin.locator('h1').first()).toBeVisible()
    await expect(admin.locator('main')).toContainText('[') // a member's page has their name at its head
    if (path.includes('?')) await expect(admin.getByRole('dialog').or(admin.locator('main .card')).first()).toBeVisible()
    await expect(admin.locator('.skeleton')).toHaveCount(0)
    await expectMarked(admin, path)
    expect(await admin.locator('input[type=file]').evaluateAll((all) => all.filter((e) => e.clientWidth > 1).length), `${path} has a button in the browser's language`).toBe(0)
    for (const width of [320, 768, 1280]) {
      await admin.setViewportSize({ width, height: 800 })
      expect(await tooWide(admin), `${path} is wider than ${width}`).toBeLessThanOrEqual(0)
    }
  }
})

// Ten catalogues are half a megabyte.
test('only the catalogue of the reader’s language is loaded, and none for English', async ({ browser }) => {
  for (const [language, wanted] of [['en', []], ['de', ['de']]] as const) {
    const page = await visit(browser)
    await page.context().addCookies(await admin.context().cookies())
    await speak(page, language)
    const loaded: string[] = []
    page.on('request', (r) => void loaded.push(...(/\/assets\/([a-z]{2}(?:-[A-Z][A-Za-z]+)?)-[\w-]{8}\.js$/.exec(r.url())?.slice(1) ?? [])))
    for (const path of ['/admin/', '/admin/settings/members?invite', '/admin/settings/appearance']) {
      await page.goto(path)
      await expect(page.locator('html')).toHaveAttribute('lang', language)
      await expect(page.locator('h1').first()).toBeVisible()
    }
    expect([...new Set(loaded)], language).toEqual(wanted)
    await page.context().close()
  }
})

test('no page misbehaved', () => expect(faults).toEqual([]))
