import { readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { join } from 'node:path'
import { expect, type Browser, type BrowserContext, type BrowserContextOptions, type Page } from '@playwright/test'
import type { AxeResults } from 'axe-core'

const axe = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8')

// control calls the Go test that started this run and returns its answer. A refusal
// fails the spec with its sentence.
export async function control<T = unknown>(verb: string, input: unknown = {}): Promise<T> {
  const res = await fetch(`${process.env.CONTROL_URL}/${verb}`, {
    method: 'POST',
    headers: { 'Content-Type': 'application/json' },
    body: JSON.stringify(input),
  })
  if (!res.ok) throw new Error(`control ${verb}: ${res.status} ${await res.text()}`)
  return (await res.json()) as T
}

export type Said = { code: number; out: string; err: string; at: number }

// doorward runs a command that has to succeed.
export async function doorward(...args: string[]): Promise<Said> {
  const said = await control<Said>('doorward', args)
  expect(said.code, `doorward ${args.join(' ')}\n${said.err}`).toBe(0)
  return said
}

// listed is the output of a command with --json, one object a line.
export async function listed<T = Record<string, unknown>>(...args: string[]): Promise<T[]> {
  const { out } = await doorward(...args, '--json')
  return out
    .split('\n')
    .filter(Boolean)
    .map((line) => JSON.parse(line) as T)
}

export type Message = {
  from: string
  to: string
  subject: string
  text: string
  html: string
  messageId: string
  link: string
  code: string
  secured: boolean
}

// message waits for the nth email to an address with this in its subject.
export const message = (to: string, subject = '', nth = 1) => control<Message>('message', { to, subject, nth })

// faults are things that no page may do: break the content policy, request something
// from another host, or fail in a script.
export const faults: string[] = []

let visitors = 0

// visit opens a new browser without cookies. If the server trusts a proxy, the browser
// comes from a network of its own.
export async function visit(browser: Browser, options: BrowserContextOptions = {}): Promise<Page> {
  visitors++
  const source = `198.51.${100 + (visitors >> 8)}.${visitors & 255}`
  const extraHTTPHeaders = process.env.PROXIED ? { 'X-Forwarded-For': source } : undefined
  const context = await browser.newContext({ extraHTTPHeaders, ...options })
  watch(context)
  return context.newPage()
}

function watch(context: BrowserContext): void {
  context.on('request', (r) => {
    const url = new URL(r.url())
    if (url.protocol.startsWith('http') && url.origin !== process.env.BASE_URL) faults.push(`another host was asked: ${r.url()}`)
  })
  context.on('console', (m) => {
    if (/content security policy|refused to/i.test(m.text())) faults.push(`console: ${m.text()}`)
  })
  context.on('weberror', (e) => faults.push(`script: ${e.error().message}`))
}

// speak chooses a language for a browser, as the menu at the foot of a page does.
export async function speak(page: Page, language: string): Promise<void> {
  const url = process.env.BASE_URL as string
  const { port } = new URL(url)
  await page.context().addCookies([{ name: port ? `doorward-language-${port}` : 'doorward-language', value: language, url }])
}

// setUp makes the workspace Night Watch with its first Admin, Grace Hopper, and returns her
// console. It works in any language.
export async function setUp(browser: Browser, options: BrowserContextOptions = {}): Promise<Page> {
  const page = await visit(browser, options)
  await setUpIn(page)
  return page
}

// setUpIn is setUp in a page that is there already.
export async function setUpIn(page: Page): Promise<void> {
  await page.goto(process.env.SETUP_LINK as string)
  await page.locator('input[name=workspace]').fill('Night Watch')
  await page.locator('input[name=name]').fill('Grace Hopper')
  await page.locator('input[name=email]').fill('grace@example.org')
  await page.locator('main form button').click()
  await page.waitForURL('**/admin/')
  await expect(page.getByRole('heading', { level: 1 })).toBeVisible()
}

// accept accepts an invitation in a browser of its own, which is left at the pending page.
export async function accept(browser: Browser, email: string): Promise<Page> {
  const page = await visit(browser)
  await page.goto((await message(email)).link)
  await page.getByRole('button', { name: 'Accept the invitation' }).click()
  await expect(page).toHaveURL('/pending')
  return page
}

// accepted accepts an invitation and closes the browser.
export const accepted = async (browser: Browser, email: string) => (await accept(browser, email)).context().close()

// addMember makes an active member, who was invited with these further arguments.
export async function addMember(email: string, role: string, ...more: string[]): Promise<void> {
  await doorward('invite', email, '--role', role, ...more)
  await doorward('approve', email)
}

// invites makes many pending members at once, none of whom has accepted.
export const invites = (admin: Page, who: string[], role = 'Fleet') =>
  admin.evaluate(
    async ([who, role]) => {
      const headers = { 'Content-Type': 'application/json' }
      const invitations = (who as string[]).map((email) => ({ email, roles: [role] }))
      const answer = await fetch('/api/v1/invitations/batch', { method: 'POST', headers, body: JSON.stringify({ invitations }) })
      if (!answer.ok) throw new Error(await answer.text())
    },
    [who, role] as const,
  )

// What the specs look for on every page. A name in words is the whole name. A row that is leaving its list is
// still drawn, and inert: its buttons are not those that are meant.
export const button = (page: Page, name: string | RegExp) => page.getByRole('button', { name, exact: typeof name === 'string' }).and(page.locator(':not([inert], [inert] *)'))
export const dialog = (page: Page) => page.getByRole('dialog')
export const row = (page: Page, name: string) => page.getByRole('listitem', { name })
export const said = (page: Page, text: string | RegExp) => expect(page.getByRole('status').filter({ hasText: text }).first()).toBeVisible()

// place opens a page of the console by a link to it.
export async function place(page: Page, name: string): Promise<void> {
  await page.getByRole('link', { name, exact: true }).first().click()
  await expect(page.getByRole('heading', { level: 1 })).toBeVisible()
}

// choose selects an option of a list.
export async function choose(page: Page, trigger: string | RegExp, option: string): Promise<void> {
  await page.getByRole('combobox', { name: trigger }).last().click()
  await page.getByRole('option', { name: new RegExp(`^${option}\\b`) }).click()
}

// barriers lists axe's findings on the page, rule and element. The debugger evaluates
// axe, so a strict content policy does not stop it. without names rules that do not
// apply.
export async function barriers(page: Page, without: string[] = []): Promise<string[]> {
  if (!(await page.evaluate(() => 'axe' in window))) await page.evaluate(axe)
  // While a dialog comes, its colours are mixed with those of the page below.
  await page.evaluate(() => Promise.allSettled(document.getAnimations().filter((a) => a.effect?.getComputedTiming().endTime !== Infinity).map((a) => a.finished)))
  const rules = Object.fromEntries(without.map((id) => [id, { enabled: false }]))
  const found = await page.evaluate(async (rules) => {
    const { axe } = window as unknown as { axe: { run(options: object): Promise<AxeResults> } }
    return (await axe.run({ rules })).violations
  }, rules)
  return found.flatMap((v) => v.nodes.map((n) => `${v.id} at ${n.target.join(' ')}: ${n.any[0]?.message ?? v.help}`))
}

// expectNoBarriers fails with the accessibility problems of the page.
export async function expectNoBarriers(page: Page, what = page.url()): Promise<void> {
  expect(await barriers(page), `accessibility of ${what}`).toEqual([])
}

// shoot saves a screenshot of the page in the folder DOORWARD_SHOTS, if it is set.
export async function shoot(page: Page, name: string): Promise<void> {
  const dir = process.env.DOORWARD_SHOTS
  if (dir) await page.screenshot({ path: join(dir, `${name}.png`), fullPage: true, animations: 'disabled' })
}

// examine checks a page in both themes, on a wide screen and on a phone, and by
// keyboard. With covered a dialog covers the page and keeps the focus inside, so the
// page is not checked by keyboard.
export async function examine(page: Page, name: string, { covered = false } = {}): Promise<void> {
  for (const colorScheme of ['light', 'dark'] as const) {
    await page.emulateMedia({ colorScheme, reducedMotion: 'reduce' })
    for (const width of [1280, 360]) {
      await page.setViewportSize({ width, height: 800 })
      await painted(page, colorScheme, width)
      await expectNoBarriers(page, `${name}, ${colorScheme}, ${width} wide`)
      await shoot(page, `${name}-${colorScheme}-${width}`)
    }
  }
  await page.setViewportSize({ width: 320, height: 640 })
  const over = await page.evaluate(() => document.documentElement.scrollWidth - innerWidth)
  expect(over, `${name} scrolls sideways at 320`).toBeLessThanOrEqual(0)
  if (!covered) await expectReachable(page, name)
  await page.emulateMedia({ colorScheme: 'light' })
  await page.setViewportSize({ width: 1280, height: 800 })
}

// painted waits until the page has a theme and a width. The browser reports them
// before the page changes.
async function painted(page: Page, theme: string, width: number): Promise<void> {
  const there = ({ theme, width }: { theme: string; width: number }) => innerWidth === width && matchMedia(`(prefers-color-scheme: ${theme})`).matches
  await page.waitForFunction(there, { theme, width }, { polling: 50 })
  await page.evaluate(() => new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done))))
}

