// What a colour is worth as an accent: the same measures as the server's
// (backend/access/colour.go); both are tested with one table of cases.

type Theme = { name: 'light' | 'dark'; surfaces: string[]; ink: string; adjust: string }
export type Measure = { text: number; button: number; mark: number; passes: boolean }

export const light: Theme = { name: 'light', surfaces: ['#ffffff', '#fffefb', '#faf8f4', '#f3f0ea'], ink: '#ffffff', adjust: '#000000' }
export const dark: Theme = { name: 'dark', surfaces: ['#1c1b18', '#1a1916', '#141311', '#211f1c'], ink: '#141311', adjust: '#ffffff' }

// How much contrast text and marks need, and how much of the accent is in a tinted area.
export const textContrast = 4.5
const markContrast = 3
const washPercent = 12

// parse is the colour as #rrggbb, or nothing.
export function parse(typed: string): string | undefined {
  const s = typed.trim().replace(/^#/, '').toLowerCase()
  if (/^[0-9a-f]{6}$/.test(s)) return `#${s}`
  return /^[0-9a-f]{3}$/.test(s) ? `#${s.replace(/./g, '$&$&')}` : undefined
}

const channels = (c: string) => [1, 3, 5].map((at) => parseInt(c.slice(at, at + 2), 16)) as [number, number, number]

function towards(c: string, other: string, percent: number): string {
  const to = channels(other)
  return `#${channels(c).map((v, i) => Math.floor((v * (100 - percent) + to[i]! * percent + 50) / 100).toString(16).padStart(2, '0')).join('')}`
}

function luminance(c: string): number {
  const [r, g, b] = channels(c).map((n) => (n / 255 <= 0.04045 ? n / 255 / 12.92 : ((n / 255 + 0.055) / 1.055) ** 2.4)) as [number, number, number]
  return 0.2126 * r + 0.7152 * g + 0.0722 * b
}

function contrast(a: string, b: string): number {
  const [x, y] = [luminance(a), luminance(b)]
  return (Math.max(x, y) + 0.05) / (Math.min(x, y) + 0.05)
}

export const wash = (theme: Theme, c: string) => towards(theme.surfaces[0]!, c, washPercent)

// measure is the least contrast that the colour has in the theme.
export function measure(theme: Theme, c: string): Measure {
  const text = Math.min(...theme.surfaces.map((s) => contrast(c, s)))
  const button = contrast(theme.ink, c)
  const mark = contrast(c, wash(theme, c))
  return { text, button, mark, passes: text >= textContrast && button >= textContrast && mark >= markContrast }
}

// nearest is the first colour that passes, on the way to black or to white.
export function nearest(theme: Theme, c: string): string {
  for (let percent = 0; percent < 100; percent++) {
    const near = towards(c, theme.adjust, percent)
    if (measure(theme, near).passes) return near
  }
  return theme.adjust
}

// ratio is the contrast of text as people read it. It is rounded down: 4.49 must not be 4.5.
export const ratio = (m: Measure) => Math.floor(10 * Math.min(m.text, m.button)) / 10
