import { readFileSync, writeFileSync } from 'node:fs'
import { expect, test, type Page } from '@playwright/test'
import { accept, button, doorward, faults, listed, message, setUpIn, visit } from './harness'
import { consolePages, settled } from './pages'

// What a screen reader finds on each page: roles, names and order, as they are in
// looks/*.aria.yml, so that a review shows what a change does to it. LOOKS=update writes
// the files anew. Each test continues from the one before.
test.describe.configure({ mode: 'serial' })

const base = process.env.BASE_URL as string
const english = { locale: 'en-GB', timezoneId: 'UTC', reducedMotion: 'reduce', viewport: { width: 1280, height: 800 } } as const
let admin: Page

const month = '(?:Jan|Feb|Mar|Apr|May|June?|July?|Aug|Sept?|Oct|Nov|Dec)[a-z]*'
const day = '(?:Mon|Tues|Wednes|Thurs|Fri|Satur|Sun)day|Mon|Tue|Wed|Thu|Fri|Sat|Sun'

// steady replaces what differs between two runs: where the server is, ids, times, and all days
// but one of those on which nothing happened.
const steady = (tree: string): string =>
  [
    [base, 'https://door.example.com'],
    [new URL(base).host, 'door.example.com'],
    [/127\.0\.0\.1:\d+/g, 'mail.example.com:587'],
    [/\bdoorward@[\w.-]+/g, 'doorward@HOST'],
    [/\bChrome on \w+/g, 'BROWSER'],
    [/\/\S*\/data\b/g, 'the data directory'],
    [/\b[a-z2-7]{26}\b/g, 'ID'],
    [new RegExp(`\\b(?:(?:${day}),? )?\\d{1,2} ${month}(?:,? \\d{4})?`, 'g'), 'DATE'],
    [/\b\d\d:\d\d(?::\d\d)?\b/g, 'TIME'],
    [/\b(?:\d+ (?:second|minute)s? ago|just now|less than a minute)\b|(?<=, )\d+ minutes?(?=\.)/g, 'SPAN'],
    [/( *- row "DATE 0 0 0":\n(?:.*\n){4})\1+/g, '$1'],
  ].reduce((text, [from, to]) => text.replaceAll(from!, to as string), tree)

// outline compares a page, or the dialog on it, with its file.
async function outline(page: Page, name: string, path?: string, part = 'main'): Promise<void> {
  if (path) await page.goto(path)
  await settled(page)
  const dialog = page.getByRole('dialog')
  const tree = async () => `${steady(await ((await dialog.count()) > 0 ? dialog : page.locator(part)).ariaSnapshot())}\n`
  const file = new URL(`looks/${name}.aria.yml`, import.meta.url)
  if (process.env.LOOKS !== 'update') return void (await expect.configure({ soft: true }).poll(tree, { message: name, timeout: 20_000 }).toBe(readFileSync(file, 'utf8')))
  await page.waitForLoadState('networkidle')
  writeFileSync(file, await tree())
}

test('the pages of the portal', async ({ browser }) => {
  admin = await visit(browser, english)
  await outline(admin, 'portal-setup', process.env.SETUP_LINK as string, 'body')
  await setUpIn(admin)
  // A page may show the workspace's name of a second ago.
  await expect.poll(async () => (await fetch(`${base}/login`)).text()).toContain('Night Watch')
  await outline(admin, 'portal-home-admin', '/')
  await doorward('invite', 'ada@example.com', '--role', 'Fleet', '--name', 'Ada Lovelace', '--note', 'Welcome aboard')
  const guest = await visit(browser, english)
  await outline(guest, 'portal-login', '/login', 'body')
  await outline(guest, 'portal-nowhere', '/nowhere')
  await outline(guest, 'portal-link-dead', '/login/abcdefghijklmnopqrstuvwxyz')
  await outline(guest, 'portal-link', (await message('ada@example.com')).link)
  await guest.goto('/login')
  await guest.getByLabel('Email').fill('nobody@example.com')
  await button(guest, 'Send me a link').click()
  await outline(guest, 'portal-login-code')
  const ada = await accept(browser, 'ada@example.com')
  await outline(ada, 'portal-pending')
  await doorward('approve', 'ada@example.com')
  await expect(ada).toHaveURL('/')
  await outline(ada, 'portal-home', '/', 'body')
  await outline(ada, 'portal-section', '/fleet')
  await outline(ada, 'portal-resource', '/fleet/datalake')
  await outline(ada, 'portal-not-allowed', '/ailoop')
  await ada.goto('/')
  await button(ada, 'Sign out').click()
  await outline(ada, 'portal-signed-out')
  for (const page of [guest, ada]) await page.context().close()
})

// A guide is a document of docs/, and is read there.
test('the pages of the console', async ({ browser }) => {
  await doorward('invite', 'bob@example.com', '--role', 'AILoop', '--name', 'Bob Noyce')
  await doorward('invite', 'eve@example.com', '--role', 'Fleet')
  await (await accept(browser, 'bob@example.com')).context().close()
  await outline(admin, 'frame', '/admin/nowhere', '.app')
  for (const [name, path] of consolePages) if (name !== 'guide') await outline(admin, name, `/admin${name === 'emails' ? '/mail?q=ada' : path}`)
  const id = async (email: string) => (await listed<{ id: string }>('members', '--search', email))[0]!.id
  await outline(admin, 'member', `/admin/settings/members/${await id('ada@example.com')}`)
  await outline(admin, 'member-pending', `/admin/settings/members/${await id('bob@example.com')}`)
  await outline(admin, 'reject', `/admin/requests?reject=${await id('bob@example.com')}`)
  expect(faults).toEqual([])
})
