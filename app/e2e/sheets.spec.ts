import { mkdirSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test, type Browser, type Page } from '@playwright/test'
import { wording } from './catalogue'
import { doorward, faults, listed, message, setUpIn, speak, visit } from './harness'
import { consolePages, people, settled } from './pages'

// Every page of console and portal, empty, full and failing, in English, German,
// Japanese and Arabic, light and dark, on screens from 320 to 1920 wide. make sheets saves a picture of
// each, side by side, in the folder SHEETS, to be looked at. Without the folder they are
// only opened, in one language on the narrowest and the widest screen. Nothing may be wider
// than its screen, and each page has the heading that it is named for.
test.describe.configure({ mode: 'serial' })

const folder = process.env.SHEETS
const widths = folder ? [320, 480, 768, 1024, 1280, 1920] : [320, 1920]
const looks = folder
  ? (['en', 'de', 'ja', 'ar'] as const).flatMap((language) => (['light', 'dark'] as const).map((theme) => ({ language, theme })))
  : ([{ language: 'ar', theme: 'dark' }] as const)
const height = 800
const shown = 200 // the width of each picture on a sheet

let admin: Page
let sheet: Page


// take opens a page in every look and width, checks its heading and its width, and saves its
// sheet.
async function take(page: Page, name: string, heading: string, path?: string): Promise<void> {
  const rows: Record<string, string[][]> = {}
  for (const { language, theme } of looks) {
    await speak(page, language)
    await page.emulateMedia({ colorScheme: theme, reducedMotion: 'reduce' })
    await page.setViewportSize({ width: 1280, height })
    if (path) await page.goto(path)
    else await page.reload()
    await settled(page)
    await expect.soft(page.getByRole('heading', { name: wording(language, heading) }).first(), `${name} in ${language}`).toBeVisible()
    const row: string[] = []
    for (const width of widths) {
      await page.setViewportSize({ width, height })
      const over = await page.evaluate(() => document.documentElement.scrollWidth - innerWidth)
      expect.soft(over, `${name} in ${language} is wider than ${width}`).toBeLessThanOrEqual(0)
      if (folder) row.push((await page.screenshot({ animations: 'disabled', caret: 'hide', scale: 'css' })).toString('base64'))
    }
    ;(rows[language] ??= []).push(row)
  }
  if (folder) for (const [language, both] of Object.entries(rows)) await put(`${name}-${language}`, both)
}

// put saves the pictures of a page in a language as one: a row for each theme, a column for each width.
async function put(name: string, rows: string[][]): Promise<void> {
  const row = (pictures: string[]) => `<div>${pictures.map((b, i) => `<img width="${Math.round(shown * Math.sqrt(widths[i]! / 320))}" src="data:image/png;base64,${b}" alt="">`).join('')}</div>`
  await sheet.setContent(`<style>body{margin:8px;background:#888}div{display:flex;gap:8px;margin-bottom:8px;align-items:start;width:max-content}</style>${rows.map(row).join('')}`)
  await sheet.evaluate(() => Promise.all([...document.images].map((i) => i.decode())))
  const { width, high } = await sheet.evaluate(() => ({ width: document.documentElement.scrollWidth, high: document.documentElement.scrollHeight }))
  await sheet.setViewportSize({ width, height: high })
  await sheet.screenshot({ path: join(folder!, `${name}.png`) })
}

const begin = async (browser: Browser) => {
  if (folder) mkdirSync(folder, { recursive: true })
  sheet = await browser.newPage()
  admin = await visit(browser, { locale: 'en-GB', reducedMotion: 'reduce' })
}

test('before and at the first setup', async ({ browser }) => {
  await begin(browser)
  await take(admin, 'portal-not-set-up', 'portal.not_set_up.title', '/login')
  await take(admin, 'portal-setup', 'portal.setup.title', process.env.SETUP_LINK as string)
  await setUpIn(admin)
  await take(admin, 'portal-home-admin', 'portal.home.hello_name', '/')
  // Now, because it asks for a recent confirmation: the pages may take longer than that lasts.
  await admin.goto('/admin/')
  const made = await admin.evaluate(async () => {
    const body = JSON.stringify({ description: 'Those who look after the machines at night and at weekends', permissions: ['open ailoop', 'open fleet'] })
    return (await fetch('/api/v1/roles/Night%20Operators', { method: 'PUT', headers: { 'Content-Type': 'application/json' }, body })).status
  })
  expect(made).toBeLessThan(300)
})

