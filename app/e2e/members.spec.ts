import { readFileSync } from 'node:fs'
import { expect, test, type Page } from '@playwright/test'
import { button, doorward, examine, faults, listed, message, said, shoot, visit } from './harness'

// The tools of the list of members: selecting, changing many at once, a file of them; and
// the palette. Each test continues from the one before.
test.describe.configure({ mode: 'serial' })

let admin: Page
const dialog = (page: Page) => page.getByRole('dialog')
const states = async () => Object.fromEntries((await listed<{ email: string; state: string; roles: string[] }>('members')).map((m) => [m.email, m]))

async function selectAll(): Promise<void> {
  await expect(admin.getByRole('row').nth(1)).toBeVisible()
  await admin.getByLabel('Select the members on this page').check()
}

test('a workspace with six members and three who are invited', async ({ browser }) => {
  admin = await visit(browser, { colorScheme: 'light', reducedMotion: 'reduce' })
  await admin.goto(process.env.SETUP_LINK as string)
  await admin.getByLabel('Workspace name').fill('Night Watch')
  await admin.getByLabel('Your name').fill('Grace Hopper')
  await admin.getByLabel('Your email').fill('grace@example.org')
  await admin.locator('main form button').first().click()
  await expect(admin.getByRole('heading', { name: 'Dashboard' })).toBeVisible()
  for (let i = 0; i < 9; i++) {
    await doorward('invite', `m${i}@example.com`, '--role', i % 2 ? 'Fleet' : 'AILoop')
    if (i < 6) await doorward('approve', `m${i}@example.com`)
  }
})

// Twenty members got a role by twenty dialogs; or one dialog took their other roles away.
test('roles are added to many at once, and it can be undone', async () => {
  await admin.goto('/admin/settings/members')
  await selectAll()
  await expect(admin.getByText('10 selected')).toBeVisible()
  await button(admin, 'Change roles').click()
  await dialog(admin).getByRole('combobox', { name: /^Roles/ }).click()
  await admin.getByRole('option', { name: /^Fleet/ }).click()
  await expect(dialog(admin)).toContainText('3 members have these roles already.')
  await expect(dialog(admin)).toContainText('4 selected accounts won’t change: pending accounts and your own are skipped.')
  await expect(dialog(admin).getByRole('listitem').filter({ hasText: 'm0@example.com' })).toContainText('AILoop and Fleet')
  await dialog(admin).getByRole('radio', { name: 'Remove roles' }).check()
  await expect(dialog(admin)).toContainText('3 members would be left without a role, so their roles stay as they are.')
  await dialog(admin).getByRole('radio', { name: 'Add roles' }).check()
  await examine(admin, 'members-roles', { covered: true })
  await button(admin, 'Change roles of 3 members').click()
  await expect(dialog(admin)).toHaveCount(0)
  await expect(admin.getByText('Roles of 3 members changed.')).toBeVisible()
  expect((await states())['m0@example.com']!.roles).toEqual(['AILoop', 'Fleet'])
  await button(admin, /^Undo/).click()
  await expect.poll(async () => (await states())['m0@example.com']!.roles).toEqual(['AILoop'])
  expect((await states())['grace@example.org']!.roles, 'nobody changes themselves').toEqual(['Admin'])
})

// Somebody began by mistake, pressed Esc, and was asked whether to discard what was typed.
test('Esc stops a change of many, and says how far it came', async () => {
  await selectAll()
  let release = (): void => undefined
  const held = new Promise<void>((done) => (release = done))
  await admin.route('**/suspend', async (route) => {
    await held
    await route.continue()
  })
  await button(admin, 'Suspend').click()
  await button(admin, 'Suspend 6 members').click()
  await expect(dialog(admin)).toContainText('0 of 6')
  await admin.keyboard.press('Escape')
  release()
  await expect(dialog(admin)).toContainText('4 succeeded. 2 not started.')
  await admin.keyboard.press('Escape')
  await expect(dialog(admin)).toHaveCount(0)
  await expect(admin.getByText('2 selected'), 'those who are left').toBeVisible()
  await admin.unrouteAll()
  const now = Object.values(await states())
  expect(now.filter((m) => m.state === 'suspended')).toHaveLength(4)
  await button(admin, 'Clear selection').click()
  for (const m of now) if (m.state === 'suspended') await doorward('unsuspend', m.email)
  await expect(admin.locator('main').getByRole('row').filter({ hasText: 'Suspended' })).toHaveCount(0)
})

