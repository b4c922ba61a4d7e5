import { expect, test, type Browser, type Page } from '@playwright/test'
import { button, doorward, faults, invites, listed, message, visit } from './harness'

// How the console reads and is used: at every width, in every theme, on paper, by
// keyboard and by thumb. Each test continues from the one before.
test.describe.configure({ mode: 'serial' })

const long = 'wilhelmina.featherstone@example.com' // 35 characters
let admin: Page

const background = (page: Page) => page.evaluate(() => getComputedStyle(document.documentElement).backgroundColor)
const paper = { light: 'rgb(250, 248, 244)', dark: 'rgb(20, 19, 17)' }

test('a workspace with somebody in it', async ({ browser }) => {
  admin = await visit(browser, { colorScheme: 'light', reducedMotion: 'reduce' })
  await admin.goto(process.env.SETUP_LINK as string)
  await admin.getByLabel('Workspace name').fill('Night Watch')
  await admin.getByLabel('Your name').fill('Grace Hopper')
  await admin.getByLabel('Your email').fill('grace@example.org')
  await admin.locator('main form button').click()
  await expect(admin.getByRole('heading', { name: 'Dashboard' })).toBeVisible()
  await doorward('invite', long, '--role', 'Fleet')
  await doorward('approve', long)
})

test('a theme that is chosen holds at once, after a reload, and on the portal', async () => {
  const choose = async (name: string) => {
    await button(admin, /^Account:/).click()
    await admin.getByRole('menuitem', { name }).click()
  }
  await admin.goto('/admin/')
  expect(await background(admin)).toBe(paper.light)
  await choose('Dark')
  await expect.poll(() => background(admin)).toBe(paper.dark)
  await admin.reload()
  expect(await background(admin), 'after a reload').toBe(paper.dark)
  await admin.goto('/')
  expect(await background(admin), 'on the portal').toBe(paper.dark)

  await admin.emulateMedia({ colorScheme: 'dark' })
  await admin.goto('/admin/')
  await choose('Light')
  await expect.poll(() => background(admin), 'light on a dark system').toBe(paper.light)
  await admin.goto('/')
  expect(await background(admin), 'on the portal').toBe(paper.light)
  await admin.goto('/admin/')
  await choose('System')
  await expect.poll(() => background(admin)).toBe(paper.dark)
  await admin.goto('/')
  expect(await background(admin), 'on the portal').toBe(paper.dark)
  await admin.emulateMedia({ colorScheme: 'light' })
})

const requests = (page: Page) => page.getByRole('region', { name: 'Login requests' })
const row = (page: Page, name: string) => page.getByRole('listitem', { name })
const dialog = (page: Page) => page.getByRole('dialog')
const pending = async () => (await listed<{ email: string }>('members', '--state', 'pending')).length

// A key held for 1.5 seconds approved 19 strangers: each approval moved the focus to the
// next row, and the next repeat of the key approved that one. A held Enter does the same
// to buttons.
test('a key that is held decides about one request', async () => {
  await invites(admin, Array.from({ length: 16 }, (_, i) => `held${i}@example.com`))
  await admin.goto('/admin/requests')
  await expect(requests(admin), 'the keys work at once').toBeFocused()
  await admin.keyboard.press('j')
  for (let i = 0; i < 30; i++) await admin.keyboard.down('a') // from the second on it is a repeat
  await admin.keyboard.up('a')
  await expect.poll(pending).toBe(15)
  await admin.locator('main li').nth(2).getByRole('button', { name: /^Approve/ }).focus()
  for (let i = 0; i < 30; i++) await admin.keyboard.down('Enter')
  await admin.keyboard.up('Enter')
  await expect.poll(pending).toBe(14)
  await admin.keyboard.press('j')
  await admin.keyboard.down('x')
  await admin.keyboard.down('x')
  await admin.keyboard.up('x')
  await expect(admin.getByText('1 selected')).toBeVisible()
  await admin.keyboard.press('x')
  expect(await pending()).toBe(14)
})

