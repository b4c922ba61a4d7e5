import { expect, test, type Page } from '@playwright/test'
import { button } from './harness'

const dialogs = (page: Page) => page.locator('dialog[open]')
// wants tells the page what the window wants of it, several things at once.
const wants = (page: Page, ...events: string[]) => page.evaluate((events) => Promise.all(events.map((e) => (window as unknown as { wants: Record<string, () => Promise<void>> }).wants[e]!())), events)

test.beforeEach(async ({ page }) => {
  await page.goto('/')
  await page.evaluate('Object.assign(window, { wants, heard })')
})

test('whoever closes twice at once is asked once', async ({ page }) => {
  await wants(page, 'closing', 'closing')
  await wants(page, 'closing')
  await expect(dialogs(page)).toHaveCount(1)
  await expect(page.getByRole('dialog', { name: 'Keep it running?' })).toBeVisible()
  await button(page, 'Cancel').click()
  await expect(page.locator('dialog')).toHaveCount(0)
  await wants(page, 'closing')
  await expect(button(page, 'Keep'), 'and asked again the next time').toBeFocused()
})

test('the question stands instead of the settings, whichever comes first', async ({ page }) => {
  await wants(page, 'closing-settings')
  await expect(page.getByRole('dialog', { name: 'When closing' })).toBeVisible()
  await wants(page, 'closing')
  await expect(page.locator('dialog')).toHaveCount(1)
  await expect(page.getByRole('dialog', { name: 'Keep it running?' })).toBeVisible()
  await wants(page, 'closing-settings')
  await expect(page.locator('dialog')).toHaveCount(1)
  await page.keyboard.press('Escape')
  await expect(page.locator('dialog')).toHaveCount(0)
  await wants(page, 'closing', 'closing-settings')
  await expect(page.getByRole('dialog', { name: 'Keep it running?' })).toBeVisible()
})

test('the page below hears neither its keys nor its presses', async ({ page }) => {
  await wants(page, 'closing')
  await page.keyboard.press('a')
  await page.getByText('It serves.').click()
  await page.getByLabel('Always').check()
  expect(await page.evaluate('heard')).toEqual([])
  await button(page, 'Cancel').click()
  await expect(page.locator('dialog'), 'the question is gone a moment after the press').toHaveCount(0)
  await page.keyboard.press('a')
  expect(await page.evaluate('heard')).toEqual(['keydown'])
})
