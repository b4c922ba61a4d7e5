import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { expect, test, type Browser, type Page } from '@playwright/test'
import { doorward, examine, faults, message, visit } from './harness'

// The tour opens each page of the portal on a real server and examines it.
test.describe.configure({ mode: 'serial' })

const base = process.env.BASE_URL as string
const ada = 'ada@example.com'
let admin: Page
let invitee: Page
let invitation: string

const heading = (page: Page, name: string | RegExp) => expect(page.getByRole('heading', { name })).toBeVisible()
const ask = async (page: Page, email: string) => {
  await page.goto('/login')
  await page.getByLabel('Email').fill(email)
  await page.getByRole('button', { name: 'Send me a link' }).click()
}
const invite = async (email: string, ...roles: string[]) => {
  await doorward('invite', email, ...roles.flatMap((r) => ['--role', r]), '--note', 'Welcome aboard')
  return (await message(email)).link
}
const accept = async (browser: Browser, link: string, options = {}) => {
  const page = await visit(browser, options)
  await page.goto(link)
  await page.getByRole('button', { name: 'Accept the invitation' }).click()
  await expect(page).toHaveURL('/pending')
  return page
}

test('setup, and what is wrong with it', async ({ browser }) => {
  admin = await visit(browser)
  await admin.goto(process.env.SETUP_LINK as string)
  await examine(admin, 'setup')
  await admin.getByLabel('Your email').fill('not an address')
  await admin.getByRole('button', { name: 'Create workspace' }).click()
  await expect(admin.locator('[aria-invalid=true]'), 'the name and the address, at once').toHaveCount(2)
  await expect(admin.getByText('Enter your name.')).toBeVisible()
  await examine(admin, 'setup-wrong')
  await admin.getByLabel('Your name').fill('Grace Hopper')
  await admin.getByLabel('Your email').fill('grace@example.org')
  await admin.getByRole('button', { name: 'Create workspace' }).click()
  await heading(admin, 'Dashboard')
  await admin.goto('/')
  await heading(admin, 'Hello, Grace')
  await examine(admin, 'home-admin')
  const late = await visit(browser)
  expect((await late.goto(process.env.SETUP_LINK as string))?.status()).toBe(410)
  await examine(late, 'setup-closed')
})

test('sign-in, the code and a wrong code', async ({ browser }) => {
  const page = await visit(browser)
  await page.goto('/login')
  await examine(page, 'login')
  await page.getByLabel('Email').fill('"quoted"@example.com')
  await page.getByRole('button', { name: 'Send me a link' }).click()
  await expect(page.locator('[aria-invalid=true]')).toHaveCount(1)
  await examine(page, 'login-wrong')
  await ask(page, 'nobody@example.com')
  await examine(page, 'login-code')
  await page.getByLabel('Code from the email').fill('0000-0000')
  await page.getByRole('button', { name: 'Sign in' }).click()
  await examine(page, 'login-code-wrong')
})

test('a first visit of the sign-in page: at most three requests, under 30 KB', async ({ browser }) => {
  const page = await visit(browser)
  const wire = await page.context().newCDPSession(page)
  let bytes = 0
  let requests = 0
  await wire.send('Network.enable')
  wire.on('Network.loadingFinished', (e) => {
    bytes += e.encodedDataLength
    requests++
  })
  await page.goto('/login', { waitUntil: 'networkidle' })
  expect(requests).toBeGreaterThan(0)
  expect(requests).toBeLessThanOrEqual(3)
  expect(bytes).toBeLessThan(30_000)
})

test('the invitation and the pending page', async ({ browser }) => {
  invitation = await invite(ada, 'Fleet')
  const link = await visit(browser)
  await link.goto(invitation)
  await examine(link, 'link-invitation')
  invitee = await accept(browser, invitation)
  await expect(invitee.locator('#live')).toContainText('This page updates automatically')
  await examine(invitee, 'pending')
  await invitee.getByLabel('Message to the administrators').fill('I am the one from the meeting')
  await invitee.getByRole('button', { name: 'Send message' }).click()
  await expect(invitee).toHaveURL(/\/pending/)
  await examine(invitee, 'pending-note')
})

