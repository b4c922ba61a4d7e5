import { expect, test, type Browser, type Page } from '@playwright/test'
import { doorward, faults, listed, message, setUpIn, visit } from './harness'
import { faultsOf, show } from './measure'
import { consolePages, people, settled } from './pages'

// What axe does not measure, on every page of console and portal: the size of targets, the
// edges of what can be pressed, a zoom of 200 and 400 %, forced colors, and paper. Each page
// is opened once and then shown in each of these ways.
test.describe.configure({ mode: 'serial' })

const dialogs = ['invite', 'invite-many', 'role', 'page-help', 'keys', 'about', 'palette'] // nobody prints them
let admin: Page

// hold opens a page and measures it in every way.
async function hold(page: Page, name: string, path?: string): Promise<void> {
  await show(page, {})
  if (path) await page.goto(path)
  await settled(page)
  const wrong = await faultsOf(page, { paper: !dialogs.includes(name) })
  expect.soft(wrong.join('\n'), name).toBe('')
}

// accept opens an invitation and accepts it.
async function accept(browser: Browser, email: string): Promise<Page> {
  const page = await visit(browser, { locale: 'en-GB' })
  await page.goto((await message(email)).link)
  await page.locator('main form button').first().click()
  await expect(page).toHaveURL('/pending')
  return page
}

test('the pages of the portal', async ({ browser }) => {
  admin = await visit(browser, { locale: 'en-GB' })
  await hold(admin, 'not set up', '/login')
  await hold(admin, 'setup', process.env.SETUP_LINK as string)
  await setUpIn(admin)
  await hold(admin, 'home of an Admin', '/')
  for (let i = 0; i < 12; i++) {
    const email = i === 1 ? 'a.very.long.address.that.nobody.types.twice.maria.jose@mail.department.example.com' : `person${i}@example.com`
    await doorward('invite', email, '--name', people[i % people.length]!, '--role', i % 3 ? 'Fleet' : 'AILoop', '--note', 'Welcome aboard')
    if (i % 4 === 3) await doorward('approve', email)
  }
  await doorward('suspend', 'person3@example.com')
  const stranger = await visit(browser, { locale: 'en-GB' })
  await hold(stranger, 'sign in', '/login')
  await hold(stranger, 'a page that is not there', '/nowhere')
  await hold(stranger, 'a dead link', '/login/abcdefghijklmnopqrstuvwxyz')
  await hold(stranger, 'an invitation', (await message('person2@example.com')).link)
  await stranger.goto('/login')
  await stranger.locator('input[name=email]').fill('nobody@example.com')
  await stranger.locator('main form button').first().click()
  await hold(stranger, 'the code')
  const member = await accept(browser, 'person5@example.com')
  await hold(member, 'pending', '/pending')
  await doorward('approve', 'person5@example.com')
  await expect(member).toHaveURL('/')
  await hold(member, 'home of a member', '/')
  await hold(member, 'a section', '/fleet')
  await hold(member, 'the console, not for members', '/admin/')
  await (await accept(browser, 'person0@example.com')).context().close()
})

test('the pages of the console', async () => {
  for (const [name, path] of consolePages) await hold(admin, name, `/admin${path}`)
  const id = async (email: string) => (await listed<{ id: string }>('members', '--search', email))[0]!.id
  await hold(admin, 'a member', `/admin/settings/members/${await id('person3@example.com')}`)
  await hold(admin, 'a pending member', `/admin/settings/members/${await id('person0@example.com')}`)
  expect(faults).toEqual([])
})
