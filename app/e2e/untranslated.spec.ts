import { expect, test, type Page } from '@playwright/test'
import { accept, addMember, dialog, doorward, faults, setUpIn, speak, visit } from './harness'
import { expectMarked, tooWide } from './marks'
import { measure } from './measure'

// What opens only while somebody works, in the pseudo-language: every word is marked, and
// nothing is cut off or wider than the window. Each test continues from the one before.
test.describe.configure({ mode: 'serial' })

let admin: Page

// expectWhole checks what is shown, on a phone and on a wide screen. The five names in the
// bar of a phone fit in every language, but not with the marks of this one.
async function expectWhole(page: Page, what: string): Promise<void> {
  for (const width of [320, 1280]) {
    await page.setViewportSize({ width, height: 800 })
    await expectMarked(page, `${what}, ${width} wide`)
    expect(await tooWide(page), `${what} is wider than ${width}`).toBeLessThanOrEqual(0)
    const wrong = await measure(page, 'whole')
    expect(wrong.filter((w) => !w.startsWith('span.short ')), `${what}, ${width} wide`).toEqual([])
  }
}

test('a workspace in the pseudo-language', async ({ browser }) => {
  admin = await visit(browser, { locale: 'en-GB', colorScheme: 'light', reducedMotion: 'reduce' })
  await setUpIn(admin)
  await speak(admin, 'en-XA')
  for (const [i, role] of ['Fleet', 'AILoop', 'Fleet', 'AILoop'].entries()) await addMember(`m${i}@example.com`, role)
  for (const i of [4, 5]) await doorward('invite', `m${i}@example.com`, '--role', 'Fleet')
})

test('Appearance, with colors that cannot be read and a logo that is refused', async () => {
  await admin.goto('/admin/settings/appearance')
  await expect(admin.locator('#accent')).toBeVisible()
  await expectWhole(admin, 'Appearance')
  await admin.locator('#accent').fill('#ffe000')
  await admin.locator('#accent-dark').fill('#000000')
  await admin.locator('#contact').fill('two words')
  await admin.locator('#logo-file').setInputFiles({ name: 'x.svg', mimeType: 'image/svg+xml', buffer: Buffer.from('<svg/>') })
  await expect(admin.locator('#logo-hint [role=alert]')).toBeVisible()
  await admin.locator('main form .btn.primary').click()
  await expect(admin.locator('main form [role=alert]').first()).toBeVisible()
  await expectWhole(admin, 'Appearance, refused')
  await admin.locator('main form .btn.quiet').last().click() // discards it
  await expect(admin.locator('#contact')).toHaveValue('')
})

// open opens the nth of the changes to all members who are listed: roles, invitations,
// suspend, remove.
async function open(nth: number): Promise<void> {
  await expect(admin.getByRole('row').nth(1)).toBeVisible()
  await admin.locator('.bar > input[type=checkbox]').check()
  const verbs = admin.locator('.bar .push button')
  await expect(verbs).toHaveCount(4)
  await verbs.nth(nth).click()
  await expect(dialog(admin)).toBeVisible()
}

test('the dialogs that change many members, and what became of each', async () => {
  await admin.goto('/admin/settings/members')
  for (const [nth, what] of ['roles', 'invitations', 'suspend', 'remove'].entries()) {
    await open(nth)
    await expectWhole(admin, `the dialog about ${what}`)
    if (what === 'roles') {
      await dialog(admin).getByRole('combobox').click()
      await admin.getByRole('option', { name: /^Fleet/ }).click()
      for (const mode of await dialog(admin).getByRole('radio').all()) {
        await mode.check()
        await expectWhole(admin, `the dialog about ${what}`)
      }
    }
    await admin.keyboard.press('Escape')
    const discard = dialog(admin).getByRole('alertdialog').getByRole('button').last()
    if (await discard.isVisible()) await discard.click()
    await expect(dialog(admin)).toHaveCount(0)
  }
  await open(2)
  await doorward('remove', 'm3@example.com', '--yes')
  await dialog(admin).locator('.btn.sure').click()
  await expect(dialog(admin).locator('.bad').first()).toBeVisible()
  await expectWhole(admin, 'the results')
  await dialog(admin).locator('.btn.primary').click()
})

test('the question about what was typed', async () => {
  await admin.goto('/admin/settings/members?invite')
  await admin.locator('#invite-email').fill('zoe@example.com')
  await admin.keyboard.press('Escape')
  await expect(admin.getByRole('alertdialog')).toBeVisible()
  await expectWhole(admin, 'the question about a draft')
  await admin.getByRole('alertdialog').getByRole('button').last().click()
  await expect(dialog(admin)).toHaveCount(0)
})

test('the dialog that asks for a code', async ({ browser }) => {
  await doorward('invite', 'annie@example.org', '--role', 'Admin')
  const annie = await accept(browser, 'annie@example.org')
  await doorward('approve', 'annie@example.org')
  await expect(annie).toHaveURL('/')
  await speak(annie, 'en-XA')
  await annie.goto('/admin/settings/tokens?token')
  await annie.locator('#token-name').fill('nightly')
  await dialog(annie).getByRole('combobox').first().click()
  await annie.getByRole('option', { name: /^Fleet/ }).click()
  await dialog(annie).locator('.btn.primary').click()
  const field = annie.locator('#confirm-code')
  await expect(field).toBeFocused()
  await expect(annie.locator('#confirm bdi')).toHaveText('annie@example.org')
  await expectWhole(annie, 'the dialog that asks for a code')
  await field.fill('0000-0000')
  await annie.keyboard.press('Enter')
  await expect(field).toHaveAttribute('aria-invalid', 'true')
  await annie.locator('.again').click()
  await expectWhole(annie, 'after a wrong code')
  await annie.context().close()
})

test('a connection that is lost, and a session that ends', async () => {
  await admin.goto('/admin/requests')
  await admin.route('**/api/v1/me', async (route) => {
    const answer = await route.fetch()
    const me = (await answer.json()) as object
    await route.fulfill({ response: answer, json: { ...me, session_expires_at: new Date(Date.now() + 90_000).toISOString() } })
  })
  await admin.reload()
  await expect(admin.locator('.note:has(p)')).toBeVisible()
  await expectWhole(admin, 'before the session ends')
  await admin.unroute('**/api/v1/me')
  await admin.evaluate(async () => {
    const { id } = (await (await fetch('/api/v1/me')).json()) as { id: string }
    await fetch(`/api/v1/members/${id}/sign-out`, { method: 'POST', headers: { 'Content-Type': 'application/json' }, body: '{}' })
  })
  await expect(admin.locator('a[href^="/login?next="]')).toBeVisible()
  await expectWhole(admin, 'after the session has ended')
})

test('no page misbehaved', () => expect(faults).toEqual([]))
