import { expect, type Page } from '@playwright/test'

// tooWide is by how many pixels a page is wider than its window.
export const tooWide = (page: Page) => page.evaluate(() => document.documentElement.scrollWidth - innerWidth)

// What stands on a page that no message of the catalogue says: names of people and things,
// which are the workspace's own, and what a program reads.
const own = /\/\S*\/data\b|\S+@\S+\.\S+|https?:\S+|#[0-9a-f]{6}\b|\d+ [A-Z][a-z]{2,8}\b|AILoop and Fleet|AILoop|Admin|Fleet|Night Watch|Grace( Hopper)?|Data Lake|Flows|English|日本語|\d+ (minutes?|hours?|days?)/g
const programs = ['email,role,name', 'ada@example.com,Fleet,Ada Lovelace', 'smtp.example.com', 'AI Loop <door@example.com>', 'You are invited to Night Watch', 'XXXX-XXXX', 'dev', 'info', 'text'] // the last three are values of settings

// unmarked are the words on a page that are outside of marks, with those of its labels.
const unmarked = (page: Page) =>
  page.evaluate(() => {
    const lines: string[] = []
    let text = ''
    const gone = (e: Element) => !e.checkVisibility({ visibilityProperty: true })
    const read = (node: Node): void => {
      if (node instanceof Text) return void (text += node.data)
      if (!(node instanceof Element) || /^(SCRIPT|STYLE|NOSCRIPT|CODE|KBD|BDI|TIME|IFRAME|OPTION)$/i.test(node.tagName) || gone(node)) return void (text += ' ')
      const block = getComputedStyle(node).display !== 'inline'
      if (block) text += '\n'
      node.childNodes.forEach(read)
      if (block) text += '\n'
    }
    read(document.body)
    for (const name of ['aria-label', 'title', 'placeholder', 'alt']) {
      for (const e of document.querySelectorAll(`[${name}]`)) if (!gone(e)) text += `\n${e.getAttribute(name)}\n`
    }
    let depth = 0
    let rest = ''
    for (const c of text) {
      if (c === '[') depth++
      else if (c === ']') [depth, rest] = [Math.max(0, depth - 1), `${rest} `]
      else if (depth === 0) rest += c
    }
    for (const line of rest.split('\n')) if (line.trim()) lines.push(line.trim())
    return [...new Set(lines)]
  })

// expectMarked fails with the words on a page that come from no catalogue.
export const expectMarked = async (page: Page, what: string) => {
  const words = (await unmarked(page)).filter((line) => !programs.includes(line) && /\p{L}{2,}/u.test(line.replace(own, '')))
  expect(words, `${what} has words that are not in the catalogue`).toEqual([])
}
