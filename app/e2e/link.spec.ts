import { expect, test, type Page } from '@playwright/test'
import { button, doorward, faults, listed, message, setUp, visit } from './harness'

// What people do with the link in their email: press twice, open it again, and type the
// code when they are in already. Each test continues from the one before.
test.describe.configure({ mode: 'serial' })

const ada = 'ada@example.com'
let guest: Page
let link: string

const session = async () => (await guest.context().cookies()).find((c) => c.name === `dw-${new URL(process.env.BASE_URL as string).port}`)?.value
const accepted = async () => (await listed<{ action: string }>('audit')).filter((e) => /^(verified_email|accepted_unverified)$/.test(e.action)).length

// The browser showed the second answer, which said that the link was used, and dropped the
// first with its session. It takes a network that is slow for the second press to come in time.
test('a double click on Accept accepts once', async ({ browser }) => {
  await (await setUp(browser)).context().close()
  await doorward('invite', ada, '--role', 'Fleet')
  ;({ link } = await message(ada))
  guest = await visit(browser)
  await guest.goto(link)
  const network = await guest.context().newCDPSession(guest)
  await network.send('Network.enable')
  await network.send('Network.emulateNetworkConditions', { offline: false, latency: 300, downloadThroughput: -1, uploadThroughput: -1 })
  let posts = 0
  guest.on('request', (r) => void (posts += Number(r.method() === 'POST')))
  await button(guest, 'Accept the invitation').dblclick({ delay: 60 })
  await expect(guest.getByRole('heading', { name: 'Account Pending Approval' })).toBeVisible()
  await expect(guest).toHaveURL('/pending')
  expect(posts, 'it was sent twice').toBe(2)
  await network.detach()
  await guest.reload()
  await expect(guest, 'the session that was opened is the one that the browser has').toHaveURL('/pending')
  expect(await accepted()).toBe(1)
  expect(await listed('members', '--search', ada)).toHaveLength(1)
})

// It said "expired or already used" to its owner, while the page it leads to was open.
test('the own link, opened again, leads on', async () => {
  for (const here of ['/pending', '/']) {
    const before = await session()
    const again = await guest.context().newPage()
    expect((await again.goto(link))?.status()).toBe(200)
    await expect(again).toHaveURL(here)
    await again.close()
    expect(await session()).toBe(before)
    if (here === '/pending') await doorward('approve', ada)
    await expect(guest.getByRole('heading', { name: /^Hello/ })).toBeVisible()
  }
  expect(await accepted()).toBe(1)
})

// The page for the code stayed open, and its reader came in by the link of the same email.
test('the code for one’s own address, typed when one is in already, leads on', async () => {
  await button(guest, 'Sign out').click()
  await guest.goto('/login?next=/fleet')
  await guest.getByLabel('Email').fill('ADA@example.com')
  await button(guest, 'Send me a link').click()
  const mail = await message(ada, 'Sign in')
  const other = await guest.context().newPage()
  await other.goto(mail.link)
  await other.getByRole('main').getByRole('button').first().click()
  await expect(other.getByRole('heading', { name: /^Hello/ })).toBeVisible()
  const before = await session()
  await guest.getByLabel('Code from the email').fill(mail.code)
  await button(guest, 'Sign in').click()
  await expect(guest, 'where they wanted to go').toHaveURL('/fleet')
  expect(await session()).toBe(before)
  expect(faults).toEqual([])
})
