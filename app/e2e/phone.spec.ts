import { expect, test, type Locator, type Page } from '@playwright/test'
import { accepted, addMember, button, dialog, doorward, faults, listed, said, setUp, visit } from './harness'

// An Admin with a phone, and one who reads at 200 %.
test.describe.configure({ mode: 'serial' })

let phone: Page
let taps = 0

// tap touches the middle of something, where nothing else may lie over it.
async function tap(what: Locator): Promise<void> {
  await expect(what).toBeInViewport({ ratio: 1 })
  const { x, y, width, height } = (await what.boundingBox())!
  await phone.touchscreen.tap(x + width / 2, y + height / 2)
  taps++
}

test('a request is approved, and another rejected, in two taps each', async ({ browser }) => {
  const admin = await setUp(browser)
  for (const name of ['ada', 'bob']) {
    await doorward('invite', `${name}@example.com`, '--role', 'Fleet')
    await accepted(browser, `${name}@example.com`)
  }
  phone = await visit(browser, { hasTouch: true, isMobile: true, viewport: { width: 390, height: 844 }, reducedMotion: 'reduce' })
  await phone.context().addCookies(await admin.context().cookies())
  await phone.goto('/admin/')
  await tap(button(phone, 'Review'))
  await tap(button(phone, 'Approve ada@example.com'))
  await said(phone, 'ada@example.com approved (Fleet).')
  expect(taps, 'from the dashboard').toBe(2)
  await tap(button(phone, 'Reject & Delete bob@example.com'))
  await tap(dialog(phone).getByRole('button', { name: 'Reject & Delete' }))
  await said(phone, 'bob@example.com was rejected and deleted.')
  expect(taps, 'and two more').toBe(4)
  const states = (await listed<{ email: string; state: string }>('members')).map((m) => `${m.email} ${m.state}`)
  expect(states.sort()).toEqual(['ada@example.com active', 'grace@example.org active'])
  await phone.context().close()
})

// sideways are what scrolls from side to side: the page, and whatever in it has more than it
// shows.
const sideways = (page: Page) =>
  page.evaluate(() => {
    const wide = (e: Element) => e.scrollWidth > e.clientWidth && ['auto', 'scroll'].includes(getComputedStyle(e).overflowX) && e.clientWidth > 1
    const found = [...document.body.querySelectorAll('*')].filter(wide).map((e) => `${e.tagName}.${e.className}`)
    return document.documentElement.scrollWidth > innerWidth ? ['the page', ...found] : found
  })

// A window of 1280 × 800 has 640 × 400 of its pixels at 200 %.
test('at 200 % the dashboard and the members need no scrolling from side to side', async ({ browser }) => {
  const page = await visit(browser, { viewport: { width: 640, height: 400 }, deviceScaleFactor: 2 })
  const [{ login_link: link }] = (await listed<{ login_link: string }>('login-link', 'grace@example.org')) as [{ login_link: string }]
  await page.goto(link)
  await button(page, /Sign in/).click()
  await expect(page).toHaveURL('/')
  const long = 'a.very.long.address.that.nobody.types.twice.maria.jose@mail.department.example.com'
  await addMember(long, 'Fleet', '--name', 'María José Carreño Quiñones de la Fuente y Martínez-Bordiú')
  for (const [path, there] of [['/admin/', 'The last two weeks'], ['/admin/settings/members', 'María José']] as const) {
    await page.goto(path)
    await expect(page.getByText(there).first()).toBeVisible()
    expect(await sideways(page), path).toEqual([])
  }
  await page.getByLabel('Select the members on this page').check()
  await expect(button(page, 'Resend invitations')).toBeVisible()
  expect(await sideways(page), 'with what can be done to those who are selected').toEqual([])
  expect(faults).toEqual([])
})
