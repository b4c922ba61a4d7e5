import { cookie, setCookie } from './cookie'

// languages are those to choose from, by their own names. backend/access/language.go has the
// same list, which a test compares.
export const languages: Record<string, string> = {
  de: 'Deutsch',
  en: 'English',
  es: 'Español',
  fr: 'Français',
  it: 'Italiano',
  pl: 'Polski',
  'pt-BR': 'Português (Brasil)',
  ar: 'العربية',
  ja: '日本語',
  'zh-Hans': '简体中文',
}

// choices are the languages as a list offers them.
export const choices = Object.entries(languages).map(([value, label]) => ({ value, label }))

const pseudo = 'en-XA'
const key = 'doorward-language'
const ownKey = 'doorward-own-language' // of the member who was here last; not a choice of this browser's

const known = (language: string | undefined) => (language !== undefined && (language in languages || language === pseudo) ? language : undefined)

// match is the first of the languages that somebody reads which the console speaks.
export function match(wanted: readonly string[]): string {
  for (const tag of wanted) {
    const found = Object.keys(languages).find((l) => l === tag || l.split('-')[0] === tag.split('-')[0])
    if (found) return found
  }
  return 'en'
}

function stored(name: string): string | undefined {
  try {
    return known(localStorage.getItem(name) ?? undefined)
  } catch {
    return undefined // there is no storage
  }
}

const chosen = (): string | undefined => known(cookie(key)) ?? stored(key)

// preferred is the language that somebody chose in this browser, here or on the portal's
// pages; else the member's own, once it was seen; else the browser's.
export const preferred = (): string => chosen() ?? stored(ownKey) ?? match(navigator.languages)

// follow takes a member's own language. It reports whether the page has to start over, since
// it is in another one and nobody chose that in this browser.
export function follow(own: string): boolean {
  if (chosen() || !known(own) || preferred() === own) return false
  try {
    localStorage.setItem(ownKey, own)
  } catch {
    return false // there is no storage: the next start would not know it either
  }
  return preferred() === own
}

// remember keeps a language for this browser. The portal's pages have no script, so the
// server gets it in a cookie; the window keeps no cookies, so it is stored here as well.
export function remember(language: string): void {
  try {
    localStorage.setItem(key, language)
  } catch {
    // there is no storage
  }
  setCookie(key, language)
}
