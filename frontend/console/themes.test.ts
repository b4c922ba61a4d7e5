import { readFileSync } from 'node:fs'
import { expect, test } from 'vitest'
import { byChoice } from './themes'

const tokens = readFileSync(new URL('../tokens.css', import.meta.url), 'utf8')

test('whoever chose a theme gets the colours that the system would give', () => {
  const css = byChoice(tokens)
  const [, light, dark] = /:root\s*\{([^}]*)\}[^]*?:root\s*\{([^}]*)\}/.exec(tokens) ?? []
  expect(css).toContain(`:root[data-theme=light] {${light}`)
  expect(css).toContain(`:root[data-theme=dark] {${dark}`)
  expect(css.startsWith(tokens)).toBe(true)
})
test('a file without two themes is refused', () => expect(() => byChoice('a {}')).toThrow(/light and a dark/))
