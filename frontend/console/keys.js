// Writes src/lib/messages.keys.d.ts: each key of the console's messages with the values that
// it needs, so that a missing key, or a missing value, does not compile.
import { readFileSync, writeFileSync } from 'node:fs'

const english = JSON.parse(readFileSync(new URL('../messages/en.json', import.meta.url), 'utf8'))
const values = (message) => {
  const text = typeof message === 'string' ? message : message.other
  const names = new Set([...text.matchAll(/\{\{\.(\w+)\}\}/g)].map((match) => match[1]))
  if (typeof message !== 'string' && message.one !== undefined) names.add('N')
  return [...names].map((name) => `${name}: ${name === 'N' ? 'number' : 'string | number'}`).join('; ')
}
const lines = Object.keys(english)
  .filter((key) => key.startsWith('console.') || key.startsWith('list.'))
  .sort()
  .map((key) => `  '${key}': { ${values(english[key])} }`)
writeFileSync(
  new URL('./src/lib/messages.keys.d.ts', import.meta.url),
  `// Written by keys.js from frontend/messages/en.json.\nexport type Messages = {\n${lines.join('\n')}\n}\n`,
)
