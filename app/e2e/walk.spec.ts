import { createHash, randomBytes } from 'node:crypto'
import { expect, test, type APIRequestContext, type Page } from '@playwright/test'
import { control, doorward, faults, listed, message, visit, type Message } from './harness'

// The main job, step by step: each test continues from the one before.
test.describe.configure({ mode: 'serial' })

type Member = { id: string; email: string; state: string; roles: string[]; delivery?: { state: string } }

const base = process.env.BASE_URL as string
const grace = 'grace@example.org'
const invited = 'Invitee@example.com'
const second = `Second.${randomBytes(6).toString('hex')}@example.com`

let admin: Page
let invitee: Page
let invitation: Message
let before: Member

const api = async (path: string) => {
  const answer = await admin.context().request.get(`/api/v1${path}`)
  expect(answer.status(), path).toBe(200)
  return answer.json()
}
const member = async (email: string): Promise<Member> => {
  const { items } = await api(`/members?q=${encodeURIComponent(email.split('@')[0])}`)
  expect(items).toHaveLength(1)
  return items[0]
}
// settled is a member without the fields that the mail worker may still change.
const settled = ({ delivery, ...rest }: Member) => rest
const sessionCookie = `dw-${new URL(base).port}`
const session = async (page: Page) => (await page.context().cookies()).find((c) => c.name === sessionCookie)?.value
const bare = (request: APIRequestContext, method: string, url: string, data?: unknown) =>
  request.fetch(url, { method, data, maxRedirects: 0, headers: { Origin: base, 'Sec-Fetch-Site': 'same-origin' } })

test('the first Admin is made through the setup link', async ({ browser }) => {
  admin = await visit(browser)
  await admin.goto(process.env.SETUP_LINK as string)
  await admin.getByLabel('Workspace name').fill('Night Watch')
  await admin.getByLabel('Your name').fill('Grace Hopper')
  await admin.getByLabel('Your email').fill(grace)
  await admin.getByRole('button', { name: 'Create workspace' }).click()

  await expect(admin.getByRole('heading', { name: 'Dashboard' })).toBeVisible()
  expect(await api('/me')).toMatchObject({ email: grace, state: 'active', roles: ['Admin'] })
  const again = await (await visit(browser)).goto(process.env.SETUP_LINK as string)
  expect(again?.status(), 'the setup link works once').toBe(410)
})

