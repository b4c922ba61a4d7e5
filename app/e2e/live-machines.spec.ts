import { readFile } from 'node:fs/promises'
import { expect, test, type Browser, type Page } from '@playwright/test'
import { control, expectNoBarriers, row } from './harness'

// Browsers at three machines of a cluster, and changes at each of them. Each test continues from the
// one before.
test.describe.configure({ mode: 'serial' })

const names = ['one', 'two', 'three']
let listens: string[]
let admins: Page[]

// at opens a browser for which the public address is this machine.
async function at(browser: Browser, machine: number): Promise<Page> {
  const context = await browser.newContext({ proxy: { server: `http://${listens[machine]}`, bypass: '<-loopback>' } })
  return context.newPage()
}

const doorward = (machine: number, ...args: string[]) => control<string>('doorward', { at: names[machine], args })

// comes is somebody who was invited at one machine and has accepted at another, where the page stays.
async function comes(browser: Browser, email: string, invited: number, accepted: number): Promise<Page> {
  const link = await doorward(invited, 'invite', email, '--role', 'Fleet', '--print-link')
  const page = await at(browser, accepted)
  await page.goto(link)
  await page.locator('main form button').first().click()
  await page.waitForURL('**/pending')
  return page
}

// show waits until these consoles list exactly those who wait, and count them.
async function show(where: Page[], waiting: string[]): Promise<string> {
  const began = Date.now()
  const took = await Promise.all(
    where.map(async (page) => {
      for (const email of waiting) await expect(row(page, email)).toContainText('Email not verified')
      await expect(page.getByRole('listitem').filter({ hasText: '@example.com' })).toHaveCount(waiting.length)
      if (waiting.length) await expect(page.getByRole('banner').getByTestId('badge')).toHaveText(`${waiting.length} waiting`)
      else await expect(page.getByRole('banner').getByTestId('badge')).toHaveCount(0)
      return Date.now() - began
    }),
  )
  return took.map((ms) => `${ms} ms`).join(', ')
}

// approves has an Admin approve at a machine, by its API.
const approves = (page: Page, email: string) =>
  page.evaluate(async (email) => {
    const found = await fetch(`/api/v1/members?q=${encodeURIComponent(email)}`)
    const { items } = (await found.json()) as { items: { id: string }[] }
    const done = await fetch(`/api/v1/members/${items[0]!.id}/approve`, { method: 'POST', headers: { 'Content-Type': 'application/json' }, body: '{}' })
    return done.status
  }, email)

test('an Admin signs in at each machine', async ({ browser }) => {
  listens = await control<string[]>('machines')
  admins = []
  for (const machine of [0, 1, 2]) {
    const page = await at(browser, machine)
    await page.goto(await doorward((machine + 1) % 3, 'login-link', 'ada@example.com'))
    await page.locator('main form button').first().click()
    await page.goto('/admin/requests')
    await expect(page.getByRole('tab', { name: /^Login Requests/ })).toHaveAttribute('aria-selected', 'true')
    admins.push(page)
  }
})

test('whoever comes at one machine is shown at each, and goes on when another approves', async ({ browser }) => {
  for (const machine of [0, 1, 2]) {
    const email = `ada${machine}@example.com`
    const waiting = await comes(browser, email, (machine + 1) % 3, machine)
    console.log(`accepted at ${names[machine]}: shown after ${await show(admins, [email])}`)
    expect(await approves(admins[(machine + 2) % 3]!, email)).toBe(200)
    const [took] = await Promise.all([show(admins, []), waiting.waitForURL((url) => url.pathname === '/')])
    console.log(`approved at ${names[(machine + 2) % 3]}: shown after ${took}`)
    await waiting.context().close()
  }
})

test('the machine that leads is killed: the others show what comes then, and the pending page goes on', async ({ browser }) => {
  const leads = await control<number>('leads')
  const stay = [0, 1, 2].filter((machine) => machine !== leads)
  const where = stay.map((machine) => admins[machine]!)
  const waiting = await comes(browser, 'bob@example.com', leads, stay[0]!)
  await show(admins, ['bob@example.com'])
  const killed = Date.now()
  await control('kill', names[leads])
  let link = ''
  await expect(async () => { link = await doorward(stay[1]!, 'invite', 'eve@example.com', '--role', 'Fleet', '--print-link') }).toPass()
  const led = Date.now()
  const late = await at(browser, stay[1]!)
  await late.goto(link)
  await late.locator('main form button').first().click()
  await show(where, ['bob@example.com', 'eve@example.com'])
  console.log(`${names[leads]} was killed: a change was made after ${led - killed} ms, and shown at the others after ${Date.now() - killed} ms`)
  await expect(admins[leads]!.getByText('Connection lost')).toBeVisible()
  await doorward(stay[1]!, 'approve', 'bob@example.com')
  await waiting.waitForURL((url) => url.pathname === '/')
  await control('start', names[leads])
  console.log(`and at ${names[leads]}, once it runs again, after ${await show(admins, ['eve@example.com'])}`)
  await expect(admins[leads]!.getByText('Connection lost')).toHaveCount(0)
})

