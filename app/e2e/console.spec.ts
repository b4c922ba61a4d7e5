import { readFileSync } from 'node:fs'
import { expect, test, type Browser, type Page } from '@playwright/test'
import { button, choose, dialog, doorward, examine, faults, listed, message, place, row, said, visit } from './harness'

// The console, step by step: each test continues from the one before. What it shows when
// something is away, slow, refused or over is in trouble.spec.ts.
test.describe.configure({ mode: 'serial' })

const grace = 'grace@example.org'
const annie = 'annie@example.org'
let admin: Page // Grace's console
let second: Page // Annie's, open at the same time

const badge = (page: Page) => page.getByRole('banner').getByTestId('badge')

// waits invites somebody on the command line, and accepts the invitation for them.
async function waits(browser: Browser, email: string, role = 'Fleet'): Promise<Page> {
  await doorward('invite', email, '--role', role)
  const page = await visit(browser)
  await page.goto((await message(email)).link)
  await page.getByRole('button', { name: 'Accept the invitation' }).click()
  await expect(page.getByText('Account Pending Approval')).toBeVisible()
  return page
}

test('a first visit is small, and shows the way to the first invitation', async ({ browser }) => {
  admin = await visit(browser)
  await admin.goto(process.env.SETUP_LINK as string)
  await admin.getByLabel('Workspace name').fill('Night Watch')
  await admin.getByLabel('Your name').fill('Grace Hopper')
  await admin.getByLabel('Your email').fill(grace)
  const network = await admin.context().newCDPSession(admin)
  await network.send('Network.enable')
  const sizes: number[] = []
  network.on('Network.loadingFinished', (e) => sizes.push(e.encodedDataLength))
  await admin.getByRole('button', { name: 'Create workspace' }).click()
  await expect(admin.getByRole('heading', { name: 'Dashboard' })).toBeVisible()
  await expect(admin.getByText('Finish setting up Night Watch')).toBeVisible()
  expect(sizes.length, 'what was loaded was seen').toBeGreaterThan(5)
  expect(sizes.reduce((a, b) => a + b), 'bytes over the wire on a first visit').toBeLessThan(120_000)
})

test('Settings, Membership & Permissions, Invite New User, Send Invitation: an email arrives', async () => {
  await place(admin, 'Settings')
  await place(admin, 'Membership & Permissions')
  await button(admin, 'Invite New User').click()
  await expect(admin.getByLabel('Email'), 'one can type at once').toBeFocused()
  const send = button(admin, 'Send Invitation')
  await expect(send).toHaveAccessibleDescription(/Enter an email address/)
  await admin.getByLabel('Email').fill('Ada@Exmaple.org')
  await button(admin, 'Ada@example.org').click()
  await expect(admin.getByLabel('Email')).toHaveValue('Ada@example.org')
  await admin.getByLabel('Email').fill('ada@example.com')
  await expect(send).toHaveAccessibleDescription(/Select a role/)
  await choose(admin, /^Role: /, 'Fleet')
  await expect(admin.getByText('Access to Fleet (Data Lake, Flows).').first()).toBeVisible()
  await admin.getByLabel('Name').fill('Ada Lovelace')
  await admin.getByLabel('Note').fill('Welcome to route planning')
  await expect(admin.getByText('The link will point to')).toBeVisible()
  await send.click()

  await expect(admin.getByRole('heading', { name: 'Invitation created for Ada Lovelace' })).toBeVisible()
  const { text } = await message('ada@example.com')
  expect(text).toContain('Welcome to route planning')
  await said(admin, /The mail server accepted the email/)
  await button(admin, 'Copy link').click()
  const link = await admin.getByLabel(/this link|clipboard/i).inputValue()
  expect(link).toContain('/login/')
  expect(link, 'it is a new one').not.toBe((await message('ada@example.com')).link)
  await button(admin, 'Done').click()
  await expect(admin.getByRole('heading', { name: 'Ada Lovelace' })).toBeVisible()
})

test('the dialog tells apart members, invited, and one letter off', async () => {
  await button(admin, 'Invite New User').click()
  await admin.getByLabel('Email').fill('ada@example.com')
  await said(admin, /has already been invited/)
  await admin.getByLabel('Email').fill(grace.toUpperCase())
  await said(admin, /is already a member/)
  await said(admin, grace)
  await admin.getByLabel('Email').fill('bob@gmial.com')
  await said(admin, /Did you mean bob@gmail.com/)
  await choose(admin, /^Role: /, 'Admin')
  await said(admin, /Admins can invite, approve and manage everyone/)
  await admin.keyboard.press('Escape')
  await button(admin, 'Discard').click()
  await expect(dialog(admin)).toHaveCount(0)
})