// A browser allows a host six connections, and each stream of events is one. A browser
// without a screen sees all its tabs, so which one is seen is set.
test('seven tabs wait: all load, and the one that is seen changes by itself', async ({ browser }) => {
  const first = await visit(browser)
  await first.context().addInitScript(() => {
    let hidden = false
    Object.defineProperty(Document.prototype, 'hidden', { get: () => hidden })
    const see = (seen: boolean) => {
      hidden = !seen
      document.dispatchEvent(new Event('visibilitychange'))
    }
    Object.assign(window, { see })
  })
  const see = (page: Page, seen: boolean) => page.evaluate((seen) => (window as unknown as { see(seen: boolean): void }).see(seen), seen)
  const live = (page: Page) => expect(page.locator('#live')).toContainText('This page updates automatically')
  await first.goto(await invite('seven@example.com', 'Fleet'))
  await first.getByRole('button', { name: 'Accept the invitation' }).click()
  await live(first)
  const tabs = [first]
  while (tabs.length < 7) {
    await see(tabs.at(-1) as Page, false)
    const tab = await first.context().newPage()
    tabs.push(tab)
    await tab.goto('/pending')
    await live(tab)
  }
  const last = tabs.at(-1) as Page
  expect(await last.evaluate(async () => (await fetch('/pending')).status), 'an eighth request').toBe(200)
  await see(last, false)
  const asked = ['/pending', '/api/v1/events'].map((path) => first.waitForResponse((r) => new URL(r.url()).pathname === path))
  await see(first, true)
  await Promise.all(asked)
  await doorward('approve', 'seven@example.com')
  await heading(first, /^Hello/)
  await see(last, true)
  await heading(last, /^Hello/)
  await first.context().close()
})

test('links that expired read alike, and offer a fresh email', async ({ browser }) => {
  const unknown = `${base}/login/${'A'.repeat(43)}`
  const said: string[] = []
  for (const url of [invitation, unknown, `${base}/login/short`]) {
    const page = await visit(browser)
    expect((await page.goto(url))?.status(), url).toBe(410)
    said.push(await page.getByRole('main').innerText())
    await page.context().close()
  }
  expect(new Set(said).size, said.join('\n--\n')).toBe(1)
  const page = await visit(browser)
  await page.goto(unknown)
  await examine(page, 'link-dead')
  await page.getByRole('main').getByRole('button').first().click()
  await examine(page, 'link-renewed')
})

test('without JavaScript: the pending page refreshes itself, and everything can be done', async ({ browser }) => {
  const link = await invite('plain@example.com', 'AILoop')
  const page = await accept(browser, link, { javaScriptEnabled: false })
  await expect(page.locator('noscript meta[http-equiv=refresh], meta[http-equiv=refresh]').first()).toBeAttached()
  await doorward('approve', 'plain@example.com')
  await heading(page, /^Hello/) // by the refresh
  await page.getByRole('button', { name: 'Sign out', exact: true }).click()
  await heading(page, 'You are signed out')
  await ask(page, 'plain@example.com')
  const { code } = await message('plain@example.com', 'Sign in')
  await page.getByLabel('Code from the email').fill(code)
  await page.getByRole('button', { name: 'Sign in' }).click()
  await heading(page, /^Hello/)
})

test('home, a section, a place without an application, and one that is closed', async () => {
  await doorward('approve', ada)
  await heading(invitee, /^Hello/)
  await examine(invitee, 'home-fleet')
  await invitee.goto('/fleet')
  await examine(invitee, 'section')
  await invitee.goto('/fleet/datalake')
  await examine(invitee, 'resource')
  expect((await invitee.goto('/ailoop'))?.status()).toBe(403)
  await examine(invitee, 'not-allowed')
  expect((await invitee.goto('/nowhere'))?.status()).toBe(404)
  await examine(invitee, 'not-found')
  expect((await invitee.goto('/admin'))?.status()).toBe(403)
})

