import { expect, test } from '@playwright/test'
import { barriers, control, expectNoBarriers } from './harness'

test('renders a page under a strict content policy', async ({ page }) => {
  const answer = await page.goto('/good')
  expect(answer?.headers()['content-security-policy']).toContain("default-src 'none'")
  await expect(page.getByRole('heading', { name: 'Good evening' })).toBeVisible()
  expect(await page.locator('h1').evaluate((h) => getComputedStyle(h).color)).toBe('rgb(0, 0, 0)')
})

test('axe passes a good page', async ({ page }) => {
  await page.goto('/good')
  await expectNoBarriers(page)
})

test('axe finds what is wrong with a bad page', async ({ page }) => {
  await page.goto('/bad')
  const found = await barriers(page)
  expect(found.some((f) => f.startsWith('image-alt at img'))).toBe(true)
  expect(found.some((f) => f.startsWith('label at input'))).toBe(true)
})

test('the Go test answers', async () => {
  expect(await control('double', 21)).toBe(42)
  await expect(control('double', 'twenty-one')).rejects.toThrow(/control double: 422/)
  await expect(control('no-such-verb')).rejects.toThrow(/control no-such-verb: 404/)
})
