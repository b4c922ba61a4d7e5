import { expect, test, type Page } from '@playwright/test'
import { doorward, faults, visit } from './harness'

// How the console reads and is used: at every width, in every theme, on paper, by
// keyboard and by thumb. Each test continues from the one before.
test.describe.configure({ mode: 'serial' })

const long = 'wilhelmina.featherstone@example.com' // 35 characters
let admin: Page

const button = (page: Page, name: string | RegExp) => page.getByRole('button', { name, exact: typeof name === 'string' })
const background = (page: Page) => page.evaluate(() => getComputedStyle(document.documentElement).backgroundColor)
const paper = { light: 'rgb(250, 248, 244)', dark: 'rgb(20, 19, 17)' }

test('a workspace with somebody in it', async ({ browser }) => {
  admin = await visit(browser, { colorScheme: 'light', reducedMotion: 'reduce' })
  await admin.goto(process.env.SETUP_LINK as string)
  await admin.getByLabel('Workspace name').fill('Night Watch')
  await admin.getByLabel('Your name').fill('Grace Hopper')
  await admin.getByLabel('Your email').fill('grace@example.org')
  await admin.locator('form button').click()
  await expect(admin.getByRole('heading', { name: 'Hello, Grace' })).toBeVisible()
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

test('no page misbehaved', () => expect(faults).toEqual([]))
