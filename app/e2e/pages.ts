import { expect, type Page } from '@playwright/test'

// The pages of the console: a name for each, its address, and its heading, or that of the dialog
// on it, by its key in the catalogue. Who walks through all of them takes them from here.
export const consolePages: [name: string, path: string, heading: string][] = [
  ['dashboard', '/', 'console.dashboard.title'],
  ['requests', '/requests', 'console.dashboard.requests'],
  ['members', '/settings/members', 'console.members.title'],
  ['invite', '/settings/members?invite', 'console.invite.title'],
  ['invite-many', '/settings/members?invite-many', 'console.invite.many_title'],
  ['roles', '/settings/roles', 'console.roles.title'],
  ['role', '/settings/roles?role', 'console.roles.new_title'],
  ['audit', '/audit', 'console.audit.title'],
  ['emails', '/mail', 'console.mail.title'],
  ['settings', '/settings', 'console.settings.title'],
  ['general', '/settings/general', 'console.settings.general_title'],
  ['appearance', '/settings/appearance', 'console.appearance.title'],
  ['mail-server', '/settings/mail', 'console.settings.mail_title'],
  ['security', '/settings/security', 'console.settings.security_title'],
  ['tokens', '/settings/tokens', 'console.tokens.title'],
  ['guide', '/help/operating', 'Running Doorward on a server'],
  ['page-help', '/requests?help', 'console.help.title'],
  ['keys', '/?keys', 'console.keys.title'],
  ['about', '/?about', 'console.about.title'],
  ['palette', '/?find', 'console.find.title'],
  ['nowhere', '/nowhere', 'console.not_here.missing'],
]

// settled waits until a page has what it asked for.
export async function settled(page: Page): Promise<void> {
  await expect(page.locator('h1').first()).toBeVisible()
  await expect(page.locator('.skeleton')).toHaveCount(0)
  await page.evaluate(() => document.fonts.ready)
}

// Names as long as people have them, in several scripts.
export const people = ['Ada Lovelace', 'María José Carreño Quiñones de la Fuente y Martínez-Bordiú', 'Łukasz Żółkiewski', '山田 花子', 'محمد بن عبد الله', 'Bob Noyce', 'Björk Guðmundsdóttir', 'X', 'Katherine Johnson', 'Rosalind Franklin']
