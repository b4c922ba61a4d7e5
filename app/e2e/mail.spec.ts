import { expect, test } from '@playwright/test'
import { choose, control, doorward, examine, expectNoBarriers, faults, listed, message, shoot, visit } from './harness'

// An Admin sets up mail in the console of a Doorward that was started without: against a
// real mail server, which requires STARTTLS and a login. What it answers is shown in its own
// words, and an invitation that was held goes out.
test('mail is set up in the console', async ({ browser }) => {
  const page = await visit(browser, { locale: 'en-GB', timezoneId: 'Europe/London' })
  await doorward('invite', 'ida@example.com', '--role', 'Fleet')
  const [{ login_link: link }] = (await listed<{ login_link: string }>('login-link', process.env.ADMIN as string)) as [{ login_link: string }]
  await page.goto(link)
  await page.getByRole('button', { name: 'Sign in' }).click()
  await expect(page.getByRole('heading', { name: /Hello/ })).toBeVisible()
  await page.goto('/admin/settings/mail')
  const host = page.getByLabel('Host'), password = page.getByLabel('Password')

  await test.step('what is held is said, and a mistake is said beside its field', async () => {
    await expect(page.getByText('1 email is held because no mail server is set up.')).toBeVisible()
    await host.fill('smtp://127.0.0.1')
    await page.getByRole('button', { name: 'Save', exact: true }).click()
    await expect(page.locator('#mail-host-hint')).toContainText('Enter only the host name')
    await examine(page, 'mail-refused')
    await page.setViewportSize({ width: 1280, height: 900 })
  })

  await test.step('whom no email reaches gets the link by hand, so that is the next thing to do', async () => {
    await page.goto('/admin/settings/members?invite')
    await page.getByLabel('Email').fill('amy@example.com')
    await choose(page, /^Role/, 'Fleet')
    await page.getByRole('button', { name: 'Send Invitation' }).click()
    const done = page.getByRole('button', { name: 'Done' })
    await expect(page.getByRole('button', { name: 'Copy link' })).toHaveClass(/primary/)
    await expect(done).not.toHaveClass(/primary/)
    await page.getByRole('button', { name: 'Copy link' }).click()
    await expect(done).toHaveClass(/primary/)
    await done.click()
  })

  await test.step('a copied link withdraws the held email, which stays in the log with the reason', async () => {
    await doorward('invite', 'ivy@example.com', '--role', 'Fleet')
    const [ivy] = await listed<{ id: string }>('members', '--search', 'ivy@example.com')
    await page.goto(`/admin/settings/members/${ivy?.id}`)
    await page.getByRole('button', { name: 'Copy link' }).click()
    await expect(page.getByLabel(/this link|clipboard/i)).toHaveValue(/\/login\//)
    await page.goto('/admin/mail?state=withdrawn')
    const row = page.getByRole('row').filter({ hasText: 'ivy@example.com' })
    await expect(row).toContainText('Withdrawn')
    await expect(row).toContainText('A new link was copied, so the link in this email no longer works.')
    await expect(row.getByRole('button', { name: /^(Retry|Preview)/ })).toHaveCount(0)
    await examine(page, 'mail-withdrawn')
    await page.setViewportSize({ width: 1280, height: 900 })
    await page.goto('/admin/settings/mail')
  })

  await test.step('a wrong password is answered in the mail server’s words', async () => {
    await host.fill('127.0.0.1')
    await page.getByLabel('Port').fill(process.env.MAIL_PORT as string)
    await page.getByLabel('Username').fill('doorward')
    await password.fill('wrong')
    await page.getByLabel('Sender').fill('AI Loop <door@example.com>')
    await page.getByRole('button', { name: 'Save and send a test' }).click()
    await expect(page.getByText('not sent', { exact: true })).toBeVisible()
    await expect(page.getByRole('status').filter({ hasText: 'was not sent' })).toContainText('535')
    await expect(password).toHaveValue('')
    await shoot(page, 'mail-wrong')
  })

  await test.step('the right one: a test, and what was held', async () => {
    await password.fill('open sesame')
    await page.getByRole('button', { name: 'Save and send a test' }).click()
    await expect(page.getByText('The mail server accepted the test email')).toBeVisible()
    await expect(page.getByText('Ready', { exact: true })).toBeVisible()
    const invitation = await message('ida@example.com')
    expect(invitation.secured).toBe(true)
    expect((await listed<{ to: string; state: string }>('outbox')).find((m) => m.to === 'ivy@example.com')?.state).toBe('withdrawn')
    expect(invitation.from).toContain('door@example.com')
    await expectNoBarriers(page, 'mail, set up')
    await shoot(page, 'mail-set-up')
  })

  await test.step('the password is not shown again, and not sent to another server', async () => {
    await page.reload()
    await expect(password).toHaveValue('')
    await expect(page.getByText('A password is saved. Leave this empty to keep it.')).toBeVisible()
    await host.fill('evil.example')
    await page.getByRole('button', { name: 'Save', exact: true }).click()
    await expect(page.locator('#mail-password-hint')).toContainText('Enter the password again')
    await page.getByRole('button', { name: 'Discard' }).click()
    await expect(host).toHaveValue('127.0.0.1')
  })

  await test.step('what was typed survives another page and a reload; a password is kept nowhere', async () => {
    await host.fill('mail.example.net')
    await password.fill('shut sesame')
    await page.getByRole('link', { name: 'General' }).first().click()
    await expect(page.getByRole('heading', { level: 1, name: 'General' })).toBeVisible()
    expect(await page.evaluate(() => JSON.stringify({ ...sessionStorage, ...localStorage }))).toContain('mail.example.net')
    expect(await page.evaluate(() => JSON.stringify({ ...sessionStorage, ...localStorage }))).not.toContain('sesame')
    await page.goBack()
    await expect(host).toHaveValue('mail.example.net')
    await expect(password).toHaveValue('')
    await page.reload()
    await expect(host).toHaveValue('mail.example.net')
    await page.getByRole('button', { name: 'Discard' }).click()
    await page.reload()
    await expect(host).toHaveValue('127.0.0.1')
  })

  await test.step('what was set stays after a restart', async () => {
    await control('stop')
    await control('start', [])
    await page.reload()
    await page.getByRole('button', { name: 'Send a test' }).click()
    await expect(page.getByText('The mail server accepted the test email')).toBeVisible()
  })
  expect(faults).toEqual([])
})