// One key approved from anywhere on the page: two rows were selected, the focus was in
// the sidebar, and "a" let somebody in.
test('keys decide only while the list has the focus, and can be turned off', async () => {
  await admin.goto('/admin/requests')
  await admin.getByRole('checkbox', { name: /^Select held/ }).first().check()
  await admin.getByRole('link', { name: 'Audit log', exact: true }).focus()
  for (const key of ['a', 'r', 'x']) await admin.keyboard.press(key)
  await expect(dialog(admin)).toHaveCount(0)
  await expect(admin.getByText('1 selected')).toBeVisible()
  expect(await pending()).toBe(14)

  await button(admin, 'Keyboard shortcuts').click()
  await admin.getByLabel('Use single keys as shortcuts').uncheck()
  await admin.keyboard.press('Escape')
  await expect(dialog(admin)).toHaveCount(0)
  await admin.reload()
  await row(admin, 'held5@example.com').focus()
  for (const key of ['a', 'r', '?', '/']) await admin.keyboard.press(key)
  await expect(dialog(admin)).toHaveCount(0)
  await expect(admin.getByLabel('Search requests')).not.toBeFocused()
  expect(await pending()).toBe(14)
  await button(admin, 'Keyboard shortcuts are off').click()
  await admin.getByLabel('Use single keys as shortcuts').check()
  await admin.keyboard.press('Escape')
})

test('on a Russian keyboard, and with CapsLock, the same keys do the same', async () => {
  await admin.goto('/admin/requests')
  const press = (key: string, code: string) => admin.evaluate(([key, code]) => document.activeElement?.dispatchEvent(new KeyboardEvent('keydown', { key, code, bubbles: true, cancelable: true })), [key, code] as const)
  await expect(requests(admin)).toBeFocused()
  await press('о', 'KeyJ')
  await press('J', 'KeyJ')
  await press('Ч', 'KeyX')
  await expect(admin.getByText('1 selected')).toBeVisible()
  await press('ф', 'KeyA')
  await expect.poll(pending).toBe(13)
})

