import type { Plugin } from 'vite'

// byChoice adds the two themes of tokens.css, which follows the system, once more for
// readers who chose one: :root[data-theme=light] and :root[data-theme=dark].
export function byChoice(css: string): string {
  const [light, dark] = [...css.matchAll(/:root\s*\{([^}]*)\}/g)].map((m) => m[1])
  if (light === undefined || dark === undefined) throw new Error('tokens.css should have a light and a dark :root')
  return `${css}
:root[data-theme=light] {${light} color-scheme: light; }
:root[data-theme=dark] {${dark} color-scheme: dark; }
`
}

export const themes = (): Plugin => ({
  name: 'themes',
  enforce: 'pre',
  transform: (code, id) => (id.endsWith('tokens.css') ? byChoice(code) : undefined),
})
