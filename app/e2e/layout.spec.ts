import { expect, test, type Page } from '@playwright/test'
import { addMember, button, dialog, faults, invites, listed, row, setUp, visit } from './harness'

// How the console is laid out: at every width, with forced colours, on a phone, at a zoom, on
// paper, and with a long list. Each test continues from the one before.
test.describe.configure({ mode: 'serial' })

const long = 'wilhelmina.featherstone@example.com' // 35 characters
let admin: Page

test('a workspace with a member', async ({ browser }) => {
  admin = await setUp(browser, { colorScheme: 'light', reducedMotion: 'reduce' })
  await addMember(long, 'Fleet')
})

// From 981 to about 1,150 pixels the name had 15 to 118 of them: addresses stood on five
// lines, and rows were 388 pixels high.
test('members can be read at every width, and no word is broken in the middle', async () => {
  const viewport = admin.viewportSize()!
  await admin.evaluate((id) => fetch(`/api/v1/members/${id}`, { method: 'PATCH', headers: { 'Content-Type': 'application/json' }, body: JSON.stringify({ name: 'Wilhelmina Featherstone' }) }), (await listed<{ id: string }>('members', '--search', long))[0]!.id)
  await admin.goto('/admin/settings/members')
  await expect(admin.getByRole('heading', { name: 'Wilhelmina Featherstone' })).toBeVisible()
  const line = admin.getByRole('row').filter({ hasText: long })
  for (const width of [320, 390, 768, ...Array.from({ length: 17 }, (_, i) => 900 + i * 25), 1440]) {
    await admin.setViewportSize({ width, height: 800 })
    const name = await line.getByRole('heading').boundingBox()
    const whole = await line.boundingBox()
    expect(name!.width, `the name's room at ${width}`).toBeGreaterThanOrEqual(width < 500 ? 200 : 220)
    expect(name!.height, `the name is one line at ${width}`).toBeLessThan(30)
    expect((await line.getByText(long).boundingBox())!.height, `the address is one line at ${width}`).toBeLessThan(24)
    expect(whole!.height, `a row's height at ${width}`).toBeLessThan(width < 500 ? 210 : 110)
    expect(await admin.evaluate(() => document.documentElement.scrollWidth - innerWidth), `nothing scrolls sideways at ${width}`).toBeLessThanOrEqual(0)
  }
  await expect(line.getByText(long)).toHaveAttribute('title', long)
  await admin.setViewportSize(viewport)
  await expect(admin.getByRole('columnheader')).toHaveText(['Member', 'Roles', 'Status', 'Last sign-in', 'Access'], { useInnerText: true })
  await expect(line).toContainText('Active')
  await expect(line).toContainText('Never')
})

// Words broke in the middle: "Ro/w" and "Verdi/ct" in a table, "Dashboar/d" in a bar.
test('labels, headings and pills stand on one line', async () => {
  const broken = () =>
    admin.evaluate(() => {
      const range = document.createRange()
      const lines = (e: Element) => {
        range.selectNodeContents(e)
        return new Set([...range.getClientRects()].filter((r) => r.width > 2).map((r) => Math.round(r.bottom / 4))).size
      }
      return [...document.querySelectorAll('thead th, .pill, .place span:not(.badge, .hidden, .long), .btn')].filter((e) => e.checkVisibility() && !e.querySelector('b, .hidden, svg') && lines(e) > 1).map((e) => e.textContent)
    })
  await admin.setViewportSize({ width: 320, height: 700 })
  for (const path of ['/', '/requests', '/settings/members', '/settings/roles', `/settings/members/${(await listed<{ id: string }>('members', '--search', long))[0]!.id}`]) {
    await admin.goto(`/admin${path}`)
    await expect(admin.getByRole('heading', { level: 1 })).toBeVisible()
    expect(await broken(), path).toEqual([])
  }
  await admin.setViewportSize({ width: 1440, height: 800 })
  await admin.goto('/admin/settings/members?invite-many')
  await admin.getByLabel('People').fill('email,role\nsomebody.with.a.rather.long.address@department.example.com,Fleet\nnonsense,Fleet')
  await dialog(admin).getByRole('button', { name: /^Check/ }).click()
  await expect(dialog(admin).getByRole('columnheader').first()).toBeVisible()
  expect(await broken(), 'the results of a list').toEqual([])
  await admin.setViewportSize({ width: 1280, height: 800 })
})

