import { readFileSync } from 'node:fs'

type Messages = Record<string, string | { other: string }>

const read = new Map<string, Messages>()

// catalogue is what the product says in a language, by key.
export function catalogue(language: string): Messages {
  const messages = read.get(language) ?? (JSON.parse(readFileSync(new URL(`../../frontend/messages/${language}.json`, import.meta.url), 'utf8')) as Messages)
  read.set(language, messages)
  return messages
}

// worded is a message of a language's catalogue, as it is there; undefined if there is none.
export function worded(language: string, key: string): string | undefined {
  const message = catalogue(language)[key]
  return typeof message === 'object' ? message.other : message
}

// wording matches all of a message, whatever stands in it; or those very words, where they are
// no key.
export function wording(language: string, key: string): RegExp {
  const exactly = (text: string) => text.replace(/[.*+?^${}()|[\]\\]/g, '\\$&')
  return new RegExp(`^${(worded(language, key) ?? key).split(/\{\{\.\w+\}\}/).map(exactly).join('.+')}$`)
}
