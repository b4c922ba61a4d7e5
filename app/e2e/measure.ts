import type { Page } from '@playwright/test'

// What can be measured on a page that axe does not measure: how large and how far apart
// targets are, whether edges can be seen, whether text is whole, and what is left in forced
// colors and on paper. Each measure lists what is wrong, with the element.
type Measures = {
  targets(): string[]
  edges(): string[]
  whole(): string[]
  mark(): number
  forced(): string[]
  printed(): string[]
}
type Color = [number, number, number, number]

// install runs in the page. It must not use anything from outside.
function install(): void {
  const pressable = 'a[href], button, input:not([type=hidden]), select, textarea, summary, [role=button], [role=tab], [role=menuitem], [role=option], [role=switch]'
  const boxed = 'button, .btn, .button, input, select, textarea'

  const name = (e: Element): string => {
    const text = (e.getAttribute('aria-label') ?? e.textContent ?? '').trim().replace(/\s+/g, ' ').slice(0, 40)
    const classes = [...e.classList].filter((c) => !c.startsWith('svelte-') && !c.startsWith('s-')).join('.')
    return `${e.tagName.toLowerCase()}${e.id ? `#${e.id}` : ''}${classes ? `.${classes}` : ''} “${text}”`
  }
  const small = (r: DOMRect) => r.width < 24 || r.height < 24
  const seen = (e: Element): boolean => {
    const r = e.getBoundingClientRect()
    if (r.width < 2 || r.height < 2 || !e.checkVisibility({ visibilityProperty: true, opacityProperty: true })) return false
    for (let at: Element | null = e; at; at = at.parentElement) if (getComputedStyle(at).clipPath.startsWith('inset(50%')) return false
    return !e.closest('[inert]')
  }
  // What is under an open dialog cannot be reached, and is not looked at.
  const scope = (): Element => [...document.querySelectorAll('[role=dialog]')].at(-1) ?? document.body
  const all = (what: string): HTMLElement[] => [...scope().querySelectorAll<HTMLElement>(what)].filter(seen)
  const fixed = (e: Element): Element | undefined => {
    for (let at: Element | null = e; at; at = at.parentElement) if (['fixed', 'sticky'].includes(getComputedStyle(at).position)) return at
    return undefined
  }

  // Colors, as the browser computes them, in any notation.
  const context = document.createElement('canvas').getContext('2d', { willReadFrequently: true })!
  const known = new Map<string, Color>()
  const color = (css: string): Color => {
    let c = known.get(css)
    if (!c) {
      context.clearRect(0, 0, 1, 1)
      context.fillStyle = css
      context.fillRect(0, 0, 1, 1)
      const [r, g, b, a] = context.getImageData(0, 0, 1, 1).data
      known.set(css, (c = [r!, g!, b!, a! / 255]))
    }
    return c
  }
  const over = ([r, g, b, a]: Color, [R, G, B]: Color): Color => [r * a + R * (1 - a), g * a + G * (1 - a), b * a + B * (1 - a), 1]
  const behind = (e: Element | null): Color => {
    if (!e) return over(color(getComputedStyle(document.documentElement).backgroundColor), [255, 255, 255, 1])
    const own = color(getComputedStyle(e).backgroundColor)
    return own[3] === 1 ? own : over(own, behind(e.parentElement))
  }
  const light = (c: Color) => {
    const [r, g, b] = c.map((n) => (n / 255 <= 0.04045 ? n / 255 / 12.92 : ((n / 255 + 0.055) / 1.055) ** 2.4)) as Color
    return 0.2126 * r + 0.7152 * g + 0.0722 * b
  }
  const contrast = (a: Color, b: Color) => (Math.max(light(a), light(b)) + 0.05) / (Math.min(light(a), light(b)) + 0.05)
  const border = (s: CSSStyleDeclaration, around: Color) =>
    Math.max(...(['Top', 'Right', 'Bottom', 'Left'] as const).map((side) =>
      parseFloat(s[`border${side}Width`]) > 0 && s[`border${side}Style`] !== 'none' ? contrast(over(color(s[`border${side}Color`]), around), around) : 1))

  // paint is the strongest contrast of the strokes and fills of the icons in an element.
  const paint = (e: Element, ground: Color) =>
    Math.max(1, ...[...e.querySelectorAll('svg *')].flatMap((part) => {
      const s = getComputedStyle(part)
      return [s.stroke, s.fill].filter((p) => p !== 'none').map((p) => contrast(over(color(p), ground), ground))
    }))
  const disabled = (e: Element) => e.matches(':disabled, [aria-disabled=true]')

  // A link in a sentence has the height of its line.
  const inText = (e: Element): boolean => {
    if (getComputedStyle(e).display !== 'inline') return false
    let block = e.parentElement
    while (block && getComputedStyle(block).display === 'inline') block = block.parentElement
    return (block?.textContent ?? '').trim().length > (e.textContent ?? '').trim().length
  }

  // WCAG 2.2, 2.5.8: 24 by 24, or a circle of 24 that meets no other target and no other
  // such circle. The label of a box is part of the box.
  function targets(): string[] {
    const found = all(pressable).filter((e) => !inText(e) && !(e instanceof HTMLInputElement && e.tabIndex < 0)).map((e) => {
      const label = (e as HTMLInputElement).labels?.[0]
      const [a, b] = [e.getBoundingClientRect(), label?.contains(e) ? label.getBoundingClientRect() : e.getBoundingClientRect()]
      const x = Math.min(a.left, b.left)
      const y = Math.min(a.top, b.top)
      return { e, box: new DOMRect(x, y, Math.max(a.right, b.right) - x, Math.max(a.bottom, b.bottom) - y), on: fixed(e) }
    })
    const middle = (r: DOMRect) => ({ x: r.left + r.width / 2, y: r.top + r.height / 2 })
    const near = (r: DOMRect, other: DOMRect): boolean => {
      const { x, y } = middle(r)
      const away = Math.hypot(Math.max(other.left - x, 0, x - other.right), Math.max(other.top - y, 0, y - other.bottom))
      if (away < 12) return true
      const o = middle(other)
      return small(other) && Math.hypot(o.x - x, o.y - y) < 24
    }
    return found.filter(({ box }) => small(box)).flatMap(({ e, box, on }) => {
      const other = found.find((o) => o.e !== e && o.on === on && !o.e.contains(e) && !e.contains(o.e) && near(box, o.box))
      return other ? [`${name(e)} is ${Math.round(box.width)}×${Math.round(box.height)}, close to ${name(other.e)}`] : []
    })
  }

  // WCAG 2.2, 1.4.11: what can be pressed or typed in has an edge, a fill or an icon that
  // stands out from what is around it. Text without a box is measured by axe.
  function edges(): string[] {
    return all(boxed).filter((e) => !disabled(e)).flatMap((e) => {
      const s = getComputedStyle(e)
      if (e instanceof HTMLInputElement && ['checkbox', 'radio', 'file'].includes(e.type) && s.appearance !== 'none') return [] // the browser's own
      const around = behind(e.parentElement)
      const best = Math.max(border(s, around), contrast(behind(e), around))
      const field = e.matches('input, select, textarea')
      if ((field || best > 1.05) && best < 3) return [`${name(e)} has an edge of ${best.toFixed(2)}`]
      const icon = !field && e.textContent?.trim() === '' ? paint(e, behind(e)) : 3
      return icon < 3 ? [`${name(e)} has an icon of ${icon.toFixed(2)}`] : []
    })
  }

  // visible is what is left of a box inside everything that cuts it off.
  const visible = (e: Element, r: DOMRect): DOMRect => {
    let [l, t, R, b] = [r.left, r.top, r.right, r.bottom]
    for (let at: Element | null = e; at && at !== document.body; at = at.parentElement) {
      const { overflowX, overflowY } = getComputedStyle(at)
      const box = at.getBoundingClientRect()
      if (overflowX !== 'visible') [l, R] = [Math.max(l, box.left), Math.min(R, box.right)]
      if (overflowY !== 'visible') [t, b] = [Math.max(t, box.top), Math.min(b, box.bottom)]
    }
    return new DOMRect(l, t, Math.max(0, R - l), Math.max(0, b - t))
  }
  const texts = (): { e: Element; box: DOMRect }[] => {
    const found: { e: Element; box: DOMRect }[] = []
    const walk = document.createTreeWalker(scope(), NodeFilter.SHOW_TEXT)
    while (walk.nextNode()) {
      const e = walk.currentNode.parentElement!
      if (!walk.currentNode.textContent?.trim() || e.closest('script, style, noscript') || !seen(e)) continue
      const range = document.createRange()
      range.selectNodeContents(walk.currentNode)
      for (const r of range.getClientRects()) if (r.width > 1 && r.height > 1) found.push({ e, box: r })
    }
    return found
  }

  // Text is whole: nothing cuts it off but what scrolls, or says it in a title, it lies in
  // the page, and no text is over another.
  function whole(): string[] {
    const wrong = new Set<string>()
    const width = document.documentElement.scrollWidth
    if (width > innerWidth) wrong.add(`the page is ${width} wide`)
    const found = texts()
    for (const { e, box } of found) {
      for (let at: Element | null = e; at && at !== document.body; at = at.parentElement) {
        const { overflowX, overflowY } = getComputedStyle(at)
        if (['auto', 'scroll'].includes(overflowX) && at.scrollWidth > at.clientWidth) break
        const clip = at.getBoundingClientRect()
        const cut = (['hidden', 'clip'].includes(overflowX) && (box.right > clip.right + 2 || box.left < clip.left - 2)) ||
          (['hidden', 'clip'].includes(overflowY) && (box.bottom > clip.bottom + 4 || box.top < clip.top - 4))
        if (cut && !e.closest('[title]') && !at.querySelector('[title]')) wrong.add(`${name(e)} is cut off by ${name(at)}`)
        if (cut) break
      }
      const left = visible(e, box)
      if (left.width > 2 && (left.right > innerWidth + 1 || left.left < -1)) wrong.add(`${name(e)} is beside the page`)
    }
    for (const e of all('*')) {
      const r = e.getBoundingClientRect()
      if (getComputedStyle(e).position === 'fixed' && r.bottom > 0 && (r.top < -1 || r.bottom > innerHeight + 1)) wrong.add(`${name(e)} is fixed, and higher than the page`)
    }
    const laid = found.map(({ e, box }) => ({ e, box: visible(e, box), on: fixed(e) })).filter(({ box }) => box.width > 2 && box.height > 2)
    laid.forEach((a, i) => {
      for (const b of laid.slice(i + 1)) {
        if (a.on !== b.on || a.e === b.e) continue
        const wide = Math.min(a.box.right, b.box.right) - Math.max(a.box.left, b.box.left)
        const high = Math.min(a.box.bottom, b.box.bottom) - Math.max(a.box.top, b.box.top)
        if (wide > 3 && high > Math.min(a.box.height, b.box.height) / 2) wrong.add(`${name(a.e)} is over ${name(b.e)}`)
      }
    })
    return [...wrong]
  }

  // mark remembers what says something by its fill alone: a bar of a chart, a dot.
  let marked: { e: Element; part: string }[] = []
  const looks = (e: Element, part: string): boolean => {
    const s = getComputedStyle(e, part)
    if (part && (s.content === 'none' || s.content === 'normal')) return false
    const around = behind(part ? e : e.parentElement)
    return contrast(over(color(s.backgroundColor), around), around) > 1.5 || border(s, around) > 1.5 || (!part && paint(e, around) > 1.5)
  }
  function mark(): number {
    const alone = (e: Element) => e.childElementCount === 0 && e.textContent?.trim() === '' && !e.closest('svg') && !e.matches('input, iframe')
    marked = all('*').flatMap((e) => (alone(e) ? ['', '::before', '::after'] : ['::before', '::after']).map((part) => ({ e, part })))
      .filter(({ e, part }) => {
        const s = getComputedStyle(e, part)
        const flat = (parseFloat(s.height) || 0) < 3 || (parseFloat(s.width) || 0) < 3 // a line between two things
        return !flat && color(s.backgroundColor)[3] > 0 && looks(e, part)
      })
    return marked.length
  }

  // differ says whether an element that is selected looks unlike one that is not, without
  // its fill.
  const differ = (a: Element, b: Element): boolean => {
    const traits = ['outlineStyle', 'outlineWidth', 'borderTopStyle', 'borderTopWidth', 'borderBottomStyle', 'borderBottomWidth', 'borderBottomColor', 'borderTopColor', 'textDecorationLine', 'fontWeight', 'color', 'forcedColorAdjust'] as const
    const [x, y] = [getComputedStyle(a), getComputedStyle(b)]
    const drawn = (e: Element) => e.querySelectorAll('svg *').length
    return traits.some((k) => x[k] !== y[k]) || drawn(a) !== drawn(b)
  }

  // In forced colors fills and shadows are gone. Each control, the focus on it, what is
  // selected and what was said by a fill are seen nevertheless.
  function forced(): string[] {
    const wrong: string[] = []
    for (const e of all(boxed)) {
      if (disabled(e)) continue
      const ground = behind(e)
      const s = getComputedStyle(e)
      const own = e instanceof HTMLInputElement && ['checkbox', 'radio'].includes(e.type) // the browser draws it
      const drawn = e.querySelector('svg') ? paint(e, ground) : border(s, behind(e.parentElement))
      if ((e.textContent ?? '').trim() === '' && !own && drawn < 3) wrong.push(`${name(e)} cannot be seen`)
    }
    const before = document.activeElement as HTMLElement | null
    for (const e of all(pressable)) {
      if (disabled(e) || e.tabIndex < 0) continue
      e.focus({ preventScroll: true })
      if (document.activeElement !== e) continue
      const s = getComputedStyle(e)
      if (s.outlineStyle === 'none' || parseFloat(s.outlineWidth) < 2 || contrast(over(color(s.outlineColor), behind(e.parentElement)), behind(e.parentElement)) < 3) wrong.push(`the focus on ${name(e)} cannot be seen`)
    }
    before?.focus({ preventScroll: true })
    for (const e of all('[aria-current]:not([aria-current=false]), [aria-selected=true], [aria-pressed=true], [data-highlighted]')) {
      const other = [...(e.closest('ul, ol, nav, table, [role=listbox], [role=tablist], [role=menu]') ?? e.parentElement!).querySelectorAll(e.tagName)]
        .find((o) => seen(o) && o !== e && !o.matches('[aria-current], [aria-selected=true], [aria-pressed=true], [data-highlighted]'))
      if (other && !differ(e, other)) wrong.push(`${name(e)} is selected, and looks like ${name(other)}`)
    }
    for (const { e, part } of marked) if (e.isConnected && seen(e) && !looks(e, part)) wrong.push(`${name(e)}${part} was a fill, and is gone`)
    return wrong
  }

  // On paper there is what can be read, black on white: nothing to press, nothing that stays
  // in its place on each sheet, nothing that scrolls. A summary is what is read of an entry.
  function printed(): string[] {
    const wrong = new Set<string>()
    const page = [...document.body.querySelectorAll<HTMLElement>('*')].filter(seen)
    for (const e of page) {
      const s = getComputedStyle(e)
      if (e.matches('nav, button, .btn, .button, input, select, textarea')) wrong.add(`${name(e)} is printed`)
      if (s.position === 'fixed') wrong.add(`${name(e)} is on each sheet`)
      if (['auto', 'scroll', 'hidden', 'clip'].includes(s.overflowY) && e.scrollHeight > e.clientHeight + 4 && e.clientHeight > 2) wrong.add(`${name(e)} is cut off`)
      const own = [...e.childNodes].some((n) => n.nodeType === Node.TEXT_NODE && n.textContent?.trim())
      const white: Color = [255, 255, 255, 1]
      if (own && contrast(over(color(s.color), white), white) < 4.5) wrong.add(`${name(e)} is ${s.color} on white`)
    }
    if (page.length === 0) wrong.add('nothing is printed')
    return [...wrong]
  }

  Object.assign(window, { measures: { targets, edges, whole, mark, forced, printed } })
}

