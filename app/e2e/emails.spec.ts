import { expect, test } from '@playwright/test'
import { barriers, faults, shoot, visit } from './harness'

// An email has no landmarks of its own: the mail program around it has them.
const ofPages = ['region', 'landmark-one-main']

for (const name of (process.env.EMAILS as string).split(',')) {
  test(`the email "${name}": light and dark, wide and narrow, without barriers, loading nothing`, async ({ browser }) => {
    const page = await visit(browser)
    const asked: string[] = []
    page.on('request', (r) => asked.push(new URL(r.url()).pathname))
    await page.goto(`/${name}.html`, { waitUntil: 'networkidle' })
    for (const colorScheme of ['light', 'dark'] as const) {
      await page.emulateMedia({ colorScheme })
      for (const width of [720, 360]) {
        await page.setViewportSize({ width, height: 800 })
        await expect(page.getByRole('heading', { level: 1 })).toBeVisible()
        const [ground, ink] = await page.evaluate(() => [document.body, document.querySelector('h1') as Element].map((e) => getComputedStyle(e)).map((s, i) => (i ? s.color : s.backgroundColor)))
        const light = (rgb: string) => (rgb.match(/\d+/g) as string[]).slice(0, 3).reduce((sum, n) => sum + Number(n), 0) > 382
        expect([light(ground), light(ink)], `${colorScheme}: ${ground}, ${ink}`).toEqual(colorScheme === 'light' ? [true, false] : [false, true])
        expect(await page.evaluate(() => document.documentElement.scrollWidth - innerWidth), `scrolls sideways at ${width}`).toBeLessThanOrEqual(0)
        expect(await barriers(page, ofPages), `${colorScheme}, ${width} wide`).toEqual([])
        await shoot(page, `email-${name}-${colorScheme}-${width}`)
      }
    }
    expect([...new Set(asked)].filter((path) => path !== '/favicon.ico'), 'what was loaded').toEqual([`/${name}.html`])
    await page.context().close()
  })
}

test('no email breaks the content policy, loads anything or fails in a script', () => expect(faults).toEqual([]))
