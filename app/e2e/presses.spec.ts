import { expect, test, type Locator, type Page } from '@playwright/test'
import { button, dialog, doorward, faults, invites, row, setUp } from './harness'

// Whoever presses twice where once is enough decides once, also when something else has come
// under the pointer meanwhile. Each test continues from the one before.
test.describe.configure({ mode: 'serial' })

let admin: Page
const decided: string[] = [] // the addresses that the console asked to decide about

// asked is how many decisions the console has asked for. What a press sends is sent before what
// is sent after it.
async function asked(): Promise<number> {
  await admin.evaluate(() => fetch('/api/v1/me').then((answer) => answer.text()))
  return decided.length
}

async function middle(what: Locator): Promise<[number, number]> {
  const { x, y, width, height } = (await what.boundingBox())!
  return [x + width / 2, y + height / 2]
}

// press is one press of the mouse where it is: the first, or the second of a double click.
async function press(clickCount: number): Promise<void> {
  await admin.mouse.down({ clickCount })
  await admin.mouse.up({ clickCount })
}

test('a workspace with requests', async ({ browser }) => {
  admin = await setUp(browser, { reducedMotion: 'reduce' })
  admin.on('request', (r) => { if (/\/members\/[^/]+\/(approve|reject)$/.test(r.url())) decided.push(r.url()) })
  await invites(admin, Array.from({ length: 8 }, (_, i) => `twice${i}@example.com`))
  await doorward('invite', 'boss@example.com', '--role', 'Admin')
})

// The row leaves when the answer comes, and the second press met the next row's button.
test('a double click on Approve approves one, and separate clicks one each', async () => {
  await admin.goto('/admin/requests?role=Fleet')
  const first = admin.locator('#requests li').first()
  await admin.mouse.move(...(await middle(first.getByRole('button', { name: /^Approve/ }))))
  for (const n of [1, 2]) {
    const name = (await first.getAttribute('aria-label'))!
    await press(1)
    await expect(row(admin, name)).toHaveCount(0)
    expect(await asked(), 'each click of its own decides').toBe(n)
    await press(2)
    expect(await asked(), 'the second press of a double click does not').toBe(n)
  }
  await first.getByRole('button', { name: /^Approve/ }).dblclick()
  expect(await asked()).toBe(3)
})

test('a button that asks for a second word is not answered by the same double click', async () => {
  await admin.goto('/admin/requests?q=boss')
  await row(admin, 'boss@example.com').getByRole('link', { name: 'boss@example.com' }).click()
  await button(admin, 'Approve').dblclick()
  await expect(admin.getByRole('alert')).toBeVisible()
  expect(await asked(), 'an Admin is approved by two presses').toBe(3)
})

test('a double click opens a dialog, and leaves it open', async () => {
  await admin.goto('/admin/settings/members')
  await button(admin, 'Invite New User').first().click()
  await expect(admin.getByLabel('Email')).toBeFocused()
  await admin.keyboard.press('Escape')
  await expect(dialog(admin)).toHaveCount(0)
  await admin.mouse.move(...(await middle(button(admin, 'Invite New User').first())))
  await press(1)
  await expect(dialog(admin)).toBeVisible()
  await press(2)
  await expect(admin.getByLabel('Email')).toBeFocused()
  await expect(dialog(admin)).toBeVisible()
})

test('Enter and Space that are held approve one', async () => {
  await admin.goto('/admin/requests?role=Fleet')
  for (const [key, n] of [['Enter', 4], ['Space', 5]] as const) {
    await admin.locator('#requests li').first().getByRole('button', { name: /^Approve/ }).focus()
    const shown = await admin.locator('#requests li').count()
    await admin.keyboard.down(key)
    if (key === 'Space') await admin.keyboard.up(key) // a button is pressed when it comes up
    await expect(admin.locator('#requests li')).toHaveCount(shown - 1)
    for (let i = 0; i < 5; i++) await admin.keyboard.down(key)
    await admin.keyboard.up(key)
    expect(await asked()).toBe(n)
  }
  expect(faults).toEqual([])
})
