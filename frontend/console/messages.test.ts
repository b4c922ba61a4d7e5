import { readdirSync, readFileSync } from 'node:fs'
import { expect, test } from 'vitest'
import { compile, messages, type Message } from './messages.ts'

const transform = (code: string) => (messages().transform as (code: string, id: string) => string | undefined)(code, '/src/a.svelte')

test('a key becomes its number and its English sentence', () => {
  expect(transform(`<p title="{t('list.comma')}">{t('list.and', { First: a, Last: b })}</p>`)).toMatch(
    /^<p title="\{t\(\d+, ", "\)\}">\{t\(\d+, "\{First\} and \{Last\}", \{ First: a, Last: b \}\)\}<\/p>$/,
  )
})

test('a key that no catalogue has fails the build', () => {
  expect(() => transform(`t('console.nowhere')`)).toThrow('messages/en.json has no message console.nowhere')
})

// A message that is chosen at run time was compiled to nothing, and its dialog never opened.
test('a message that is named at run time fails the build', () => {
  const code = "import { t } from '$lib/messages'\nconst a = t('console.shell.cannot_start')\nconst b = t(titles[change])"
  expect(() => transform(code, '/src/pages/Some.svelte')).toThrow(/names a message by something other/)
})

// A page in English alone told most people nothing.
test('a browser without JavaScript is told so in the catalogues’ languages', () => {
  const html = (messages().transformIndexHtml as (html: string) => string)('<body><noscript></noscript></body>')
  expect(html).toContain('<p lang="en" dir="auto">The console needs JavaScript. ')
  expect(html).toContain('<code>doorward help</code>')
})

test('what only looks like a message stays', () => {
  expect(transform(`split('a'); parts(list)`)).toBeUndefined()
})

test('a message compiles to the short form', () => {
  const rows: [Message, Message][] = [
    ['{{.A}} of {{.B}}', '{A} of {B}'],
    [{ one: '{{.N}} row', other: '{{.N}} rows' }, { one: '{N} row', other: '{N} rows' }],
    [{ description: 'a verb', other: 'Approve' }, 'Approve'],
  ]
  for (const [from, to] of rows) expect(compile(from)).toEqual(to)
})

// Somebody who dictates says what a button shows, and nothing happens: its name for machines
// was made of other words.
test('what a button shows is in its name, in every language', () => {
  const named = /<(?:button|a)\b[^\n]*?aria-label=\{t\('([^']+)'[^\n]*?>(?:<[^>\n]*\/> )?\{t\('([^']+)'\)\}/g
  const pairs = [['console.members.manage_of', 'console.members.manage_button'], ['console.members.view_of', 'console.members.view_button']]
  for (const file of readdirSync('src', { recursive: true, encoding: 'utf8' }).filter((f) => f.endsWith('.svelte'))) for (const [, name, shown] of readFileSync(`src/${file}`, 'utf8').matchAll(named)) pairs.push([name!, shown!])
  expect(pairs.length).toBeGreaterThan(8)
  for (const file of readdirSync('../messages')) {
    const all = JSON.parse(readFileSync(`../messages/${file}`, 'utf8')) as Record<string, Message>
    for (const [name, shown] of pairs as [string, string][]) {
      const [long, short] = [name, shown].map((key) => (compile(all[key] ?? '') as string).toLowerCase())
      expect(long, `${file}: ${name}`).toContain(short!.replace(/[ …]+$/, ''))
    }
  }
})
