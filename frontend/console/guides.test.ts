import { readFileSync } from 'node:fs'
import { expect, test } from 'vitest'
import { guides, licences, page } from './guides.ts'

// What a page of docs/ holds becomes markup of the console, which shows it as it is.
test('text is never markup', () => {
  const { html } = page('# T\n\n<img src=x onerror=alert(1)> and `<script>` and [x](javascript:alert(1)) "q"\n\n```\n<b>\n```\n')
  expect(html).not.toMatch(/<(img|script|b)\b|href/)
  expect(html).toContain('&lt;img src=x onerror=alert(1)&gt; and <code>&lt;script&gt;</code> and x')
})

test('what the pages use', () => {
  const { title, html } = page('# The *title*\n\n## One & two\n\nA **b** *c* `d | e`,\nf [g](security.md#traces-of-attacks) [h](../LICENSE) ![i](j.png).\n\n| a | b |\n|---|---|\n| `x` | y |\n\n- k\n- l\n  m\n')
  expect(title).toBe('The *title*')
  expect(html).toContain('<h2 id="one--two">One &amp; two</h2>')
  expect(html).toContain('<p>A <b>b</b> <em>c</em> <code>d | e</code>, f <a href="/admin/help/security#traces-of-attacks">g</a> h .</p>')
  expect(html).toContain('<th>a</th><th>b</th>')
  expect(html).toContain('<td><code>x</code></td><td>y</td>')
  expect(html).toContain('<ul><li>k</li><li>l m</li></ul>')
})

// A link in a guide that leads nowhere sends its reader away.
test('links of the guides lead to places that exist', () => {
  const all = new Map(guides.map((name) => [name, page(readFileSync(`../../docs/${name}.md`, 'utf8')).html]))
  for (const [name, html] of all) {
    for (const [, to = '', place] of html.matchAll(/href="(?:\/admin\/help\/(\w+))?(?:#([\w-]+))?"/g)) {
      if (place) expect(all.get(to || name), `${name}.md leads to #${place}`).toContain(`id="${place}"`)
    }
    expect(html).not.toMatch(/\n\||\*\*/)
  }
})

test('each package in the console has a licence', () => {
  const { packages, modules } = licences()
  expect(packages.length).toBeGreaterThan(6)
  for (const [name, version, licence] of packages) expect([name, version, licence].every(Boolean), name).toBe(true)
  expect(modules.map(([name]) => name)).toContain('github.com/gofiber/fiber/v2')
  expect(modules.every(([name]) => !name.includes('debounce')), 'only what the program uses itself').toBe(true)
})
