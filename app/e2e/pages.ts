import { expect, type Page } from '@playwright/test'

// setUp makes the first Admin, who is signed in afterwards.
export async function setUp(page: Page): Promise<void> {
  await page.locator('input[name=workspace]').fill('Night Watch')
  await page.locator('input[name=name]').fill('Grace Hopper')
  await page.locator('input[name=email]').fill('grace@example.org')
  await page.locator('main form button').first().click()
  await expect.poll(() => new URL(page.url()).pathname).not.toContain('setup')
}
