import { expect, test, type Page } from '@playwright/test'
import { deflateSync, crc32 } from 'node:zlib'
import { button, doorward, examine, faults, message, setUp, visit } from './harness'

// How the workspace looks to invited people: what an Admin sets is in the preview, on the
// pages and in the emails. Each test continues from the one before.
test.describe.configure({ mode: 'serial' })

let admin: Page

// png is an image of one colour.
function png(width: number, height: number, rgb: [number, number, number]): Buffer {
  const chunk = (kind: string, body: Buffer) => {
    const whole = Buffer.concat([Buffer.from(kind), body])
    const out = Buffer.alloc(8 + body.length + 4)
    out.writeUInt32BE(body.length, 0)
    whole.copy(out, 4)
    out.writeUInt32BE(crc32(whole), 8 + body.length)
    return out
  }
  const head = Buffer.alloc(13)
  head.writeUInt32BE(width, 0)
  head.writeUInt32BE(height, 4)
  head.set([8, 2, 0, 0, 0], 8)
  const row = Buffer.concat([Buffer.from([0]), ...Array.from({ length: width }, () => Buffer.from(rgb))])
  const rows = Buffer.concat(Array.from({ length: height }, () => row))
  return Buffer.concat([Buffer.from('89504e470d0a1a0a', 'hex'), chunk('IHDR', head), chunk('IDAT', deflateSync(rows)), chunk('IEND', Buffer.alloc(0))])
}

test('a workspace', async ({ browser }) => {
  admin = await setUp(browser, { colorScheme: 'light', reducedMotion: 'reduce' })
  await admin.goto('/admin/settings/appearance')
  await expect(admin.getByRole('heading', { name: 'Appearance' })).toBeVisible()
})

// An SVG is a page with scripts that looks like an image.
test('an SVG is refused, and a PNG becomes the logo', async () => {
  const frame = admin.frameLocator('iframe').first()
  await expect(frame.getByRole('heading', { name: 'Sign in' })).toBeVisible()
  await admin.getByLabel('Logo file').setInputFiles({ name: 'x.svg', mimeType: 'image/svg+xml', buffer: Buffer.from('<svg xmlns="http://www.w3.org/2000/svg"/>') })
  await expect(admin.getByRole('alert')).toContainText('PNG, JPEG or WebP')
  await admin.getByLabel('Logo file').setInputFiles({ name: 'x.png', mimeType: 'image/png', buffer: Buffer.from('<svg/>') })
  await expect(admin.getByRole('alert')).toContainText('PNG, JPEG or WebP')
  await admin.getByLabel('Logo file').setInputFiles({ name: 'logo.png', mimeType: 'image/png', buffer: png(640, 192, [122, 31, 92]) })
  await expect(admin.getByText('Logo changed.')).toBeVisible()
  await expect(frame.getByRole('img', { name: 'Night Watch' })).toBeVisible()
})

