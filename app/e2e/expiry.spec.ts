import { expect, test, type Page } from '@playwright/test'
import { button, choose, dialog, doorward, examine, faults, message, said, setUp, visit } from './harness'

// How long sessions, links and tokens last, as an Admin sets it. Each test continues from the
// one before.
test.describe.configure({ mode: 'serial' })

const annie = 'annie@example.org'
const named = 'Login links and codes'
let admin: Page

const field = () => admin.getByRole('textbox', { name: named })
const unit = (of: string) => admin.getByRole('combobox', { name: `${named}: unit: ${of}` })
const save = () => button(admin, 'Save expiry times')
const reset = () => button(admin, `${named}: reset to 15 minutes`)
const kept = () => admin.evaluate(async () => ((await (await fetch('/api/v1/settings')).json()) as { lifetimes: { sign_in_link: string } }).lifetimes.sign_in_link)

test('the form has what holds, and nothing to save', async ({ browser }) => {
  admin = await setUp(browser)
  await admin.goto('/admin/settings/security')
  await expect(field()).toHaveValue('15')
  await expect(unit('minutes')).toBeVisible()
  await expect(save()).toBeDisabled()
  await expect(reset()).toHaveCount(0)
  await examine(admin, 'expiry')
})

test('what is saved is what the API says', async () => {
  await field().fill('20')
  await admin.reload()
  await expect(field(), 'a reload keeps what was typed').toHaveValue('20')
  await save().click()
  await said(admin, 'The expiry times were saved.')
  expect(await kept()).toBe('20m')
  await expect(field()).toHaveValue('20')
  await expect(save()).toBeDisabled()
  await expect(reset()).toBeVisible()
})

test('what is out of bounds is said beside its field, and changes nothing', async () => {
  await choose(admin, `${named}: unit`, 'hours')
  await save().click()
  await expect(admin.getByRole('alert')).toHaveText('This can last from 5 minutes to 1 hour.')
  await expect(field()).toBeFocused()
  await expect(field()).toHaveAttribute('aria-invalid', 'true')
  await examine(admin, 'expiry-wrong')
  for (const far of ['0', '9999999']) {
    await field().fill(far)
    await save().click()
    await expect(admin.getByRole('alert'), far).toHaveText('This can last from 5 minutes to 1 hour.')
  }
  for (const wrong of ['', 'soon', '1.5']) {
    await field().fill(wrong)
    await expect(admin.getByRole('alert'), 'what was typed anew is not wrong yet').toHaveCount(0)
    await save().click()
    await expect(admin.getByRole('alert')).toHaveText('Enter a whole number.')
  }
  expect(await kept()).toBe('20m')
})

test('reset puts the default into the field, which is kept once it is saved', async () => {
  await reset().click()
  await expect(field()).toBeFocused()
  await expect(field()).toHaveValue('15')
  await expect(unit('minutes')).toBeVisible()
  await expect(admin.getByRole('alert')).toHaveCount(0)
  await expect(reset()).toHaveCount(0)
  expect(await kept()).toBe('20m')
  await save().click()
  await expect.poll(kept).toBe('15m')
  await expect(save()).toBeDisabled()
})

test('an Admin who has not confirmed is asked for a code first, and loses nothing', async ({ browser }) => {
  await doorward('invite', annie, '--role', 'Admin')
  admin = await visit(browser)
  await admin.goto((await message(annie)).link)
  await button(admin, 'Accept the invitation').click()
  await doorward('approve', annie)
  await expect(admin.getByRole('heading', { name: /^Hello/ })).toBeVisible()
  await admin.goto('/admin/settings/security')
  await field().fill('30')
  await save().click()
  await expect(dialog(admin)).toContainText(`on its way to ${annie}`)
  const { text } = await message(annie, 'Confirm your identity')
  expect(await kept()).toBe('15m')
  await admin.getByLabel('Code from the email').fill(/^ {0,4}([0-9A-Z]{4}-[0-9A-Z]{4})$/m.exec(text)?.[1] ?? 'no code in the email')
  await button(admin, 'Confirm').click()
  await said(admin, 'The expiry times were saved.')
  expect(await kept()).toBe('30m')
})

test('no page broke a rule on the way', () => expect(faults).toEqual([]))