test('somebody waits: the notification and the red badge, in both consoles', async ({ browser }) => {
  await doorward('invite', annie, '--role', 'Admin')
  await doorward('approve', annie)
  second = await visit(browser)
  const [{ login_link: link }] = await listed<{ login_link: string }>('login-link', annie)
  await second.goto(link)
  await second.getByRole('button', { name: /Sign in/ }).click()
  await expect(second).toHaveURL('/')
  await second.goto('/admin/')
  await expect(badge(second)).toHaveText('1 waiting')

  await waits(browser, 'katherine@example.com', 'AILoop')
  await waits(browser, 'bob@example.com')
  await place(admin, 'Dashboard')
  for (const page of [admin, second]) {
    await expect(page.getByText('2 people are waiting for your approval')).toBeVisible()
    await expect(badge(page)).toHaveText('3 waiting')
  }
})

test('Review, Review Pending Requests, Approve: the other console knows by itself', async () => {
  await button(admin, 'Review').click()
  await expect(admin.getByRole('heading', { name: 'Review Pending Requests' })).toBeVisible()
  await expect(admin.getByRole('tab', { name: 'Login Requests 3 waiting' })).toHaveAttribute('aria-selected', 'true')
  await second.goto('/admin/requests')
  await expect(row(second, 'katherine@example.com')).toContainText('Email verified')
  await expect(row(second, 'Ada Lovelace')).toContainText('Invited')

  const gone = row(second, 'katherine@example.com').waitFor({ state: 'detached' })
  await button(admin, 'Approve katherine@example.com').click()
  await gone // the benchmark measures how soon
  await said(admin, 'katherine@example.com approved (AILoop).')
  for (const page of [admin, second]) await expect(badge(page)).toHaveText('2 waiting')
  expect((await message('katherine@example.com', 'was approved')).text).toContain('Night Watch')
})

test('the roles can be changed in the same step', async () => {
  await choose(admin, 'Roles for bob@example.com: Fleet', 'AILoop')
  await admin.keyboard.press('Escape')
  await button(admin, 'Approve bob@example.com').click()
  await said(admin, 'bob@example.com approved (Fleet and AILoop).')
  const [bob] = await listed('members', '--search', 'bob')
  expect(bob).toMatchObject({ state: 'active', roles: expect.arrayContaining(['Fleet', 'AILoop']) })
})

test('an approval is undone: pending again, in both consoles, and nobody is emailed', async ({ browser }) => {
  const uma = await waits(browser, 'uma@example.com')
  await button(admin, 'Approve uma@example.com').click()
  await said(admin, 'uma@example.com approved (Fleet).')
  await expect(uma.getByRole('heading', { name: /^Hello/ })).toBeVisible()
  await button(admin, 'Undo').last().click()
  await said(admin, 'Undone: uma@example.com is pending again. No email was sent.')
  for (const page of [admin, second]) await expect(row(page, 'uma@example.com')).toBeVisible()
  expect((await uma.goto('/fleet'))?.url()).toContain('/pending')
  expect((await listed<{ to: string; kind: string }>('outbox')).filter((m) => m.to === 'uma@example.com' && m.kind === 'approved')).toEqual([])

  await row(admin, 'uma@example.com').focus()
  await admin.keyboard.press('a')
  await said(admin, 'uma@example.com approved (Fleet).')
  await admin.keyboard.press('z')
  await expect(row(admin, 'uma@example.com')).toBeVisible()
  await doorward('reject', 'uma@example.com', '--yes')
})

test('if another Admin was faster: who, what, when', async ({ browser }) => {
  await waits(browser, 'carol@example.com')
  const stale = await second.context().newPage()
  // It hears nothing: neither a stream of its own nor that of the other tabs.
  await stale.addInitScript(() => Object.defineProperty(Navigator.prototype, 'locks', { get: () => undefined }))
  await stale.route('**/api/v1/events', (r) => r.abort())
  await stale.goto('/admin/requests')
  await expect(row(stale, 'carol@example.com')).toBeVisible()
  await expect(row(admin, 'carol@example.com')).toBeVisible()
  await button(admin, 'Approve carol@example.com').click()
  await said(admin, 'carol@example.com approved')

  await button(stale, 'Approve carol@example.com').click()
  await expect(stale.getByRole('alert')).toContainText(/was already approved by (Grace Hopper|grace@example.org)/)
  await expect(stale.getByRole('alert'), 'the name is said once').not.toContainText('carol@example.com: carol')
  await expect(row(stale, 'carol@example.com')).toHaveCount(0)
  await stale.close()
})

