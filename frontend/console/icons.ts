import type { Plugin } from 'vite'

// still turns a lucide icon into static markup. lucide's own component builds each
// icon at run time so that its size and colour can vary, but style sheets set those
// here, and ten such icons take longer to draw than the page they are on.
export function still(component: string): string {
  const data = /const iconData = (\{.*\});/.exec(component)?.[1]
  if (data === undefined) throw new Error('a lucide icon should say what it draws')
  const { name, node } = JSON.parse(data) as { name: string; node: [string, Record<string, string>][] }
  const drawn = node.map(([tag, with_]) => `<${tag}${Object.entries(with_).map(([k, v]) => ` ${k}="${v}"`).join('')} />`).join('')
  return `<svg class="lucide lucide-${name}" xmlns="http://www.w3.org/2000/svg" width="24" height="24" viewBox="0 0 24 24" fill="none" stroke="currentColor" stroke-width="2" stroke-linecap="round" stroke-linejoin="round" aria-hidden="true">${drawn}</svg>`
}

export const icons = (): Plugin => ({
  name: 'icons',
  enforce: 'pre',
  transform: (code, id) => (/lucide[/\\]svelte[/\\]dist[/\\]icons[/\\][a-z0-9-]+\.svelte$/.test(id) ? still(code) : undefined),
})