// One of them was removed meanwhile: nobody learned whom it was about.
test('a change of many says what became of each', async () => {
  await selectAll()
  await button(admin, 'Suspend').click()
  await expect(dialog(admin)).toContainText('Suspend 6 members?')
  await doorward('remove', 'm3@example.com', '--yes')
  await button(admin, 'Suspend 6 members').click()
  await expect(dialog(admin)).toContainText('5 succeeded. 1 failed.')
  await expect(dialog(admin).getByRole('listitem').first()).toContainText(/m3@example\.com This account was already removed/)
  await examine(admin, 'members-results', { covered: true })
  await dialog(admin).getByText('Close', { exact: true }).click()
  await expect(admin.getByText('1 selected'), 'whom it failed for').toBeVisible()
  await button(admin, 'Clear selection').click()
  const now = await states()
  expect(Object.values(now).filter((m) => m.state === 'suspended')).toHaveLength(5)
  expect(now['grace@example.org']!.state, 'nobody suspends themselves').toBe('active')
})

test('those who were removed are gone, and only those who were selected', async () => {
  await admin.getByLabel('Search members').fill('m1')
  await expect(admin.getByRole('row')).toHaveCount(2)
  await admin.getByLabel('Select m1@example.com').check()
  await button(admin, 'Remove').click()
  await expect(dialog(admin)).toContainText('This cannot be undone.')
  await button(admin, 'Cancel').click()
  expect((await states())['m1@example.com']).toBeDefined()
  await button(admin, 'Remove').click()
  await button(admin, 'Remove 1 member').click()
  await expect(dialog(admin)).toHaveCount(0)
  const now = await states()
  expect(now['m1@example.com']).toBeUndefined()
  expect(Object.keys(now)).toHaveLength(8)
})

test('the members as a file, by the filter that is shown', async () => {
  await admin.goto('/admin/settings/members?state=suspended')
  await expect(admin.getByRole('row')).toHaveCount(5)
  const download = admin.waitForEvent('download')
  await button(admin, 'Export as CSV').click()
  const text = readFileSync(await (await download).path(), 'utf8')
  expect(text.charCodeAt(0), 'Excel reads it as UTF-8').toBe(0xfeff)
  expect(text.trim().split('\r\n')).toHaveLength(5)
  expect(text).toContain('"m0@example.com"')
})

test('a phone has room for it', async () => {
  await admin.setViewportSize({ width: 390, height: 844 })
  await admin.goto('/admin/settings/members')
  await selectAll()
  await examine(admin, 'members-selected-390')
  for (const width of [320, 390, 560, 768, 880, 1024, 1280, 1920]) {
    await admin.setViewportSize({ width, height: 800 })
    expect(await admin.evaluate(() => document.documentElement.scrollWidth - innerWidth), `at ${width}`).toBeLessThanOrEqual(0)
  }
  await admin.setViewportSize({ width: 1280, height: 800 })
})

test('the palette goes to pages, members and commands by the keyboard', async () => {
  await admin.goto('/admin/')
  await expect(admin.getByRole('heading', { level: 1, name: 'Dashboard' })).toBeVisible()
  await admin.keyboard.press('Control+k')
  const input = dialog(admin).getByRole('combobox')
  await expect(input).toBeFocused()
  await examine(admin, 'palette', { covered: true })
  await admin.keyboard.type('api tok')
  await expect(admin.getByRole('option')).toHaveText(['API tokens'])
  await admin.keyboard.press('Enter')
  await expect(admin).toHaveURL(/\/admin\/settings\/tokens$/)

  await button(admin, 'Search').click()
  await input.fill('m2')
  await expect(admin.getByRole('option', { name: /^m2@example.com/ })).toHaveAttribute('aria-selected', 'true')
  await admin.keyboard.press('Enter')
  await expect(dialog(admin)).toHaveCount(0)
  await expect(admin.getByRole('heading', { level: 1 })).toHaveText('m2@example.com')

  await admin.keyboard.press('Control+k')
  await input.fill('user invite')
  await admin.keyboard.press('Enter')
  await expect(dialog(admin).getByLabel('Email')).toBeFocused()
  await admin.keyboard.press('Escape')
  await admin.keyboard.press('Control+k')
  await input.fill('qqqq')
  await expect(dialog(admin).getByRole('status')).toHaveText('Nothing found.')
  await shoot(admin, 'palette-none')
  await admin.keyboard.press('Escape')
})