test('Reject & Delete says what will be gone, and tells them if asked to', async ({ browser }) => {
  await waits(browser, 'dave@example.com')
  await button(admin, 'Reject & Delete dave@example.com').click()
  await expect(admin).toHaveURL(/reject=/)
  await expect(dialog(admin)).toContainText('deleted permanently')
  await expect(dialog(admin)).toContainText('dave@example.com')
  await admin.getByLabel('Notify them by email').check()
  await admin.getByLabel('Reason').fill('The team is full this year.')
  await button(admin, 'Reject & Delete').click()

  await said(admin, 'dave@example.com was rejected and deleted.')
  await expect(row(second, 'dave@example.com')).toHaveCount(0)
  expect((await message('dave@example.com', '', 3)).text).toContain('The team is full this year.')
  expect(await listed('members', '--search', 'dave')).toEqual([])
  await button(admin, 'Invite New User').click()
  await admin.getByLabel('Email').fill('dave@example.com')
  await said(admin, /This address was rejected .*You can invite it again/)
  await button(admin, 'Cancel').click()
})

test('many at once, and by the keyboard alone', async ({ browser }) => {
  for (const name of ['erin', 'frank', 'gina']) await waits(browser, `${name}@example.com`)
  await expect(badge(admin)).toHaveText('4 waiting')
  const at = () => admin.evaluate(() => document.activeElement?.getAttribute('aria-label'))
  await admin.getByRole('region', { name: 'Login requests' }).focus()
  await admin.keyboard.press('?')
  await expect(dialog(admin)).toContainText('Show shortcuts')
  await admin.keyboard.press('Escape')
  await expect(dialog(admin)).toHaveCount(0)

  await admin.keyboard.press('j')
  expect(await at()).toBe('erin@example.com')
  await admin.keyboard.press('x')
  await admin.keyboard.press('j')
  expect(await at()).toBe('frank@example.com')
  await admin.keyboard.press('x')
  await said(admin, '2 selected')
  await admin.keyboard.press('a')
  await said(admin, '2 requests approved.')
  await expect(badge(second)).toHaveText('2 waiting')

  await admin.keyboard.press('/')
  await admin.keyboard.type('gina')
  await expect(row(admin, 'Ada Lovelace')).toHaveCount(0)
  await admin.keyboard.press('Escape')
  await admin.keyboard.press('j')
  expect(await at()).toBe('gina@example.com')
  await admin.keyboard.press('r')
  await expect(dialog(admin)).toContainText('Reject gina@example.com?')
  for (let i = 0; i < 6 && (await admin.evaluate(() => document.activeElement?.textContent)) !== 'Reject & Delete'; i++) await admin.keyboard.press('Tab')
  await admin.keyboard.press('Enter')
  await said(admin, 'gina@example.com was rejected and deleted.')
  await expect(badge(second)).toHaveText('1 waiting')
})

test('a member’s page: roles, suspend, restore, remove', async ({ browser }) => {
  const bob = await visit(browser)
  await bob.goto('/login')
  await bob.getByLabel('Email').fill('bob@example.com')
  await bob.getByRole('button', { name: 'Send me a link' }).click()
  await bob.getByLabel('Code from the email').fill((await message('bob@example.com', 'Sign in')).code)
  await bob.getByRole('button', { name: 'Sign in' }).click()
  await expect(bob.getByRole('heading', { name: /^Hello/ })).toBeVisible()

  await place(admin, 'Membership & Permissions')
  await admin.getByLabel('Search members').fill('bob')
  await expect(admin.getByText('1 member found')).toBeVisible()
  await admin.getByRole('link', { name: 'Manage access for bob@example.com' }).click()
  await expect(admin).toHaveURL(/\/settings\/members\/[a-z2-7]{26}$/)
  await expect(admin.getByRole('heading', { level: 1 })).toHaveText('bob@example.com')
  await expect(admin.locator('main')).toContainText('with an email code')
  await choose(admin, /^Roles: /, 'AILoop')
  await admin.keyboard.press('Escape')
  await button(admin, 'Save roles').click()
  await said(admin, 'bob@example.com now has Fleet')
  expect((await bob.goto('/ailoop'))?.status()).toBe(403)
  await button(admin, 'Undo').last().click()
  await said(admin, 'Undone: bob@example.com has Fleet and AILoop again.')
  await expect(admin.getByRole('heading', { level: 1 })).toHaveText('bob@example.com')
  expect((await bob.goto('/ailoop'))?.status()).toBe(200)

  await button(admin, 'Suspend').click()
  await said(admin, 'has been suspended')
  expect((await bob.goto('/fleet'))?.status()).toBe(403)
  await button(admin, 'Undo').last().click()
  await said(admin, 'Undone: bob@example.com is active again, with the same sessions.')
  expect((await bob.goto('/fleet'))?.status()).toBe(200)

  await button(admin, 'Suspend').click()
  await said(admin, 'has been suspended')
  await expect(admin.locator('main')).toContainText('Not signed in anywhere.')
  expect((await bob.goto('/fleet'))?.status()).toBe(403)
  await button(admin, 'Restore').click()
  await said(admin, 'has been restored')
  await button(admin, 'Remove …').click()
  await button(admin, 'Remove permanently').click()
  await said(admin, 'bob@example.com was removed.')
  expect(await listed('members', '--search', 'bob')).toEqual([])
})