// edges is the contrast of the edge of each control with what is behind it, below 3:1.
const edges = (page: Page) =>
  page.evaluate(() => {
    const parts = (c: string) => (c.match(/[\d.]+/g) ?? []).map(Number)
    const light = (c: string) => {
      const [r, g, b] = parts(c).slice(0, 3).map((v) => (v / 255 <= 0.04045 ? v / 255 / 12.92 : ((v / 255 + 0.055) / 1.055) ** 2.4)) as [number, number, number]
      return 0.2126 * r + 0.7152 * g + 0.0722 * b
    }
    const behind = (e: Element | null): string => {
      for (; e; e = e.parentElement) {
        const { backgroundColor: c } = getComputedStyle(e)
        if (parts(c)[3] !== 0) return c
      }
      return 'rgb(255, 255, 255)'
    }
    const contrast = (a: string, b: string) => (Math.max(light(a), light(b)) + 0.05) / (Math.min(light(a), light(b)) + 0.05)
    return [...document.querySelectorAll('.btn:not(.quiet):enabled, .field')]
      .filter((e) => e.checkVisibility() && e.getAttribute('aria-disabled') !== 'true')
      .map((e) => ({ what: `${e.className} ${e.textContent}`, is: Math.max(contrast(getComputedStyle(e).borderTopColor, behind(e.parentElement)), contrast(getComputedStyle(e).backgroundColor, behind(e.parentElement))) }))
      .filter(({ is }) => is < 3)
      .map(({ what, is }) => `${what}: ${is.toFixed(2)}`)
  })

// The edge of a field had a contrast of 1.3:1.
test('what can be pressed or typed in has an edge that can be seen', async () => {
  await invites(admin, ['waits@example.com'])
  for (const colorScheme of ['light', 'dark'] as const) {
    await admin.emulateMedia({ colorScheme })
    for (const path of ['/', '/requests', '/settings/members', '/settings/members?invite', '/settings/general', '/settings/roles?role', '/audit']) {
      await admin.goto(`/admin${path}`)
      await expect(admin.getByRole('heading').first()).toBeVisible()
      expect(await edges(admin), `${path}, ${colorScheme}`).toEqual([])
    }
  }
  await admin.emulateMedia({ colorScheme: 'light' })
})

// Every transparent border becomes a line in forced colours: the selected tab and the
// current page looked like the others, danger like normal, and the legend was gone.
test('forced colours tell apart what is selected, what is dangerous, and the bars of the chart', async () => {
  await admin.emulateMedia({ forcedColors: 'active' })
  await admin.goto('/admin/')
  const style = (e: ReturnType<Page['locator']>, name: string) => e.evaluate((e, name) => getComputedStyle(e).getPropertyValue(name), name)
  await expect(admin.locator('.key i').first()).toBeVisible()
  expect(await style(admin.getByRole('tab', { selected: true }), 'border-bottom-color')).not.toBe(await style(admin.getByRole('tab', { selected: false }), 'border-bottom-color'))
  expect(await style(admin.locator('a.place[aria-current]'), 'outline-style')).toBe('solid')
  expect(await style(admin.locator('a.place:not([aria-current])').first(), 'outline-style')).toBe('none')
  const swatches = await Promise.all((await admin.locator('.key i').all()).map((e) => style(e, 'background-color')))
  expect(new Set([...swatches, await style(admin.locator('body'), 'background-color')]).size, 'three swatches, and none like the page').toBe(4)
  expect(await style(admin.locator('.numbers li').first(), 'outline-style'), 'the figures are apart').toBe('solid')
  await admin.goto('/admin/requests')
  expect(await style(button(admin, /^Reject & Delete/).first(), 'border-top-style')).toBe('double')
  await admin.emulateMedia({ forcedColors: 'none' })
})

test('a phone has targets for a thumb, and no hints for keys', async ({ browser }) => {
  const page = await visit(browser, { hasTouch: true, isMobile: true, viewport: { width: 390, height: 844 } })
  await page.context().addCookies(await admin.context().cookies())
  await page.goto('/admin/requests')
  const first = page.locator('main li').first()
  await expect(first).toBeVisible()
  const size = async (e: ReturnType<Page['locator']>) => (await e.boundingBox())!
  const box = await size(first.getByRole('checkbox'))
  expect(Math.min(box.width, box.height)).toBeGreaterThanOrEqual(24)
  expect((await size(first.getByRole('link').first())).height).toBeGreaterThanOrEqual(24)
  expect((await size(first.getByRole('button', { name: /^Approve/ }))).y, 'the first Approve is in sight').toBeLessThan(600)
  await expect(page.getByLabel('Search requests')).toHaveAttribute('placeholder', 'Name or email')
  await page.goto('/admin/settings/roles')
  const region = page.getByRole('region', { name: /^Roles/ })
  await expect(region).toBeVisible()
  await region.evaluate((e) => (e.scrollLeft = 1e6))
  expect((await size(page.getByRole('rowheader', { name: 'See the audit log' }))).x, 'the permission stays in sight').toBeGreaterThanOrEqual((await size(region)).x)
  await page.context().close()
})