// Who is quick pressed Ctrl+K and typed on. The first words went nowhere, because the palette
// was still being loaded.
test('what is typed before the palette is there is in it', async ({ browser }) => {
  const page = await visit(browser, { reducedMotion: 'reduce' })
  await page.context().addCookies(await admin.context().cookies())
  let loaded = (): void => undefined
  const held = new Promise<void>((done) => (loaded = done))
  await page.route(/\/assets\/Palette-/, async (route) => {
    await held
    await route.continue()
  })
  await page.goto('/admin/')
  const opener = button(page, 'Search')
  const asked = page.waitForRequest(/\/assets\/Palette-/)
  await opener.click()
  await page.keyboard.type('apij')
  await page.keyboard.press('Backspace')
  await page.keyboard.press('Tab')
  await page.keyboard.press('Enter')
  await page.keyboard.press('Control+k')
  await asked
  await expect(page.getByRole('textbox', { name: 'A page, a member, or what you want to do' })).toHaveValue('api')
  await examine(page, 'palette-awaited', { covered: true })
  const list = page.getByRole('listbox')
  await expect(list).toHaveCount(0)

  // No key press falls between the field and the palette that takes its place.
  await page.evaluate(() => {
    const field = document.querySelector('[role=dialog] input') as HTMLElement
    new MutationObserver((_, it) => {
      if (field.isConnected) return
      it.disconnect()
      setTimeout(() => (document.title = `then: ${document.activeElement?.getAttribute('role')}`))
    }).observe(document.body, { childList: true, subtree: true })
  })
  loaded()
  await expect(list).toBeVisible()
  await expect(page).toHaveTitle('then: combobox')
  await page.keyboard.type(' tok')
  const input = dialog(page).getByRole('combobox')
  await expect(input).toHaveValue('api tok')
  await expect(page.getByRole('option')).toHaveText(['API tokens'])
  await input.fill('')
  await page.keyboard.press('Escape')
  await expect(dialog(page)).toHaveCount(0)
  await expect(opener).toBeFocused()
  await page.context().close()
})

test('the palette has the guides, the exports, and what can be done to a member', async () => {
  const input = dialog(admin).getByRole('combobox')
  const chosen = admin.locator('[role=option][aria-selected=true]')
  const find = async (words: string, first: string) => {
    await admin.keyboard.press('Control+k')
    await input.fill(words)
    await expect(chosen).toContainText(first)
  }
  await find('running', 'Running Doorward')
  await admin.keyboard.press('Enter')
  await expect(admin).toHaveURL(/\/admin\/help\/operating$/)
  await find('export members', 'Export members as CSV')
  const download = admin.waitForEvent('download')
  await admin.keyboard.press('Enter')
  expect((await download).suggestedFilename()).toBe('members.csv')
  await expect(dialog(admin)).toHaveCount(0)

  await doorward('invite', 'palette@example.com', '--role', 'Fleet', '--name', 'Paula Palette')
  await doorward('invite', 'chief@example.com', '--role', 'Admin')
  await find('resend paula', 'Resend to Paula Palette')
  await admin.keyboard.press('Enter')
  await said(admin, 'palette@example.com')
  await find('approve pal', 'Approve Paula Palette')
  await admin.keyboard.press('Enter')
  await said(admin, 'Paula Palette approved (Fleet).')
  await find('paula', 'Paula Palette')
  await expect(admin.getByRole('option')).toHaveText([/Paula Palette/, /^Suspend Paula Palette/, /^Remove Paula Palette …/])
  await admin.keyboard.press('ArrowDown')
  await admin.keyboard.press('Enter')
  await expect.poll(async () => (await states())['palette@example.com']?.state).toBe('suspended')

  await find('remove paula', 'Remove Paula Palette')
  await examine(admin, 'palette-verbs', { covered: true })
  await admin.keyboard.press('Enter')
  await expect(button(admin, 'Cancel'), 'it asks first').toBeFocused()
  await admin.keyboard.press('Enter')
  await expect(button(admin, 'Cancel')).toHaveCount(0)
  await find('remove paula', 'Remove Paula Palette')
  await admin.keyboard.press('Enter')
  await button(admin, 'Remove permanently').click()
  await expect.poll(async () => Object.keys(await states())).not.toContain('palette@example.com')

  await find('approve chief', 'Approve chief@example.com')
  await admin.keyboard.press('Enter')
  await expect(admin.getByRole('alert'), 'an Admin is not approved by one press').toBeVisible()
  expect((await states())['chief@example.com']?.state).toBe('pending')
  await find('reject chief', 'Reject & Delete chief@example.com')
  await admin.keyboard.press('Enter')
  await dialog(admin).getByRole('button', { name: 'Reject & Delete' }).click()
  await expect.poll(async () => Object.keys(await states())).not.toContain('chief@example.com')
  await find('grace', 'Grace Hopper')
  await expect(admin.getByRole('option'), 'nobody removes themselves').toHaveText([/Grace Hopper/])
  await admin.keyboard.press('Escape')
})