// measure runs one of the measures in the page.
export async function measure<M extends keyof Measures>(page: Page, which: M): Promise<ReturnType<Measures[M]>> {
  if (!(await page.evaluate(() => 'measures' in window))) await page.evaluate(install)
  return page.evaluate((which) => (window as unknown as { measures: Measures }).measures[which](), which) as Promise<ReturnType<Measures[M]>>
}

const wide = { width: 1280, height: 800 }

// show sets the look and the size of a page, and waits until it has taken them.
export async function show(page: Page, look: Parameters<Page['emulateMedia']>[0], size = wide): Promise<void> {
  await page.emulateMedia({ media: 'screen', forcedColors: 'none', colorScheme: 'light', reducedMotion: 'reduce', ...look })
  await page.setViewportSize(size)
  await page.evaluate(() => new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done))))
}

// faultsOf measures a page in every way and lists what is wrong with it. Without paper it is
// not printed.
export async function faultsOf(page: Page, { paper = true } = {}): Promise<string[]> {
  const wrong: string[] = []
  const say = (how: string, found: string[]) => wrong.push(...found.map((f) => `${how}: ${f}`))
  for (const width of [1280, 360]) {
    await show(page, {}, { width, height: 800 })
    say(`targets at ${width}`, await measure(page, 'targets'))
  }
  for (const size of [{ width: 640, height: 400 }, { width: 320, height: 256 }]) {
    await show(page, {}, size)
    say(`a zoom to ${size.width}`, await measure(page, 'whole'))
  }
  for (const colorScheme of ['light', 'dark'] as const) {
    await show(page, { colorScheme })
    say(`edges, ${colorScheme}`, await measure(page, 'edges'))
    await measure(page, 'mark')
    await show(page, { colorScheme, forcedColors: 'active' })
    await page.keyboard.press('Shift') // so that a focus counts as one of the keyboard
    say(`forced colors, ${colorScheme}`, await measure(page, 'forced'))
    if (!paper) continue
    await show(page, { colorScheme, media: 'print' })
    say(`on paper, ${colorScheme}`, await measure(page, 'printed'))
  }
  await show(page, {})
  return wrong
}