test('the form measures the accent color, and the preview follows', async () => {
  const colour = admin.getByRole('textbox', { name: /^Accent color/ }).first()
  await colour.fill('#ffe000')
  await expect(admin.getByText('too low: text needs 4.5 to 1.')).toBeVisible()
  await button(admin, 'Save changes').click()
  await expect(admin.getByRole('alert')).toContainText('Choose a darker color')
  await colour.fill('#7a1f5c')
  await expect(admin.getByText('easy to read.')).toBeVisible()
  await admin.getByLabel(/^Footer/).fill('Questions? Ask the IT desk.')
  await admin.getByLabel(/^Contact/).fill('help@example.com')
  await admin.getByLabel(/^Sender name/).fill('The Night Watch')
  for (const [i, want] of [[0, 'rgb(122, 31, 92)'], [1, /^rgb\(/]] as const) {
    const frame = admin.frameLocator('iframe').nth(i)
    await expect(frame.getByText('Questions? Ask the IT desk.')).toBeVisible()
    await expect(frame.getByRole('link', { name: 'help@example.com' })).toBeVisible()
    await expect(frame.getByRole('button').first()).toHaveCSS('background-color', want)
  }
  await expect(button(admin, 'Dismiss')).toHaveCount(0) // a toast that goes while it is counted
  await admin.getByRole('link', { name: 'Email log' }).click()
  await expect(admin.getByRole('heading', { name: 'Email log' })).toBeVisible()
  await admin.getByRole('link', { name: 'Appearance' }).click()
  await expect(colour, 'the draft is still there after another page').toHaveValue('#7a1f5c')
  await examine(admin, 'appearance')
  await button(admin, 'Save changes').click()
  await expect(admin.getByText('Appearance changed.')).toBeVisible()
  await expect(admin.getByLabel(/^Contact/), 'as it was typed, without mailto:').toHaveValue('help@example.com')
  for (const bad of ['javascript:alert(1)', 'two words']) {
    await admin.getByLabel(/^Contact/).fill(bad)
    await button(admin, 'Save changes').click()
    await expect(admin.getByRole('alert')).toContainText('The contact must be an email address')
  }
  await button(admin, 'Discard').click()
  await expect(admin.getByLabel(/^Contact/)).toHaveValue('help@example.com')
})

test('the sign-in page and the invitation show it', async ({ browser }) => {
  const guest = await visit(browser, { colorScheme: 'light' })
  await expect.poll(async () => {
    await guest.goto('/login')
    return guest.locator('.primary').evaluate((e) => getComputedStyle(e).backgroundColor)
  }).toBe('rgb(122, 31, 92)')
  const logo = guest.getByRole('img', { name: 'Night Watch' })
  await expect(logo).toBeVisible()
  expect(await logo.evaluate((e: HTMLImageElement) => [e.naturalWidth, e.naturalHeight, e.clientWidth])).toEqual([320, 96, 160])
  const answer = await guest.request.get((await logo.getAttribute('src')) as string)
  expect(answer.headers()).toMatchObject({ 'content-type': 'image/png', 'x-content-type-options': 'nosniff', 'cache-control': 'public, max-age=31536000, immutable' })
  await expect(guest.getByRole('link', { name: 'help@example.com' })).toHaveAttribute('href', 'mailto:help@example.com')
  await doorward('invite', 'ada@example.com', '--role', 'Fleet')
  const got = await message('ada@example.com')
  expect(got.text).toContain('Questions? Ask the IT desk.\nhelp@example.com')
  expect(got.html).toContain('src="cid:logo.')
  expect(got.html).toContain('#7a1f5c')
})

// What took an afternoon to choose was gone by one press of the wrong button.
test('each of it can be reset, and a reset be undone', async () => {
  const toast = (text: string) => admin.locator('.toast').filter({ hasText: text })
  const footer = admin.getByLabel(/^Footer/)
  await button(admin, 'Reset to defaults').click()
  await expect(footer).toHaveValue('')
  await toast('Appearance reset to defaults.').getByRole('button', { name: 'Undo' }).click()
  await expect(footer).toHaveValue('Questions? Ask the IT desk.')
  await expect(admin.getByLabel(/^Sender name/)).toHaveValue('The Night Watch')
  await button(admin, 'Reset to defaults').click()
  await expect(footer).toHaveValue('')
  await button(admin, 'Remove logo').click()
  await expect(button(admin, 'Remove logo')).toHaveCount(0)
  await toast('Logo removed.').getByRole('button', { name: 'Undo' }).click()
  await expect(button(admin, 'Remove logo')).toBeVisible()
  const shown = admin.getByRole('img', { name: 'Your logo' }).first()
  await expect.poll(() => shown.evaluate((e: HTMLImageElement) => e.naturalWidth), 'the same image').toBe(320)
  await button(admin, 'Remove logo').click()
  await expect(button(admin, 'Remove logo')).toHaveCount(0)
  expect(faults).toEqual([])
})