test('a link in the wrong browser, signed out, suspended', async ({ browser }) => {
  const here = await visit(browser)
  await ask(here, ada)
  const { link } = await message(ada, 'Sign in')
  const elsewhere = await visit(browser)
  expect((await elsewhere.goto(link))?.status()).toBe(403)
  await examine(elsewhere, 'wrong-browser')
  await here.goto(link)
  await examine(here, 'link-sign-in')
  await here.getByRole('main').getByRole('button').first().click()
  await heading(here, /^Hello/)
  await here.getByRole('button', { name: 'Sign out', exact: true }).click()
  await examine(here, 'signed-out')
  await doorward('suspend', ada)
  expect((await invitee.goto('/fleet'))?.status()).toBe(403)
  await examine(invitee, 'suspended')
})

test('rejected while the page is open, and withdrawn', async ({ browser }) => {
  const rejected = await accept(browser, await invite('eve@example.com', 'Fleet'))
  await doorward('reject', 'eve@example.com', '--yes')
  await heading(rejected, 'Your request was not approved')
  await examine(rejected, 'rejected')
  const leaving = await accept(browser, await invite('leaving@example.com', 'Fleet'))
  await leaving.getByText('Not you? Withdraw request').click()
  await leaving.getByRole('button', { name: 'Withdraw and delete my account' }).click()
  await heading(leaving, 'Request withdrawn')
  await examine(leaving, 'withdrawn')
})

test('too many tries', async ({ browser }) => {
  const page = await visit(browser)
  let status = 200
  for (let i = 0; i < 200 && status !== 429; i++) {
    await page.goto('/login')
    const csrf = await page.locator('input[name=csrf]').first().inputValue()
    const answers = await Promise.all(Array.from({ length: 20 }, (_, n) => // another code each time: the same form again gets the first answer
      page.context().request.post('/login/code', {
      form: { csrf, code: `1111-11${10 + n}` }, headers: { Origin: base, 'Sec-Fetch-Site': 'same-origin' }, maxRedirects: 0 })))
    status = Math.max(...answers.map((a) => a.status()))
  }
  expect(status).toBe(429)
  await page.getByLabel('Email').fill(ada)
  await page.getByRole('button', { name: 'Send me a link' }).click()
  await examine(page, 'too-many')
})

test('a native window is let in, and nothing but the reader\'s own computer gets the code', async ({ browser }) => {
  let came: (url: URL) => void
  const back = new Promise<URL>((done) => (came = done))
  const computer = createServer((req, res) => {
    came(new URL(req.url as string, 'http://127.0.0.1'))
    res.setHeader('Content-Type', 'text/html').end('<title>Back</title><h1>You are signed in</h1>')
  })
  await new Promise<void>((done) => computer.listen(0, '127.0.0.1', done))
  const { port } = computer.address() as AddressInfo
  const asked = `/desktop?${new URLSearchParams({ code_challenge: 'x'.repeat(42) + 'A', code_challenge_method: 'S256', state: 'its-mark', port: String(port) })}`

  // Whoever is not signed in signs in first, and the page keeps its parameters.
  const context = await browser.newContext({ extraHTTPHeaders: { 'X-Forwarded-For': '198.51.99.7' } })
  const page = await context.newPage()
  const refused: string[] = []
  page.on('console', (m) => /content security policy|refused to/i.test(m.text()) && refused.push(m.text()))
  await page.goto(asked)
  await expect(page).toHaveURL(/^[^?]*\/login\?next=/)
  await page.getByLabel('Email').fill('grace@example.org')
  await page.getByRole('button', { name: 'Send me a link' }).click()
  await page.getByLabel('Code from the email').fill((await message('grace@example.org', 'Sign in')).code)
  await page.getByRole('button', { name: 'Sign in' }).click()
  await heading(page, 'Authorize the desktop app?')
  expect(new URL(page.url()).search).toBe(asked.slice('/desktop'.length))
  await examine(page, 'window')
  await page.getByRole('button', { name: 'Authorize' }).click()
  await heading(page, 'You are signed in')
  const { searchParams } = await back
  expect(searchParams.get('state')).toBe('its-mark')
  expect(searchParams.get('code')).toMatch(/^[\w-]{43}$/)
  expect(refused).toEqual([])
  await page.goto(asked.replace(String(port), '80'))
  await examine(page, 'window-wrong')
  await context.close()
  computer.close()
})

test('no page broke the content policy, asked another host or failed in its script', () => {
  expect(faults).toEqual([])
})