test('the console while it is empty', async () => {
  for (const [name, path, heading] of consolePages) await take(admin, `empty-${name}`, heading, `/admin${path}`)
})

test('the console when it is full', async ({ browser }) => {
  for (let i = 0; i < 40; i++) {
    const email = i === 1 ? 'a.very.long.address.that.nobody.types.twice.maria.jose@mail.department.example.com' : `person${i}@example.com`
    await doorward('invite', email, '--name', people[i % people.length]!, '--role', i % 3 ? 'Fleet' : 'AILoop')
    if (i % 4 === 3) await doorward('approve', email)
    if (i % 8 === 7) await doorward('suspend', email)
  }
  for (const i of [0, 4, 6]) {
    const page = await visit(browser, { locale: 'en-GB' })
    await page.goto((await message(`person${i}@example.com`)).link)
    await page.locator('main form button').first().click()
    await expect(page).toHaveURL('/pending')
    if (i === 0) await take(page, 'portal-pending', 'portal.pending.title', '/pending')
    await page.context().close()
  }
  for (const [name, path, heading] of consolePages) await take(admin, `full-${name}`, heading, `/admin${path}`)
  const id = async (email: string) => (await listed<{ id: string }>('members', '--search', email))[0]!.id
  await take(admin, 'full-member', people[3]!, `/admin/settings/members/${await id('person3@example.com')}`)
  await take(admin, 'full-member-pending', people[0]!, `/admin/settings/members/${await id('person0@example.com')}`)
  await take(admin, 'full-reject', 'console.requests.reject_title', `/admin/requests?reject=${await id('person0@example.com')}`)
  await take(admin, 'full-members-search', 'console.members.title', '/admin/settings/members?q=lovelace')
  await take(admin, 'full-members-nobody', 'console.members.title', '/admin/settings/members?q=nobody-is-called-this')
})

test('the pages of the portal', async ({ browser }) => {
  const page = await visit(browser, { locale: 'en-GB', reducedMotion: 'reduce' })
  await take(page, 'portal-login', 'portal.page.sign_in_title', '/login')
  await take(page, 'portal-nowhere', 'portal.not_found.title', '/nowhere')
  await take(page, 'portal-link-ended', 'portal.link_dead.title', '/login/abcdefghijklmnopqrstuvwxyz')
  const { link } = await message('person2@example.com')
  await take(page, 'portal-link', 'portal.link.invitation_title', link)
  await page.context().close()
  const member = await visit(browser, { locale: 'en-GB', reducedMotion: 'reduce' })
  await member.goto((await message('person9@example.com')).link)
  await member.locator('main form button').first().click()
  await doorward('approve', 'person9@example.com')
  await expect(member).toHaveURL('/')
  await take(member, 'portal-home', 'portal.home.hello_name', '/')
  await member.goto('/admin/')
  await take(member, 'portal-not-allowed', 'portal.not_allowed.title_console')
  await member.context().close()
})

// What a server says that cannot do what it is asked, and one that does not answer.
test('the console while the server fails', async () => {
  const needed = ['/me', '/settings', '/overview', '/roles', '/login-requests', '/events']
  await admin.route(
    (url) => url.pathname.startsWith('/api/v1/') && !needed.includes(url.pathname.slice('/api/v1'.length)),
    (route) => route.fulfill({ status: 503, contentType: 'application/problem+json', json: { status: 503, title: 'Service Unavailable', code: 'store_unavailable', detail: 'The server cannot do this just now. Nothing was changed. Try again in a moment.' } }),
  )
  for (const [name, path, heading] of consolePages) await take(admin, `failing-${name}`, heading, `/admin${path}`)
  await admin.unrouteAll()
  await admin.route((url) => url.pathname.startsWith('/api/'), (route) => route.abort('connectionrefused'))
  await take(admin, 'failing-no-answer', 'console.shell.cannot_start', '/admin/requests')
  await admin.unrouteAll()
  expect(faults.filter((f) => !f.startsWith('script'))).toEqual([])
})
