import { afterEach, expect, test, vi } from 'vitest'
import { cookie, setCookie } from './cookie'
import { preferred, remember } from './language'

afterEach(() => vi.unstubAllGlobals())

// at is a browser at a port of a host, with one jar for all of its ports.
const jar = new Map<string, string>()
const document = {
  get cookie() {
    return [...jar].map(([name, value]) => `${name}=${value}`).join('; ')
  },
  set cookie(text: string) {
    const [, name, value] = /^([^=]+)=([^;]*)/.exec(text)!
    if (/max-age=0/.test(text)) jar.delete(name!)
    else jar.set(name!, value!)
  },
}
function at(port: string, protocol = 'http:') {
  vi.stubGlobal('location', { port, protocol })
  vi.stubGlobal('document', document)
  vi.stubGlobal('navigator', { languages: ['de'] })
}

// Two servers on one machine: the language and the theme that were chosen in the console of one
// were those of the other's pages, and were removed there.
test('two ports of a host keep a cookie each', () => {
  at('8080')
  remember('fr')
  setCookie('doorward-theme', 'dark')
  at('8081')
  expect([preferred(), cookie('doorward-theme')]).toEqual(['de', undefined])
  remember('ja')
  setCookie('doorward-theme', '')
  at('8080')
  expect([preferred(), cookie('doorward-theme')]).toEqual(['fr', 'dark'])
  expect([...jar.keys()]).toEqual(['doorward-language-8080', 'doorward-theme-8080', 'doorward-language-8081'])
})

test('at the default port the name has none', () => {
  jar.clear()
  at('', 'https:')
  remember('es')
  expect(document.cookie).toBe('doorward-language=es')
})