test('the account menu leads to a page of one’s own, with the name and the sessions', async () => {
  await button(admin, /^Account:/).click()
  await admin.getByRole('menuitem', { name: 'Your account' }).click()
  await expect(admin.getByRole('heading', { level: 1, name: 'Grace Hopper' })).toBeVisible()
  await expect(admin.getByText('you', { exact: true })).toBeVisible()
  await admin.getByLabel('Name').fill('Grace B. Hopper')
  await button(admin, 'Save name').click()
  await expect(button(admin, /^Account:/)).toContainText('Grace B. Hopper')
  await admin.getByLabel('Name').fill('Grace Hopper')
  await button(admin, 'Save name').click()
  await expect(button(admin, /^Account:/)).toContainText('Grace Hopper')
  await expect(admin.getByRole('heading', { name: /sessions/i })).toBeVisible()
})

// Who might see members and not change them, or not even see them, had no way to their own name.
test('everybody changes their own name', async ({ browser }) => {
  const change = async (may: string[], email: string) => {
    const role = await admin.evaluate(async (permissions) => (await fetch('/api/v1/roles/Own%20name', { method: 'PUT', headers: { 'content-type': 'application/json' }, body: JSON.stringify({ permissions }) })).status, may)
    expect(role).toBeLessThan(300)
    await doorward('invite', email, '--role', 'Own name', '--name', 'Old Name')
    const page = await visit(browser)
    await page.goto((await message(email)).link)
    await page.locator('main form button').first().click()
    await doorward('approve', email)
    await expect(page).toHaveURL('/')
    await page.goto('/admin/')
    await button(page, /^Account:/).click()
    await page.getByRole('menuitem', { name: 'Your account' }).click()
    await page.getByLabel('Name').fill('New Name')
    await button(page, 'Save name').click()
    await expect(button(page, /^Account:/)).toContainText('New Name')
    expect((await listed<{ email: string; name: string }>('members', '--search', email))[0]!.name).toBe('New Name')
    return page
  }
  const reader = await change(['read members'], 'reads@example.com')
  await expect(reader.getByRole('heading', { level: 1, name: 'New Name' })).toBeVisible()
  await reader.context().close()
  const auditor = await change(['read audit'], 'audits@example.com')
  await expect(dialog(auditor)).toHaveCount(0)
  await auditor.context().close()
})

// Whoever works in another tab did not see that somebody waits.
test('the tab says how many await a decision', async ({ browser }) => {
  await expect(admin, 'those who are invited count').toHaveTitle(/^\(3\) /)
  await doorward('invite', 'tab@example.com', '--role', 'Fleet')
  await expect(admin, 'the badge, and the title of the native window, count her').toHaveTitle(/^\(4\) /)
  await expect(admin.getByRole('banner').getByTestId('badge')).toContainText('4')
  await expect(admin.locator('link[rel=icon]'), 'she has to accept first').not.toHaveAttribute('href', /awaited/)
  const guest = await visit(browser)
  await guest.goto((await message('tab@example.com')).link)
  await guest.locator('main form button').first().click()
  await expect(admin.locator('link[rel=icon]')).toHaveAttribute('href', /sign-awaited/)
  await expect(admin).toHaveTitle(/^\(4\) /)
  await doorward('approve', 'tab@example.com')
  await expect(admin).toHaveTitle(/^\(3\) /)
  await expect(admin.locator('link[rel=icon]')).not.toHaveAttribute('href', /awaited/)
  await expect(guest).toHaveURL('/')
  await guest.context().close()
})

// An invitation that never arrived looked like one that nobody had accepted yet.
test('an invitation whose email failed stands out in the list', async () => {
  await doorward('invite', 'lost@example.com', '--role', 'Fleet')
  await admin.route((url) => url.pathname === '/api/v1/members', async (route) => {
    const answer = await route.fetch()
    const page = (await answer.json()) as { items: { email: string; delivery?: object }[] }
    for (const m of page.items) if (m.email === 'lost@example.com') m.delivery = { ...m.delivery, state: 'failed', detail: '550 No such user here' }
    await route.fulfill({ response: answer, json: page })
  })
  await admin.goto('/admin/settings/members?q=example.com')
  await expect(admin.getByRole('row', { name: /lost@example\.com/ })).toContainText('Email failed')
  await expect(admin.getByText('Email failed')).toHaveCount(1)
  await examine(admin, 'members-failed')
  await admin.unroute((url) => url.pathname === '/api/v1/members')
})

test('no page misbehaved', () => expect(faults).toEqual([]))
