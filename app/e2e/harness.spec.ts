import { expect, test } from '@playwright/test'
import { barriers, control, expectNoBarriers } from './harness'
import { faultsOf } from './measure'

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

// Each rule is broken here, beside what keeps it, and must be named with its element.
const unfit = `<style>
  body { margin: 40px; font: 16px sans-serif } button, a.box { font: inherit; color: #000; background: #fff; border: 1px solid #000; min-height: 30px }
  .tiny { min-height: 0; width: 18px; height: 18px; padding: 0; margin: 0; border: 1px solid #000; overflow: hidden; font-size: 10px }
  :focus-visible { outline: 2px solid #000 }
  @media print { #good { display: none } }
</style>
<p>A sentence with <a href="#x">a link</a> in it.</p>
<button class="tiny" id="near">a</button><button class="tiny" id="nearer">b</button>
<p style="margin: 60px 0"><button class="tiny" id="far">c</button></p>
<p><input id="pale" aria-label="Pale" style="appearance: none; border: 1px solid #ddd; background: #fff"></p>
<p><button id="faint" style="border-color: #e5e5e5">Faint</button></p>
<p><button id="icon" aria-label="Icon" style="background: #222"><svg width="16" height="16"><path d="M0 0h16" fill="none" stroke="#fff" stroke-width="4" /></svg></button></p>
<div id="cut" style="width: 60px; overflow: hidden; white-space: nowrap">Words that are cut off</div>
<div title="Words that are cut off" id="titled" style="width: 60px; overflow: hidden; white-space: nowrap; text-overflow: ellipsis">Words that are cut off</div>
<div style="position: relative; height: 30px"><span id="under" style="position: absolute">Under it</span><span id="upper" style="position: absolute">Upper</span></div>
<div id="broad" style="width: 700px; height: 5px"></div>
<span id="dot" style="display: inline-block; width: 12px; height: 12px; background: #1d6b57"></span>
<span id="ring" style="display: inline-block; width: 12px; height: 12px; background: #1d6b57; border: 1px solid #000"></span>
<p><button id="unringed" style="outline: none">No focus</button></p>
<nav><a class="box" href="#1" id="here" aria-current="page" style="background: #ddd">Here</a> <a class="box" href="#2" id="there">There</a></nav>
<div id="long" style="height: 40px; overflow: auto"><p style="height: 200px">A long list</p></div>
<p id="pallid" style="color: #bbb">Pallid</p>
<div id="toast" style="position: fixed; bottom: 0">Saved</div>
<button id="good">Good</button>`

test('the measures find what is wrong, and only that', async ({ page }) => {
  await page.setContent(unfit)
  const found = (await faultsOf(page)).map((f) => f.replace(/ “[^”]*”/g, '').replace(/[\d.]+$/, ''))
  const of = (how: string) => found.filter((f) => f.startsWith(`${how}: `)).map((f) => f.slice(how.length + 2))
  expect(of('targets at 1280')).toEqual(['button#near.tiny is 18×18, close to button#nearer.tiny', 'button#nearer.tiny is 18×18, close to button#near.tiny'])
  expect(of('edges, light')).toEqual(['input#pale has an edge of ', 'button#faint has an edge of '])
  expect(of('a zoom to 640')).toEqual(['the page is 740 wide', 'div#cut is cut off by div#cut', 'span#under is over span#upper'])
  expect(of('forced colors, light')).toEqual(['button#icon cannot be seen', 'the focus on button#unringed cannot be seen', 'a#here.box is selected, and looks like a#there.box', 'span#dot was a fill, and is gone'])
  const printed = of('on paper, dark')
  for (const wrong of ['nav is printed', 'button#faint is printed', 'div#long is cut off', 'p#pallid is rgb(187, 187, 187) on white', 'div#toast is on each sheet']) expect(printed).toContain(wrong)
  expect(printed).not.toContain('button#good is printed')
})
