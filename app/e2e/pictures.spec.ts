import { test, expect, type Browser, type Page } from '@playwright/test'
import { join } from 'node:path'
import { doorward, message, visit } from './harness'

// The pictures of the README, taken from the built program and saved in the folder
// PICTURES. Without it nothing is saved, and the pages are only opened.
const keep = async (page: Page, name: string) => {
  const path = process.env.PICTURES ? join(process.env.PICTURES, `${name}.png`) : undefined
  await page.screenshot({ path, animations: 'disabled', caret: 'hide' })
}
const at = (browser: Browser, width: number, height: number) => visit(browser, { viewport: { width, height } })

test('the pages and the email of the README', async ({ browser }) => {
  const admin = await at(browser, 720, 800)
  await admin.goto(process.env.SETUP_LINK as string)
  await admin.getByLabel('Your name').fill('Grace Hopper')
  await admin.getByLabel('Your email').fill('grace@example.org')
  await keep(admin, 'setup')
  await admin.getByRole('button', { name: 'Create workspace' }).click()
  await expect(admin.getByRole('heading', { name: 'Dashboard' })).toBeVisible()

  await admin.goto('/')
  const status = await admin.evaluate(async () => {
    const body = JSON.stringify({ email: 'ada@example.com', name: 'Ada Lovelace', roles: ['Fleet'], note: 'Welcome to route planning' })
    const answer = await fetch('/api/v1/invitations', { method: 'POST', headers: { 'Content-Type': 'application/json' }, body })
    return answer.status
  })
  expect(status).toBe(201)
  const { html, link } = await message('ada@example.com')
  const paper = await at(browser, 720, 760)
  await paper.setContent(html.replaceAll(process.env.BASE_URL as string, 'https://door.example.com').replaceAll(new URL(process.env.BASE_URL as string).host, 'door.example.com'))
  await keep(paper, 'email')

  const ada = await at(browser, 720, 720)
  await ada.goto(link)
  await keep(ada, 'link')
  await ada.getByRole('button', { name: 'Accept the invitation' }).click()
  await expect(ada.locator('#live')).toContainText('This page updates automatically')
  const both: string[] = []
  for (const colorScheme of ['light', 'dark'] as const) {
    await ada.setViewportSize({ width: 560, height: 820 })
    await ada.emulateMedia({ colorScheme })
    both.push((await ada.screenshot({ animations: 'disabled', caret: 'hide' })).toString('base64'))
  }
  await paper.setViewportSize({ width: 1120, height: 820 })
  await paper.setContent(`<body style="margin:0;display:flex">${both.map((b) => `<img src="data:image/png;base64,${b}" alt="">`).join('')}`)
  await keep(paper, 'pending')

  await ada.emulateMedia({ colorScheme: 'light' })
  await ada.setViewportSize({ width: 720, height: 640 })
  await doorward('approve', 'ada@example.com')
  await expect(ada.getByRole('heading', { name: 'Hello, Ada' })).toBeVisible()
  await keep(ada, 'home')
  const again = await at(browser, 720, 580)
  await again.goto('/login')
  await again.getByLabel('Email').fill('ada@example.com')
  await keep(again, 'login')

  for (const [email, name] of [['mary@example.org', 'Mary Somerville'], ['emmy@example.net', 'Emmy Noether'], ['karen@example.com', 'Karen Jones']]) {
    await admin.evaluate(async ([email, name]) => {
      const body = JSON.stringify({ email, name, roles: ['Fleet'], note: 'Welcome to route planning' })
      await fetch('/api/v1/invitations', { method: 'POST', headers: { 'Content-Type': 'application/json' }, body })
    }, [email, name])
  }
  const mary = await at(browser, 720, 720)
  await mary.goto((await message('mary@example.org')).link)
  await mary.getByRole('button', { name: 'Accept the invitation' }).click()
  await expect(mary).toHaveURL('/pending')
  await admin.setViewportSize({ width: 1200, height: 760 })
  await admin.goto('/admin')
  await expect(admin.getByText('1 person is waiting for your approval')).toBeVisible()
  await keep(admin, 'console-dashboard')
  await admin.getByRole('button', { name: 'Review', exact: true }).click()
  await expect(admin.getByText('mary@example.org')).toBeVisible()
  await keep(admin, 'console-requests')
  await admin.getByRole('button', { name: 'Invite New User' }).or(admin.getByRole('link', { name: 'Invite New User' })).first().click()
  await admin.getByLabel('Email').fill('rosalind@example.com')
  await expect(admin.getByRole('button', { name: 'Send Invitation' })).toBeVisible()
  await keep(admin, 'console-invite')
})