test('the machine that leads is paused: the pages at the others do not listen to it for ever', async ({ browser }) => {
  const leads = await control<number>('leads')
  const stay = [0, 1, 2].filter((machine) => machine !== leads)
  const where = stay.map((machine) => admins[machine]!)
  const waiting = await comes(browser, 'zoe@example.com', leads, stay[0]!)
  await show(admins, ['eve@example.com', 'zoe@example.com'])
  const paused = Date.now()
  await control('pause', names[leads])
  await expect(async () => void (await doorward(stay[1]!, 'approve', 'zoe@example.com'))).toPass()
  const changed = Date.now()
  await Promise.all([show(where, ['eve@example.com']), waiting.waitForURL((url) => url.pathname === '/')])
  console.log(`${names[leads]} was paused: a change was made after ${changed - paused} ms, and shown at the others after ${Date.now() - paused} ms`)
  await control('resume', names[leads])
  await show(admins, ['eve@example.com'])
})

test('a file that is being downloaded when the machine that leads is killed is whole, or fails', async () => {
  const people = 20_000
  const leads = await control<number>('leads')
  const page = admins[(leads + 1) % 3]!
  await control('fill', people)
  const coming = page.waitForEvent('download')
  await page.evaluate(() => { location.href = '/api/v1/members/export' })
  const download = await coming
  await control('kill', names[leads])
  const failure = await download.failure()
  const rows = failure ? 0 : (await readFile(await download.path(), 'utf8')).split('\r\n').length
  console.log(`${names[leads]} was killed during a download: ${failure ?? `${rows} lines`}`)
  if (!failure) expect(rows).toBeGreaterThan(people)
  await control('start', names[leads])
})

// shoot keeps a picture to be looked at, if somebody asked for them.
async function shoot(page: Page, name: string): Promise<void> {
  if (process.env.SHOTS) await page.screenshot({ path: `${process.env.SHOTS}/${name}.png`, fullPage: true })
}

const languages = { ar: 'rtl', de: 'ltr', en: 'ltr', es: 'ltr', fr: 'ltr', it: 'ltr', ja: 'ltr', pl: 'ltr', 'pt-BR': 'ltr', 'zh-Hans': 'ltr' }

test('nobody leads: the pages say so, what was typed stays, and all goes on by itself', async ({ browser }) => {
  const typing = await at(browser, 0)
  await typing.goto('/login')
  const console1 = admins[0]!
  await control('leads')
  for (const name of ['two', 'three']) await control('kill', name)
  await expect.poll(async () => (await fetch(`http://${listens[0]}/readyz`)).status).toBe(503)
  await typing.locator('input[name=email]').fill('ada@example.com')
  await typing.locator('main form button').first().click()
  await expect(typing.getByText('What you entered is not lost')).toBeVisible()
  await shoot(typing, 'form')
  await expect(console1.getByText('Connection lost')).toBeVisible()
  await shoot(console1, 'console')

  for (const [language, direction] of Object.entries(languages)) {
    const context = await browser.newContext({ locale: language, proxy: { server: `http://${listens[0]}`, bypass: '<-loopback>' } })
    const page = await context.newPage()
    const answer = await page.goto('/login?next=%2Ffleet')
    expect(answer?.status()).toBe(503)
    await expect(page.locator('html')).toHaveAttribute('lang', language)
    await expect(page.locator('html')).toHaveAttribute('dir', direction)
    for (const width of [320, 768, 1280, 1920]) {
      for (const colorScheme of ['light', 'dark'] as const) {
        await page.setViewportSize({ width, height: 800 })
        await page.emulateMedia({ colorScheme })
        expect(await page.evaluate(() => document.documentElement.scrollWidth), `${language} at ${width}`).toBeLessThanOrEqual(width)
        if (colorScheme === 'light' || language === 'en') await shoot(page, `${language}-${width}-${colorScheme}`)
      }
    }
    await context.close()
  }

  const waiting = await at(browser, 0)
  await waiting.goto('/login')
  await expect(waiting.getByRole('heading', { name: 'One moment, please' })).toBeVisible()
  await expectNoBarriers(waiting)
  for (const name of ['two', 'three']) await control('start', name)
  await expect(waiting.locator('input[name=email]')).toBeVisible()
  await expect(row(console1, 'eve@example.com')).toBeVisible()
  await expect(console1.getByText('Connection lost')).toHaveCount(0)
  await typing.getByRole('button', { name: 'Try again' }).click()
  await expect(typing.getByText('ada@example.com')).toBeVisible()
})