// At 200 % a screen of 1280 × 720 has 640 × 360: the invitation showed 149 pixels of its
// form, and the bar lay on the first row.
test('at a zoom of 200 % a dialog is the screen, and the bar covers nothing', async () => {
  await admin.setViewportSize({ width: 640, height: 360 })
  await admin.goto('/admin/settings/members?invite')
  await expect(dialog(admin)).toBeVisible()
  await expect.poll(() => dialog(admin).boundingBox(), 'once it has risen').toMatchObject({ x: 0, y: 0, width: 640, height: 360 })
  await admin.getByLabel('Note').scrollIntoViewIfNeeded()
  await button(admin, 'Send Invitation').scrollIntoViewIfNeeded()
  await admin.goto('/admin/requests')
  expect(await admin.getByRole('navigation', { name: 'Main' }).evaluate((e) => getComputedStyle(e).position)).toBe('static')
  await admin.setViewportSize({ width: 1280, height: 800 })
})

test('on paper there is the page without its controls', async () => {
  await admin.goto('/admin/settings/members')
  await expect(admin.getByRole('heading', { name: 'Wilhelmina Featherstone' })).toBeVisible()
  await admin.emulateMedia({ media: 'print' })
  await expect(admin.getByRole('heading', { name: 'Wilhelmina Featherstone' })).toBeVisible()
  await expect(admin.getByRole('banner')).toBeHidden()
  expect(await admin.locator('.btn:visible, .field:visible').count()).toBe(0)
  for (const heading of ['Member', 'Last sign-in']) await expect(admin.locator('thead').getByText(heading, { exact: true }).filter({ visible: true }), 'a heading that sorts').toHaveText(heading)
  await admin.emulateMedia({ media: 'screen' })
})

// 450 requests were shown; somebody was invited, and 200 were left: the page jumped
// under its reader, and the selection was gone.
test('a long list keeps its length, its place and its selection, and all of it can be selected', async () => {
  await invites(admin, Array.from({ length: 450 }, (_, i) => `crowd${i}@example.com`))
  await admin.goto('/admin/requests')
  for (const n of [250, 450]) {
    await button(admin, /^Show more/).click()
    await expect(admin.locator('main li')).toHaveCount(n)
  }
  const far = admin.locator('main li').nth(400)
  await far.getByRole('checkbox').check()
  // The browser holds the row at the top. Those below it may move: "just now" is shorter than
  // "1 minute ago", and fits on a line.
  await far.evaluate((e) => e.scrollIntoView())
  const top = () => far.evaluate((e) => e.getBoundingClientRect().top)
  const total = () => admin.evaluate(async () => ((await (await fetch('/api/v1/login-requests?limit=1')).json()) as { total: number }).total)
  const before = { top: await top(), total: await total() }
  await invites(admin, ['one.more@example.com'])
  await expect(row(admin, 'one.more@example.com').or(button(admin, `Show more (${before.total + 1} in total)`)).first()).toBeVisible()
  await expect(admin.locator('main li')).toHaveCount(450)
  await expect(far.getByRole('checkbox')).toBeChecked()
  await expect(admin.getByText('1 selected')).toBeVisible()
  expect(Math.abs((await top()) - before.top), 'it is where it was').toBeLessThan(2)

  await admin.reload()
  await admin.getByLabel('Select all on this page').check()
  const all = before.total + 1
  await button(admin, `Select all ${all}`).click()
  await expect(admin.getByText(`All ${all} selected`)).toBeVisible()
  await expect(button(admin, `Approve ${all}`)).toBeVisible()
  await admin.getByLabel('Search requests').fill('crowd')
  await expect(admin.locator('main li'), 'the results').toHaveCount(50)
  await expect(admin.getByText('50 selected'), 'what is still shown is still selected').toBeVisible()
  await admin.getByLabel('Select all on this page').check()
  await button(admin, 'Select all 450 that match').click()
  await expect(admin.getByText('All 450 selected')).toBeVisible()
  await button(admin, 'Approve 450').click()
  await expect(dialog(admin)).toContainText('450 email addresses are not verified yet.')
  await button(admin, 'Cancel').click()
})

test('no page misbehaved', () => expect(faults).toEqual([]))
