import { readFileSync, readdirSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import type { Plugin } from 'vite'

// A message of a catalogue: a sentence, or one for each plural form.
export type Message = string | Record<string, string>
export type Catalogue = Record<string, Message>

const folder = fileURLToPath(new URL('../messages/', import.meta.url))
const pseudo = 'en-XA'

const read = (language: string) => JSON.parse(readFileSync(`${folder}${language}.json`, 'utf8')) as Catalogue

// languages are those with a catalogue, except English, which is in the program itself.
const languages = () =>
  readdirSync(folder)
    .filter((file) => file.endsWith('.json') && file !== 'en.json')
    .map((file) => file.slice(0, -'.json'.length))

// short takes a message from the catalogue's form, {{.Name}}, to the console's, {Name}.
const short = (message: Message): Message =>
  typeof message === 'string'
    ? message.replace(/\{\{\.(\w+)\}\}/g, '{$1}')
    : Object.fromEntries(Object.entries(message).filter(([form]) => form !== 'description').map(([form, text]) => [form, short(text) as string]))

// plain drops the object of a message that has only a description beside its sentence.
const plain = (message: Message): Message =>
  typeof message !== 'string' && Object.keys(message).every((form) => form === 'other') ? message.other! : message

export const compile = (message: Message) => plain(short(message))

const accents: Record<string, string> = { a: 'å', c: 'ç', e: 'é', i: 'î', n: 'ñ', o: 'ö', s: 'š', u: 'û', y: 'ý' }
for (const [from, to] of Object.entries(accents)) accents[from.toUpperCase()] = to.toUpperCase()

// marked is a message of the pseudo-language: marks around it, about a third longer, as
// German is, by words that a line may break between. backend/messages does the same for portal and emails.
const marked = (message: Message): Message =>
  typeof message === 'string'
    ? `[${message.replace(/\{\w+\}|[a-z]/gi, (part) => accents[part] ?? part)}${'~'.repeat(message.length / 3).replace(/~{12}(?=~)/g, '~~~~~~~~~~~ ')}]`
    : Object.fromEntries(Object.entries(message).map(([form, text]) => [form, marked(text) as string]))

// consoleKeys are the keys that the console may use, in the order in which the languages'
// arrays have them.
const consoleKeys = (english: Catalogue) =>
  Object.keys(english)
    .filter((key) => key.startsWith('console.') || key.startsWith('list.'))
    .sort()

const withoutScript = (language: string) => {
  const said = read(language)['console.shell.noscript']
  if (said === undefined) return ''
  const text = (compile(said) as string).replace(/[&<]/g, (c) => (c === '&' ? '&amp;' : '&lt;')).replace('{Command}', '<code>doorward help</code>')
  return `<p lang="${language}" dir="auto">${text}</p>`
}

// loose is a call that names its message only at run time, which no compiler could follow.
const loose = /(?<![\w.$])(t|parts)\((?!')/

const call = /\b(t|parts)\('([^']+)'/g

// messages compiles every t('key') to its number and its English sentence. English is in
// the files that use it and costs no request; another language is one array, loaded only
// when it is used. A key that no catalogue has fails the build.
export const messages = (): Plugin => {
  const english = read('en')
  const keys = consoleKeys(english)
  const numbers = new Map(keys.map((key, i) => [key, i]))
  const virtual = 'virtual:messages'
  return {
    name: 'messages',
    enforce: 'pre',
    resolveId: (id) => (id.startsWith(virtual) ? `\0${id}` : undefined),
    load(id) {
      if (!id.startsWith(`\0${virtual}`)) return undefined
      const language = id.slice(`\0${virtual}/`.length)
      if (!language) {
        const loads = [...languages(), pseudo].map((l) => `${JSON.stringify(l)}: () => import('${virtual}/${l}')`)
        return `export default { ${loads.join(', ')} }`
      }
      const all = language === pseudo ? english : read(language)
      const list = keys.map((key) => compile(all[key] ?? english[key]!))
      return `export default ${JSON.stringify(language === pseudo ? list.map(marked) : list)}`
    },
    // Without JavaScript no language can be chosen, so the page says it in every one.
    transformIndexHtml: (html) => html.replace('<noscript></noscript>', `<noscript>${['en', ...languages()].map(withoutScript).join('')}</noscript>`),
    transform(code, id) {
      if (!/[/\\]src[/\\].*\.(svelte|ts)(\?|$)/.test(id) || id.includes('node_modules') || !/\b(t|parts)\('/.test(code)) return undefined
      if (/from '\$lib\/messages'/.test(code) && loose.test(code)) throw new Error(`${id} names a message by something other than 'its.key'`)
      return code.replace(call, (_, name: string, key: string) => {
        const number = numbers.get(key)
        if (number === undefined) throw new Error(`messages/en.json has no message ${key}, which ${id} shows`)
        return `${name}(${number}, ${JSON.stringify(compile(english[key]!))}`
      })
    },
  }
}