test('Bulk invite: nothing is sent before the review; the results can be kept', async () => {
  await admin.goto('/admin/settings/members')
  await button(admin, 'Bulk invite').click()
  await admin.getByLabel('People').fill('email,role,name\nhal@example.com,Fleet,Hal\nnonsense,Fleet,\ngrace@example.org,Fleet,\nivy@example.com,AILoop;Fleet,Ivy')
  await button(admin, 'Check 4 rows').click()
  await expect(dialog(admin)).toContainText('2 people can be invited, 2 rows have errors')
  expect(await listed('members', '--search', 'hal')).toEqual([])
  await button(admin, 'Send 2 Invitations').click()
  await expect(dialog(admin)).toContainText('2 invitations created.')
  const download = admin.waitForEvent('download')
  await button(admin, 'Download results').click()
  const kept = readFileSync(await (await download).path(), 'utf8')
  expect(kept.split('\r\n')).toEqual(['\uFEFFrow,email,name,result,code,detail', '2,hal@example.com,Hal,invited,,Invited.', '5,ivy@example.com,Ivy,invited,,Invited.', ''])
  await button(admin, 'Done').click()
  expect((await message('ivy@example.com')).text).toContain('AILoop')
})

test('roles, tokens, settings, a test email, the audit log and the outbox', async () => {
  await place(admin, 'Roles')
  await button(admin, 'New role').click()
  await admin.getByLabel('Name').fill('Pilots')
  await admin.getByLabel('Fleet: Flows').check()
  await button(admin, 'Save role').click()
  await expect(admin.getByRole('columnheader', { name: /Pilots/ })).toBeVisible()

  await place(admin, 'API tokens')
  await button(admin, 'New token').click()
  await admin.getByLabel('Name').fill('nightly')
  await choose(admin, /^Roles: /, 'Pilots')
  await button(admin, 'Create token').click()
  expect(await admin.getByLabel('Token', { exact: true }).inputValue()).toMatch(/^dw_/)
  await button(admin, 'Done').click()
  await expect(admin.getByRole('heading', { name: 'nightly' })).toBeVisible()

  await place(admin, 'General')
  await admin.getByLabel('Name').fill('Night Watch II')
  await button(admin, 'Save name').click()
  await expect(admin.getByRole('link', { name: 'Night Watch II' })).toBeVisible()

  await admin.goto('/admin/settings/mail')
  await button(admin, 'Send a test').click()
  await said(admin, /The mail server accepted the test email.*Server response/)
  await place(admin, 'Audit log')
  await expect(admin.getByText(/Audit log verified: \d+ entries/)).toBeVisible()
  await choose(admin, /^Action/, 'rejected')
  await expect(admin.getByText('3 entries')).toBeVisible()
  const download = admin.waitForEvent('download')
  await button(admin, 'Export').click()
  await admin.getByRole('menuitem', { name: /CSV/ }).click()
  expect(readFileSync(await (await download).path(), 'utf8').trim().split(/\r?\n/)).toHaveLength(4)
  await admin.goto('/admin/mail')
  await expect(admin.getByRole('row', { name: 'ivy@example.com' }).first()).toBeVisible()
  await expect(button(admin, /^Preview .* to ivy@example.com/), 'its content is gone').toHaveCount(0)
  await admin.getByLabel('Search by recipient').fill('IVY@')
  await expect(admin).toHaveURL(/q=IVY/)
  await expect(admin.getByRole('row', { name: 'grace@example.org' })).toHaveCount(0)
  await choose(admin, /^Status: /, 'Failed')
  await expect(admin.getByText('No matching emails')).toBeVisible()
  await choose(admin, /^Status: /, 'Sent')
  await choose(admin, /^Kind: /, 'Invitation')
  await expect(admin.getByRole('row', { name: 'ivy@example.com' })).toHaveCount(1)
  await admin.getByRole('link', { name: 'Email log' }).first().click()
  await expect(admin).toHaveURL(/\/admin\/mail$/)
})

