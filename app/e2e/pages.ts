import { expect, type Page } from '@playwright/test'

// The pages of the console, by name. Who walks through all of them takes them from here.
export const consolePages: [string, string][] = [
  ['dashboard', '/'], ['requests', '/requests'], ['members', '/settings/members'], ['invite', '/settings/members?invite'],
  ['invite-many', '/settings/members?invite-many'], ['roles', '/settings/roles'], ['role', '/settings/roles?role'], ['audit', '/audit'],
  ['emails', '/mail'], ['settings', '/settings'], ['general', '/settings/general'], ['appearance', '/settings/appearance'],
  ['mail-server', '/settings/mail'], ['security', '/settings/security'], ['tokens', '/settings/tokens'],
  ['guide', '/help/operating'], ['page-help', '/requests?help'], ['keys', '/?keys'], ['about', '/?about'], ['palette', '/?find'], ['nowhere', '/nowhere'],
]

// settled waits until a page has what it asked for.
export async function settled(page: Page): Promise<void> {
  await expect(page.locator('h1').first()).toBeVisible()
  await expect(page.locator('.skeleton')).toHaveCount(0)
  await page.evaluate(() => document.fonts.ready)
}

// Names as long as people have them, in several scripts.
export const people = ['Ada Lovelace', 'María José Carreño Quiñones de la Fuente y Martínez-Bordiú', 'Łukasz Żółkiewski', '山田 花子', 'محمد بن عبد الله', 'Bob Noyce', 'Björk Guðmundsdóttir', 'X', 'Katherine Johnson', 'Rosalind Franklin']