// A request for Admin went through with the same single key as any other, and fifty at
// once asked nothing either.
test('an Admin, and more than ten, are approved only after a second word', async () => {
  await invites(admin, ['boss@example.com'], 'Admin')
  await row(admin, 'boss@example.com').focus()
  await admin.keyboard.press('a')
  await expect(dialog(admin)).toContainText('boss@example.com will be able to manage others.')
  await expect(dialog(admin)).toContainText('not verified yet')
  await admin.keyboard.press('a')
  await button(admin, 'Cancel').click()
  await expect(dialog(admin)).toHaveCount(0)
  await expect(row(admin, 'boss@example.com'), 'the focus is back').toBeFocused()
  expect(await pending()).toBe(14)

  await admin.getByLabel('Select all on this page').check()
  await button(admin, 'Approve 14').click()
  await expect(dialog(admin)).toContainText('14 email addresses are not verified yet.')
  expect(await pending()).toBe(14)
  await dialog(admin).getByRole('button', { name: 'Approve 14' }).click()
  await expect.poll(pending).toBe(0)
  await expect.poll(() => admin.evaluate(() => document.activeElement?.tagName), 'the focus is not lost').not.toBe('BODY')
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

// accepts opens the emailed link of somebody, in a browser of their own.
async function accepts(browser: Browser, email: string): Promise<Page> {
  const page = await visit(browser)
  await page.goto((await message(email)).link)
  await page.locator('main form button').first().click()
  await expect(page).toHaveURL(/pending/)
  return page
}

// "40 people are waiting for your approval": 15 of them had never opened the email.
test('those who can be decided about are told apart from those who have not accepted', async ({ browser }) => {
  await invites(admin, ['ready1@example.com', 'ready2@example.com', 'later1@example.com', 'later2@example.com', 'later3@example.com'])
  await invites(admin, ['later4@example.com'], 'Admin')
  for (const name of ['ready1', 'ready2']) await (await accepts(browser, `${name}@example.com`)).context().close()
  await admin.goto('/admin/')
  await expect(admin.getByRole('region', { name: 'Notification' })).toContainText('2 people are waiting for your approval')
  for (const badge of await admin.getByTestId('badge').all()) {
    await expect(badge).toHaveText('6 waiting')
    await expect(badge).toHaveAttribute('title', '2 ready to review, 4 not accepted yet')
  }
  await expect(admin.getByText('2 ready to review, 4 not accepted yet').first()).toBeVisible()

  await button(admin, 'Review').click()
  await expect(admin.getByRole('heading', { name: 'Ready to review (2)' })).toBeVisible()
  await expect(admin.getByRole('heading', { name: 'Not accepted yet (4)' })).toBeVisible()
  await expect(admin.getByRole('list', { name: 'Ready to review' }).getByRole('listitem')).toHaveCount(2)
  const colour = async (name: string) => {
    await row(admin, name).hover()
    return row(admin, name).getByRole('button', { name: /^Approve/ }).evaluate((e) => getComputedStyle(e).backgroundColor)
  }
  expect(await colour('ready1@example.com'), 'one who is ready can be approved at a glance').toBe('rgb(29, 107, 87)')
  expect(await colour('later1@example.com'), 'one who is not does not ask for it').not.toBe('rgb(29, 107, 87)')
  await admin.getByLabel('Search requests').fill('later')
  await expect(admin.getByText('4 of 6 requests found')).toBeVisible()
  await expect(admin.getByRole('list', { name: 'Ready to review' })).toHaveCount(0)
  await admin.getByLabel('Search requests').fill('')

  await admin.goto('/admin/')
  const figure = await admin.getByRole('link', { name: /^Admin \d/ }).innerText()
  await admin.goto('/admin/settings/roles')
  const column = admin.getByRole('columnheader', { name: /^Admin/ }).getByRole('link')
  await expect(column, 'the same people are counted everywhere').toHaveAccessibleName(`${figure.replace(/\D/g, '')} members with Admin`)
  await column.click()
  await expect(admin.getByText(`${figure.replace(/\D/g, '')} members found`)).toBeVisible()
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

// The button that could not be pressed turned green under the pointer, with dark text:
// 1.07:1. Pressing it did nothing that could be seen.
test('an incomplete invitation says what is missing, and where', async () => {
  await admin.goto('/admin/settings/members?invite')
  const send = button(admin, 'Send Invitation')
  const still = await send.evaluate((e) => getComputedStyle(e).backgroundColor)
  await send.hover()
  expect(await send.evaluate((e) => getComputedStyle(e).backgroundColor)).toBe(still)
  expect(await send.evaluate((e) => getComputedStyle(e).color)).toBe('rgb(95, 90, 80)')
  await expect(admin.getByRole('alert')).toHaveCount(0)
  const height = async () => (await dialog(admin).locator('.foot').boundingBox())!.height
  const foot = await height()
  await send.click({ force: true })
  await expect(admin.getByLabel('Email')).toBeFocused()
  await expect(admin.getByLabel('Email')).toHaveAttribute('aria-invalid', 'true')
  await expect(admin.getByRole('alert')).toHaveText('Enter an email address.')
  await admin.getByLabel('Email').fill(long)
  await expect(dialog(admin)).toContainText('is already a member')
  expect(await height(), 'the dialog does not jump').toBe(foot)
  await admin.getByLabel('Email').fill('new@example.com')
  await send.click({ force: true })
  await expect(dialog(admin).getByRole('combobox', { name: /^Role/ })).toBeFocused()
  await expect(admin.getByRole('alert')).toHaveText('Select a role.')
  expect(await height(), 'the dialog does not jump').toBe(foot)
})

// Half a border stood above "Remove …", and its text 4 pixels too low; the sentence about
// suspending stood beside no such button; and the request was to be found among forty.
test('a member’s page decides about who is pending, and draws its buttons whole', async ({ browser }) => {
  await invites(admin, ['nora@example.com'])
  await (await accepts(browser, 'nora@example.com')).context().close()
  const [nora] = await listed<{ id: string }>('members', '--search', 'nora')
  await admin.goto(`/admin/settings/members/${nora!.id}`)
  await expect(admin.locator('main')).toContainText('Awaiting approval.')
  await expect(admin.locator('main')).toContainText('Requested role')
  await expect(admin.locator('main')).not.toContainText('Suspending')
  await expect(admin.getByRole('link', { name: 'Review the request' })).toHaveAttribute('href', /requests\?q=nora%40example\.com/)
  const drawn = await button(admin, 'Remove …').evaluate((e) => {
    const s = getComputedStyle(e)
    return { top: [s.borderTopColor, s.paddingTop], bottom: [s.borderBottomColor, s.paddingBottom] }
  })
  expect(drawn.top).toEqual(drawn.bottom)
  await button(admin, 'Remove …').click()
  await expect(button(admin, 'Cancel'), 'the focus is on what does no harm').toBeFocused()
  await button(admin, 'Cancel').click()
  await expect(button(admin, 'Remove …')).toBeFocused()

  const choose = async (role: string) => {
    await admin.getByRole('combobox', { name: /^Roles to approve/ }).click()
    await admin.getByRole('option', { name: new RegExp(`^${role}`) }).click()
    await admin.keyboard.press('Escape')
  }
  await choose('AILoop')
  await expect(admin.locator('main').getByText('Access to AILoop and Fleet (Data Lake, Flows).')).toBeVisible()
  await expect(admin.locator('main').getByText('Nothing in')).toHaveCount(0)
  await choose('Admin')
  await admin.locator('main').getByRole('button', { name: 'Approve', exact: true }).click()
  await expect(admin.locator('main').getByRole('alert')).toHaveText('This role can manage other members. Select “Approve anyway” to confirm.')
  await choose('Admin')
  await admin.locator('main').getByRole('button', { name: 'Approve', exact: true }).click()
  await expect(admin.locator('main').locator('.facts').getByText('Active')).toBeVisible()
})

// A role that approves but may not see was saved without a word, and whoever had it, or
// a role for the audit log alone, got "The console cannot start".
test('a permission brings what it needs, and any role of the console opens it', async ({ browser }) => {
  await admin.goto('/admin/settings/roles?role')
  await admin.getByLabel('Approve and reject').check()
  await expect(admin.getByLabel('See members and requests')).toBeChecked()
  await admin.getByLabel('See members and requests').uncheck()
  await expect(admin.getByLabel('Approve and reject')).not.toBeChecked()
  await admin.getByLabel('See the audit log').check()
  await admin.getByLabel('Name').fill('Auditors')
  await button(admin, 'Save role').click()
  await expect(admin.getByRole('columnheader', { name: /Auditors/ })).toBeVisible()
  await doorward('invite', 'aud@example.com', '--role', 'Auditors')
  const page = await accepts(browser, 'aud@example.com')
  await doorward('approve', 'aud@example.com')
  await expect(page).not.toHaveURL(/pending/)
  await page.goto('/admin/')
  await expect(page.getByText('You don’t have access to this page')).toBeVisible()
  await page.getByRole('link', { name: 'Go to Audit log' }).click()
  await expect(page.getByRole('heading', { level: 1, name: 'Audit log' })).toBeVisible()
  await page.context().close()
})

// The toast lay on the lowest rows' buttons, and the row under the keyboard moved its
// buttons aside.
test('a toast covers no button of a row, and buttons keep their columns', async () => {
  await admin.setViewportSize({ width: 1280, height: 640 })
  await admin.goto('/admin/requests')
  const approve = admin.locator('main li .approve')
  const places = () => admin.locator('main li').evaluateAll((all) => all.map((li) => [...li.querySelectorAll('.role .btn, .danger, .approve')].map((e) => Math.round(e.getBoundingClientRect().left)).join()))
  await expect(approve.first()).toBeVisible()
  const before = await places()
  expect(new Set(before).size, 'one column for each button').toBe(1)
  await admin.keyboard.press('j')
  expect(await places()).toEqual(before)
  await button(admin, /^Resend to/).first().click()
  await expect(admin.locator('.toast')).toBeVisible()
  const covered = () => approve.evaluateAll((all) => all.filter((e) => {
    const { x, y, width, height } = e.getBoundingClientRect()
    const top = document.elementFromPoint(x + width / 2, y + height / 2)
    return top && !e.contains(top)
  }).length)
  await admin.evaluate(() => scrollTo(0, 1e6))
  expect(await covered()).toBe(0)
  await admin.setViewportSize({ width: 1280, height: 800 })
})

test('the focus has a place to go, and arrivals are announced', async ({ browser }) => {
  await admin.goto('/admin/settings/members?invite')
  await expect(admin.getByLabel('Email')).toBeFocused()
  await admin.keyboard.press('Escape')
  await button(admin, 'Discard').click() // what an earlier test typed
  await expect(admin.locator('main'), 'after a dialog that was opened by its address').toBeFocused()
  await admin.goto('/admin/audit')
  await invites(admin, ['arrives@example.com'])
  await (await accepts(browser, 'arrives@example.com')).context().close()
  await expect(admin.getByTestId('arrivals')).toHaveText(/^New login request\. \d+ to review\.$/)
  await admin.getByRole('link', { name: /^Login Requests/ }).first().click()
  await expect(requests(admin), 'the keys work at once').toBeFocused()
  await admin.getByRole('link', { name: 'Skip to the requests' }).focus()
  await admin.keyboard.press('Enter')
  await expect(requests(admin)).toBeFocused()
  let stops = 0
  for (; stops < 12 && !(await admin.evaluate(() => document.activeElement?.matches('.approve'))); stops++) await admin.keyboard.press('Tab')
  expect(stops, 'Tab stops from there to the first Approve').toBeLessThan(7)
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