test('every dialog opens by the keyboard, keeps Tab inside, and gives the focus back', async () => {
  const openers: [string, string | RegExp][] = [
    ['/settings/members', 'Invite New User'], ['/settings/members', 'Bulk invite'], ['/mail', /^Delete … .* to ada/], ['/settings/roles', 'New role'], ['/settings/roles', /^Edit Pilots|^Pilots/], ['/settings/tokens', 'New token'],
  ]
  for (const [path, name] of openers) {
    await admin.goto(`/admin${path}`)
    const opener = button(admin, name).first()
    await opener.focus()
    await admin.keyboard.press('Enter')
    await expect(dialog(admin)).toBeVisible()
    const stops = await dialog(admin).locator('a[href], button:enabled, input:enabled, textarea:enabled, [role=combobox], summary').count()
    for (let i = 0; i <= stops; i++) {
      await admin.keyboard.press('Tab')
      expect(await admin.evaluate(() => !!document.activeElement?.closest('[role=dialog]')), `${name}: Tab ${i + 1} stays in the dialog`).toBe(true)
    }
    await admin.keyboard.press('Escape')
    await expect(dialog(admin)).toHaveCount(0)
    await expect(opener, `${name} has the focus again`).toBeFocused()
  }
})

test('every view and dialog: light and dark, wide and narrow, without barriers', async () => {
  const [ada] = await listed<{ id: string }>('members', '--search', 'ada')
  const kept = (await listed<{ id: string; kind: string }>('outbox')).find((l) => l.kind === 'approved') as { id: string }
  const views: [string, string][] = [
    ['dashboard', '/'], ['requests', '/requests'], ['members', '/settings/members'], ['member', `/settings/members/${ada.id}`], ['no-member', '/settings/members/nobody'], ['settings', '/settings'], ['roles', '/settings/roles'],
    ['general', '/settings/general'], ['mail-settings', '/settings/mail'], ['security', '/settings/security'], ['tokens', '/settings/tokens'],
    ['audit', '/audit'], ['audit-days', '/audit?first=2030-01-01&last=2030-01-31'], ['mail', '/mail'], ['nobody', '/settings/members?q=nobodyatall'], ['not-here', '/no/such/view'],
  ]
  for (const [name, path] of views) {
    await admin.goto(`/admin${path}`)
    await expect(admin.getByRole('heading', { level: 1 })).toBeVisible()
    await expect(admin.getByRole('status', { name: 'Loading' })).toHaveCount(0)
    await examine(admin, `console-${name}`)
  }
  const dialogs: [string, string][] = [
    ['invite', '/settings/members?invite'], ['invite-many', '/settings/members?invite-many'],
    ['reject', `/requests?reject=${ada.id}`], ['message-gone', `/mail?message=${kept.id}`], ['message-delete', `/mail?delete=${kept.id}`], ['role', '/settings/roles?role=Pilots'], ['token', '/settings/tokens?token'], ['keys', '/requests?keys'],
  ]
  for (const [name, path] of dialogs) {
    await admin.goto(`/admin${path}`)
    await expect(dialog(admin)).toBeVisible()
    await examine(admin, `console-${name}`, { covered: true })
  }
})

test('logs out: the back button shows nothing of the console', async () => {
  await admin.goto('/admin/settings/members')
  await expect(admin.getByText('ada@example.com').first()).toBeVisible()
  await place(admin, 'Audit log')
  await button(admin, /^Account:/).click()
  await admin.getByRole('menuitem', { name: 'Sign out' }).click()
  await expect(admin.getByRole('button', { name: 'Send me a link' })).toBeVisible()
  for (let back = 0; back < 2; back++) {
    await admin.goBack()
    await expect(admin).toHaveURL(/\/login(\?|$)/)
    await expect(admin.locator('body')).not.toContainText(/example\.(com|org)|Members|Audit/)
  }
})

test('no page misbehaved', () => expect(faults).toEqual([]))
