import { readFileSync } from 'node:fs'
import { expect, test } from 'vitest'

// Whoever chooses dark gets the colours that a dark system would give.
test.each(['tokens.css', 'portal/portal.css'])('the dark theme of %s is the same by choice and by the system', (file) => {
  const css = readFileSync(new URL(`../${file}`, import.meta.url), 'utf8')
  const values = (head: RegExp) => (new RegExp(head.source + /\s*\{([^}]*--[^}]*)\}/.source).exec(css)?.[1] ?? '').match(/--[a-z-]+:[^;}]+/g)
  const chosen = values(/:root\[data-theme=dark\]/)
  expect(chosen?.length).toBeGreaterThan(0)
  expect(chosen?.map((v) => v.trim())).toEqual(values(/:root:not\(\[data-theme=light\]\)/)?.map((v) => v.trim()))
})
