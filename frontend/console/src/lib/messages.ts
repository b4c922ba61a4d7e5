import loads from 'virtual:messages'
import type { Messages } from './messages.keys'

type Message = string | Record<string, string>
type Key = keyof Messages
type Values<K extends Key> = Messages[K]
type None<K extends Key> = keyof Values<K> extends never ? true : false
type Part = { text: string; slot?: undefined } | { text?: undefined; slot: string }

let now = 'en'
let ready = import.meta.env.MODE === 'test'
let list: Message[] | undefined
let plurals = new Intl.PluralRules('en')
let numbers = new Intl.NumberFormat('en')

// language is the one in which the console speaks. It changes by a reload only.
export const language = () => now

// direction is the way in which that language is written.
export const direction = () => (now === 'ar' ? 'rtl' : 'ltr')

// speak loads a language. It runs before anything of the console is shown. A language that
// cannot be loaded is English.
export async function speak(wanted: string): Promise<void> {
  const loaded = await loads[wanted]?.().then(
    (m) => m.default,
    () => undefined,
  )
  ready = true
  if (!loaded) return
  now = wanted
  list = loaded
  plurals = new Intl.PluralRules(now)
  numbers = new Intl.NumberFormat(now)
}

const form = (message: Message, values: Record<string, string | number>) =>
  typeof message === 'string' ? message : (message[plurals.select(Number(values['N']))] ?? message['other'] ?? '')

// Where text runs from right to left, a value is isolated, so that its first and last signs
// stay where they belong: the # of a color, the slash of an address.
function shown(value: string | number): string {
  if (typeof value === 'number') return numbers.format(value)
  return direction() === 'rtl' && value !== '' ? `\u2068${value}\u2069` : value
}

// of is a message in the reader's language. A module that asks before the language is known
// would keep its English words for good.
const of = (number: number, english: Message) => {
  if (!ready) throw new Error(`a message was asked for before the language was loaded: ${JSON.stringify(english)}`)
  return list?.[number] ?? english
}

const print = (message: Message, values: Record<string, string | number> = {}) =>
  form(message, values).replace(/\{(\w+)\}/g, (_, name: string) => shown(values[name] ?? ''))

// t is the message of that key in the reader's language, with the values in their places.
// The build turns the key into its number and its English sentence (messages.ts beside
// vite.config.ts); a key must stand there as a plain string.
export function t<K extends Key>(key: K, ...values: None<K> extends true ? [] : [values: Values<K>]): string
export function t(...all: unknown[]): string {
  const [number, english, values] = all as [number, Message, Record<string, string | number>?]
  return print(of(number, english), values)
}

// parts is t for a sentence with markup in it: its placeholders without a value are slots,
// which Say.svelte fills.
export function parts<K extends Key>(key: K, values?: Partial<Values<K>>): Part[]
export function parts(...all: unknown[]): Part[] {
  const [number, english, values = {}] = all as [number, Message, Record<string, string | number>?]
  return form(of(number, english), values)
    .split(/(\{\w+\})/)
    .filter((part) => part !== '')
    .map((part) => {
      const name = /^\{(\w+)\}$/.exec(part)?.[1]
      if (!name) return { text: part }
      return name in values ? { text: shown(values[name]!) } : { slot: name }
    })
}