test('invite: an email arrives', async () => {
  const { out } = await doorward('invite', invited, '--role', 'Fleet')
  expect(out).toContain(invited)
  invitation = await message('invitee@example.com')

  expect(invitation.secured, 'over TLS, after a login').toBe(true)
  expect(invitation.from).toContain('Night Watch')
  expect(invitation.subject).toContain('Night Watch')
  expect(invitation.link.startsWith(`${base}/login/`), invitation.link).toBe(true)
  expect(invitation.text).toContain('Fleet')
  expect(invitation.html).toContain(invitation.link)
  expect(invitation.html).not.toMatch(/<script|<link|<img|<iframe|src=|@import|url\(/i)
  const [kept] = (await listed('outbox')).filter((l) => l.message_id === invitation.messageId)
  expect(kept, 'the outbox has the email under the Message-ID that it came with').toMatchObject({ to: 'invitee@example.com' })
  expect(JSON.stringify(kept)).not.toContain(invitation.link.split('/').pop())
  await expect.poll(async () => (await member(invited)).delivery?.state).toBe('sent')
})

test('twenty scanners GET and HEAD its link: nothing changes', async ({ browser }) => {
  const scanners = [
    'Mozilla/4.0 (compatible; ms-office; MSOffice 16)', // Outlook's Safe Links
    'Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/126.0 Safari/537.36', // a common User-Agent
    'BarracudaCentral/1.0', 'Mimecast URL Protect', 'Proofpoint URL Defense', 'FireEye', 'SymantecEmailSecurity/1.0',
    'TrendMicro Smart Protection', 'CiscoSecureEmail/14', 'Sophos Time-of-Click', 'Fortinet FortiMail', 'ZixLinkScanner',
    'Mozilla/5.0 (compatible; Googlebot/2.1)', 'GoogleImageProxy', 'Slackbot-LinkExpanding 1.0', 'WhatsApp/2.24',
    'facebookexternalhit/1.1', 'Twitterbot/1.0', 'python-requests/2.32', 'curl/8.14.1',
  ]
  expect(scanners).toHaveLength(20)
  before = await member(invited)
  const entries = (await listed('audit')).length

  await Promise.all(scanners.map(async (agent) => {
    for (const method of ['GET', 'HEAD', 'GET']) {
      const answer = await fetch(invitation.link, { method, redirect: 'follow', headers: { 'User-Agent': agent } })
      expect(answer.status, `${method} as ${agent}`).toBe(200)
      expect(answer.url, 'nobody is led anywhere').toBe(invitation.link)
      if (method === 'GET') expect(await answer.text()).toContain('Accept the invitation')
    }
  }))
  const detonated = await visit(browser) // a scanner that runs scripts and presses nothing
  await detonated.goto(invitation.link, { waitUntil: 'networkidle' })
  expect(await session(detonated)).toBeUndefined()
  await detonated.context().close()

  expect(settled(await member(invited))).toEqual(settled(before))
  expect(await listed('audit'), 'and nothing is recorded').toHaveLength(entries)
})

test('the link and its button lead to "Account Pending Approval"', async ({ browser }) => {
  invitee = await visit(browser)
  await invitee.goto(invitation.link)
  await expect(invitee.getByText(invited)).toBeVisible()
  await invitee.getByRole('button', { name: 'Accept the invitation' }).click()

  await expect(invitee).toHaveURL('/pending')
  await expect(invitee.getByText('Account Pending Approval')).toBeVisible()
  await expect(invitee.locator('.facts')).toContainText('Fleet')
  await expect(invitee.locator('#live')).toContainText('This page updates automatically')
  expect((await message(grace)).text, 'the Admins are told who waits').toContain(invited)
  expect((await message('invitee@example.com', '', 2)).text).toContain('Night Watch')
})

test('every other route answers this session with 403 or leads back to the pending page', async () => {
  const { id } = await member(invited)
  const request = invitee.context().request
  const document = await (await request.get('/api/v1/openapi.json')).json()
  const prefix = document.servers?.[0]?.url ?? ''
  const open = ['GET /api/v1/events', 'GET /api/v1/openapi.json', 'POST /api/v1/desktop'] // the pending page's own, a public document, and what takes a code instead of a session
  let swept = 0
  for (const [path, item] of Object.entries(document.paths as Record<string, object>)) {
    const url = (prefix + path).replace(/\{id\}/g, id).replace(/\{\w+\}/g, 'Fleet')
    for (const method of Object.keys(item).map((m) => m.toUpperCase())) {
      if (open.includes(`${method} ${prefix}${path}`)) continue
      const answer = await bare(request, method, url, method === 'GET' ? undefined : {})
      expect(answer.status(), `${method} ${url}`).toBe(403)
      expect((await answer.json()).code, `${method} ${url}`).toBe('pending')
      swept++
    }
  }
  expect(swept, 'routes of the API').toBeGreaterThan(25)

  const sections = ['ailoop', 'fleet'].flatMap((s) => [`/${s}`, `/${s}/datalake`, `/${s}/flows`])
  for (const path of ['/', '/login', '/login?next=/fleet', '/admin', '/admin/requests', '/admin/index.html', ...sections]) {
    for (const method of ['GET', 'HEAD']) {
      const answer = await bare(request, method, path)
      expect([303, answer.headers().location], `${method} ${path}`).toEqual([303, '/pending'])
    }
  }
  for (const path of sections) {
    expect((await invitee.goto(path))?.url(), path).toBe(`${base}/pending`)
  }
  const events = await invitee.evaluate(async () => {
    const answer = await fetch('/api/v1/events')
    await answer.body?.cancel()
    return [answer.status, answer.headers.get('content-type')]
  })
  expect(events).toEqual([200, 'text/event-stream'])
  expect(await member(invited), 'after all of that they wait as before').toMatchObject({ state: 'pending', roles: ['Fleet'] })
})

test("the Admin's overview counts 1", async () => {
  expect(await api('/overview')).toMatchObject({ pending: 1, active: 1, suspended: 0 })
  expect((await api('/login-requests')).items).toMatchObject([{ email: invited, state: 'pending' }])
  await admin.goto('/')
  await expect(admin.getByText('1 pending request')).toBeVisible()
})

test('approve: the pending page becomes the home by itself, with Fleet and without AILoop', async ({ browser }) => {
  await expect(invitee.locator('#live')).toContainText('This page updates automatically')
  const old = await session(invitee)
  const home = invitee.getByRole('heading', { name: /^Hello/ }).waitFor()
  await doorward('approve', 'invitee@example.com')

  await home // without a reload
  await expect(invitee).toHaveURL('/')
  await expect(invitee.getByRole('link', { name: 'Fleet' })).toBeVisible()
  await expect(invitee.getByText('AILoop')).toHaveCount(0)
  expect(await api('/overview')).toMatchObject({ pending: 0, active: 2 })
  expect((await message('invitee@example.com', '', 3)).text).toContain(base)

  expect(await session(invitee), 'rights rose, so the session has a new id').not.toBe(old)
  const thief = await visit(browser)
  await thief.context().addCookies([{ name: sessionCookie, value: old as string, url: base }])
  await thief.goto('/')
  await expect(thief).toHaveURL('/login')
  await thief.context().close()
})

test('/ailoop/datalake answers 403 with a kind page', async () => {
  expect((await invitee.goto('/fleet/datalake'))?.status()).toBe(200)
  expect((await invitee.goto('/ailoop/datalake'))?.status()).toBe(403)
  await expect(invitee.getByRole('heading', { name: 'You don’t have access to the AILoop Data Lake section' })).toBeVisible()
  await expect(invitee.getByRole('main').locator('a, button'), 'one clear way on').toHaveCount(1)
  await invitee.getByRole('link', { name: 'Go home' }).click()
  await expect(invitee.getByRole('heading', { name: /^Hello/ })).toBeVisible()
})

test('logs out, asks with another spelling of the address, and comes back by the code', async () => {
  await invitee.getByRole('button', { name: 'Sign out', exact: true }).click()
  await expect(invitee.getByRole('heading', { name: 'You are signed out' })).toBeVisible()
  for (let back = 0; back < 3; back++) { // the next person at this computer presses the back button
    await invitee.goBack()
    await expect(invitee).toHaveURL(/\/login(\?|$)/)
    await expect(invitee.locator('body')).not.toContainText(/Hello|Fleet|invitee@example\.com/i)
  }
  await invitee.goto('/fleet/flows')
  await expect(invitee, 'signed out means signed out').toHaveURL('/login?next=%2Ffleet%2Fflows')

  await invitee.getByLabel('Email').fill('INVITEE@Example.com')
  await invitee.getByRole('button', { name: 'Send me a link' }).click()
  const { code, link } = await message('invitee@example.com', 'Sign in')
  expect(code).toMatch(/^[0-9A-HJKMNP-TV-Z]{4}-[0-9A-HJKMNP-TV-Z]{4}$/)
  expect(link.startsWith(`${base}/login/`)).toBe(true)
  await invitee.getByLabel('Code from the email').fill(` ${code.toLowerCase().replace('-', ' \u2013 ')}`) // as people paste it
  await invitee.getByRole('button', { name: 'Sign in' }).click()
  await expect(invitee, 'and is where they wanted to go').toHaveURL('/fleet/flows')
})

test("the Admin gives AILoop as well: the member's next request may enter it", async () => {
  await doorward('access', invited, '--role', 'Fleet', '--role', 'AILoop')
  expect((await invitee.goto('/ailoop/datalake'))?.status()).toBe(200)
  await expect(invitee.getByRole('heading', { name: 'Data Lake' })).toBeVisible()
})

test("the Admin suspends the member: the member's next request may not", async () => {
  const { id } = await member(invited)
  const answer = await admin.evaluate(async (url) => {
    const a = await fetch(url, { method: 'POST', headers: { 'Content-Type': 'application/json' }, body: '{}' })
    return [a.status, await a.text()]
  }, `/api/v1/members/${id}/suspend`)
  expect(answer[0], String(answer[1])).toBe(200)

  expect((await invitee.goto('/ailoop/datalake'))?.status()).toBe(403)
  await expect(invitee.getByRole('heading', { name: 'Your account is suspended' })).toBeVisible()
  // The browser keeps its session while an undo can open it again.
  expect((await invitee.goto('/'))?.status()).toBe(403)
  await expect(invitee.getByRole('heading', { name: 'Your account is suspended' })).toBeVisible()
})

test('a second address is invited and rejected: nothing is left but the audit entry and the keyed hash', async ({ browser }) => {
  const canonical = second.toLowerCase()
  await doorward('invite', second, '--role', 'AILoop', '--note', `Welcome, ${second}`)
  const { link, messageId } = await message(canonical)
  const token = link.split('/').pop() as string
  const hash = createHash('sha256').update(token).digest()
  const { id } = await member(second)
  const [posted] = (await listed<{ id: string; message_id: string }>('outbox')).filter((l) => l.message_id === messageId)
  const theirs = [second, canonical, canonical.split('@')[0], second.split('@')[0], posted.id, token, hash.toString('hex'), hash.toString('latin1')]
  const found = await control<Record<string, string[]>>('traces', [canonical, posted.id, hash.toString('hex')])
  expect(Object.keys(found), 'what is looked for below can be found').toHaveLength(3)

  await doorward('reject', second, '--yes')
  expect((await api(`/members?q=${encodeURIComponent(canonical.split('@')[0])}`)).items).toEqual([])
  expect((await admin.context().request.get(`/api/v1/members/${id}`)).status()).toBe(404)
  expect(await listed('members', '--search', canonical)).toEqual([])
  const outbox = JSON.stringify(await api('/outbox?limit=200'))
  expect(outbox).toContain('invitee@example.com')
  for (const trace of [canonical, second, id, posted.id]) expect(outbox).not.toContain(trace)
  const stranger = await visit(browser)
  expect((await stranger.goto(link))?.status()).toBe(410)
  await expect(stranger.getByRole('heading', { name: 'This link has expired or was already used' })).toBeVisible()
  await stranger.context().close()

  await doorward('compact')
  const left = await control<Record<string, string[]>>('traces', [...theirs, 'invitee@example.com', id])
  expect(Object.keys(left).sort(), 'of the member, their email and their link').toEqual([id, 'invitee@example.com'].sort())
  const log = await control<string>('log')
  for (const trace of [canonical, second, token, invitation.link]) expect(log.toLowerCase()).not.toContain(trace.toLowerCase())

  const entries = (await listed<{ target: string; action: string }>('audit')).filter((e) => e.target === id)
  expect(entries.map((e) => e.action).sort()).toEqual(['invited', 'rejected'])
  expect(JSON.stringify(entries).toLowerCase()).not.toContain(canonical)
})

test('inviting it again says that it was rejected before, and works', async ({ browser }) => {
  const { out } = await doorward('invite', second.toUpperCase(), '--role', 'Fleet')
  expect(out).toMatch(/rejected/i)
  const { link } = await message(second.toLowerCase(), '', 2)
  const again = await visit(browser)
  await again.goto(link)
  await again.getByRole('button', { name: 'Accept the invitation' }).click()
  await expect(again.getByText('Account Pending Approval')).toBeVisible()
})

test('the audit log and the store are sound, and no page misbehaved', async () => {
  await doorward('audit', 'verify')
  await doorward('verify')
  expect(faults).toEqual([])
})
