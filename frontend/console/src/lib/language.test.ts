import { readFileSync } from 'node:fs'
import { afterEach, expect, test, vi } from 'vitest'
import { follow, languages, match, preferred, remember } from './language'

afterEach(() => vi.unstubAllGlobals())

// browser is one that reads German, with what it keeps.
function browser(cookie = '', storage = true) {
  const kept = new Map<string, string>()
  const refuse = () => {
    throw new Error('no storage')
  }
  vi.stubGlobal('document', { cookie })
  vi.stubGlobal('location', { protocol: 'https:' })
  vi.stubGlobal('navigator', { languages: ['de-AT'] })
  vi.stubGlobal('localStorage', storage ? { getItem: (k: string) => kept.get(k) ?? null, setItem: (k: string, v: string) => kept.set(k, v) } : { getItem: refuse, setItem: refuse })
}

// A language that only one of the lists has can be chosen in the console and is English in
// its owner's emails, or the other way round.
test('the console and the server have the same languages, by the same names', () => {
  const go = readFileSync(new URL('../../../../backend/access/language.go', import.meta.url), 'utf8')
  const tags = new Map([...go.matchAll(/^\t(\w+) +(?:Language )? *= "([^"]+)"/gm)].map(([, name, tag]) => [name, tag]))
  const names = new Map([...go.slice(go.indexOf('languageNames')).matchAll(/(\w+): "([^"]+)"/g)].map(([, name, own]) => [name, own]))
  const order = /var Languages = \[\]Language\{([^}]+)\}/.exec(go)![1]!.split(',').map((name) => name.trim()).filter(Boolean)
  expect(order.length).toBeGreaterThan(2)
  expect(Object.entries(languages)).toEqual(order.map((name) => [tags.get(name), names.get(name)]))
})

test('the first language that the console speaks', () => {
  expect([match(['de-CH', 'fr']), match(['nl', 'fr']), match(['pt-PT']), match(['zh-CN']), match(['sv']), match([])]).toEqual(['de', 'fr', 'pt-BR', 'zh-Hans', 'en', 'en'])
})

// The console is in the browser's language for a member who chose another on their own
// computer; or it starts over for ever, because it never gets there.
test('a member’s own language comes before the browser’s, and the page starts over once', () => {
  browser()
  expect(preferred()).toBe('de')
  expect([follow('fr'), preferred(), follow('fr')]).toEqual([true, 'fr', false])
  expect([follow('ja'), preferred()]).toEqual([true, 'ja']) // they chose another elsewhere
  browser()
  expect([follow('de'), follow('xx'), preferred()]).toEqual([false, false, 'de'])
  browser('', false)
  expect([follow('fr'), preferred()]).toEqual([false, 'de'])
})

// Whoever chose a language in this browser reads another, because the account has that.
test('what was chosen in this browser comes before the member’s own', () => {
  browser('doorward-language=it')
  expect([follow('fr'), preferred()]).toEqual([false, 'it'])
  browser()
  remember('es')
  expect([follow('fr'), preferred()]).toEqual([false, 'es'])
})