// expectReachable presses Tab from the top of the page. The focus must reach every
// control in reading order, and be visible.
async function expectReachable(page: Page, name: string): Promise<void> {
  const stops = await page.evaluate(() => {
    const all = document.querySelectorAll<HTMLElement>('a[href], button, input:not([type=hidden], [type=file][tabindex="-1"]), textarea, select, summary, [tabindex="0"]')
    const stops = [...all].filter((e) => e.checkVisibility() && !e.matches(':disabled'))
    Object.assign(window, { stops })
    document.body.tabIndex = -1
    document.body.focus()
    document.body.removeAttribute('tabindex')
    return stops.map((e) => e.outerHTML.slice(0, 80))
  })
  for (const [i, stop] of stops.entries()) {
    await page.keyboard.press('Tab')
    for (let part = 0; part < 3 && (await inside(page, i - 1)); part++) await page.keyboard.press('Tab')
    const at = await page.evaluate((i) => {
      const e = document.activeElement as HTMLElement
      const { outlineStyle, outlineWidth } = getComputedStyle(e)
      const { stops } = window as unknown as { stops: HTMLElement[] }
      return { there: e === stops[i], where: e.outerHTML.slice(0, 80), seen: outlineStyle !== 'none' && parseFloat(outlineWidth) >= 2 }
    }, i)
    expect(at.there, `${name}: Tab ${i + 1} should reach ${stop}, and is at ${at.where}`).toBe(true)
    expect(at.seen, `${name}: the focus on ${stop} can be seen`).toBe(true)
  }
}

// inside reports whether the focus is still in a control of several parts, such as
// day, month, year and calendar of a date.
const inside = (page: Page, i: number): Promise<boolean> =>
  page.evaluate((i) => {
    const stop = (window as unknown as { stops: HTMLElement[] }).stops[i]
    return stop === document.activeElement && stop instanceof HTMLInputElement && stop.type === 'date'
  }, i)
