import { readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import type { Plugin } from 'vite'

const file = (path: string) => fileURLToPath(new URL(`../../${path}`, import.meta.url))

// guides are the pages of docs/ that the console has. Each is a file of its own, loaded when
// somebody reads it.
export const guides = ['console', 'operating', 'security', 'cluster']

const escaped = (text: string) => text.replace(/[&<>"]/g, (c) => ({ '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;' })[c]!)

// slug is the name of a heading in an address, as GitHub makes it.
const slug = (heading: string) => heading.toLowerCase().replace(/[^\p{L}\p{N}\s-]/gu, '').replace(/\s/g, '-')

// led is a link to another guide, to a place in this one or to another site. A link to
// anything else of the repository is its words alone.
function led(words: string, to: string): string {
  const [, name, place = ''] = /^([\w-]+)\.md(#[\w-]+)?$/.exec(to) ?? []
  if (name && guides.includes(name)) return `<a href="/admin/help/${name}${place}">${words}</a>`
  if (/^#[\w-]+$/.test(to)) return `<a href="${to}">${words}</a>`
  return words
}

// inline is the text of a paragraph: code, bold, italics and links. Pictures are left out.
function inline(text: string): string {
  const codes: string[] = []
  return escaped(text.replace(/!\[[^\]]*\]\([^)]*\)/g, '').replace(/(`+)(.+?)\1/g, (_, __, code: string) => `\0${codes.push(code) - 1}\0`))
    .replace(/\[([^\]]+)\]\(([^)\s]+)\)/g, (_, words: string, to: string) => led(words, to))
    .replace(/\*\*(.+?)\*\*/g, '<b>$1</b>')
    .replace(/(^|[^\w*])\*([^*\s][^*]*?)\*(?!\w)/g, '$1<em>$2</em>')
    .replace(/\0(\d+)\0/g, (_, n: string) => `<code>${escaped(codes[Number(n)]!.trim())}</code>`)
}

const cells = (row: string) => row.trim().replace(/^\||\|$/g, '').split(/(?<!\\)\|/).map((cell) => inline(cell.trim().replaceAll('\\|', '|')))

function table([head, , ...rows]: string[]): string {
  const line = (row: string, tag: string) => `<tr>${cells(row).map((cell) => `<${tag}>${cell}</${tag}>`).join('')}</tr>`
  return `<div class="scroll" tabindex="0" role="group"><table class="table"><thead>${line(head!, 'th')}</thead><tbody>${rows.map((row) => line(row, 'td')).join('')}</tbody></table></div>`
}

// list takes the lines of a list of one level. A line without a mark continues the one before.
function list(lines: string[]): string {
  const tag = /^\d/.test(lines[0]!) ? 'ol' : 'ul'
  const items: string[] = []
  for (const line of lines) {
    const item = /^\s*(?:[-*]|\d+\.)\s+(.*)$/.exec(line)
    if (item) items.push(item[1]!)
    else items[items.length - 1] += ` ${line.trim()}`
  }
  return `<${tag}>${items.map((item) => `<li>${inline(item)}</li>`).join('')}</${tag}>`
}

// page turns a page of docs/ into markup. It knows what those pages use: headings,
// paragraphs, lists, tables and code. Everything else is text.
export function page(markdown: string): { title: string; html: string } {
  const title = /^# (.+)$/m.exec(markdown)?.[1] ?? ''
  const blocks: string[] = []
  const lines = markdown.replace(/^# .+$/m, '').split('\n')
  const run = (belongs: (line: string) => boolean) => {
    const taken: string[] = []
    while (lines.length > 0 && belongs(lines[0]!)) taken.push(lines.shift()!)
    return taken
  }
  while (lines.length > 0) {
    const line = lines[0]!
    const heading = /^(#{2,4}) (.+)$/.exec(line)
    if (line.trim() === '') lines.shift()
    else if (heading) {
      const n = heading[1]!.length
      blocks.push(`<h${n} id="${slug(heading[2]!)}">${inline(heading[2]!)}</h${n}>`)
      lines.shift()
    } else if (line.startsWith('```')) {
      lines.shift()
      blocks.push(`<pre tabindex="0"><code>${escaped(run((l) => !l.startsWith('```')).join('\n'))}</code></pre>`)
      lines.shift()
    } else if (line.startsWith('|')) blocks.push(table(run((l) => l.startsWith('|'))))
    else if (/^(?:[-*]|\d+\.)\s/.test(line)) blocks.push(list(run((l) => l.trim() !== '')))
    else if (/^<!--/.test(line)) run((l) => l.trim() !== '')
    else blocks.push(`<p>${inline(run((l) => l.trim() !== '' && !/^(#{2,4} |```|\|)/.test(l)).join(' '))}</p>`)
  }
  return { title: title.replaceAll('`', ''), html: blocks.filter((b) => b !== '<p></p>').join('\n') }
}

type Locked = { packages: Record<string, { version?: string; license?: string; dependencies?: Record<string, string> }> }

// written is what the licence of a package calls itself, where its description does not say.
function written(name: string): string {
  return /^(\w+) License/.exec(readFileSync(file(`frontend/console/node_modules/${name}/LICENSE`), 'utf8').trim())?.[1] ?? ''
}

// licences are the packages that are in the console and the modules that are in the program.
export function licences(): { packages: [string, string, string][]; modules: [string, string][] } {
  const { packages } = JSON.parse(readFileSync(file('frontend/console/package-lock.json'), 'utf8')) as Locked
  const found = new Map<string, [string, string, string]>()
  const take = (name: string) => {
    const one = packages[`node_modules/${name}`]
    if (!one || found.has(name)) return
    found.set(name, [name, one.version ?? '', one.license ?? written(name)])
    Object.keys(one.dependencies ?? {}).forEach(take)
  }
  for (const name of ['bits-ui', '@lucide/svelte', 'openapi-fetch']) take(name)
  const svelte = packages['node_modules/svelte']!
  found.set('svelte', ['svelte', svelte.version ?? '', svelte.license ?? ''])
  const modules = [...readFileSync(file('go.mod'), 'utf8').matchAll(/^\t(\S+) (v\S+)(?! \/\/ indirect)$/gm)].map((m): [string, string] => [m[1]!, m[2]!])
  return { packages: [...found.values()].sort(), modules }
}

// guide serves virtual:guides/NAME and virtual:licences.
export const guide = (): Plugin => ({
  name: 'guides',
  resolveId: (id) => (/^virtual:(guides\/|licences$)/.test(id) ? `\0${id}` : undefined),
  load(id) {
    if (id === '\0virtual:licences') return `export default ${JSON.stringify(licences())}`
    const name = /^\0virtual:guides\/(\w+)$/.exec(id)?.[1]
    if (!name) return undefined
    this.addWatchFile(file(`docs/${name}.md`))
    return `export default ${JSON.stringify(page(readFileSync(file(`docs/${name}.md`), 'utf8')))}`
  },
})
