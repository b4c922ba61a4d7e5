import { fileURLToPath } from 'node:url'
import { gzipSync } from 'node:zlib'
import { build, type Plugin, type Rolldown } from 'vite'
import { expect, test } from 'vitest'
import { messages } from './messages.ts'

const entry = 'virtual:reader'

// reader uses everything that speaks the reader's language, and says nothing itself.
const reader = (): Plugin => ({
  name: 'reader',
  resolveId: (id) => (id === entry ? `\0${entry}` : undefined),
  load: (id) => (id === `\0${entry}` ? "export * from '$lib/messages'; export * from '$lib/language'" : undefined),
})

// The issue allows the English console 3 KB on the wire for its languages: what finds,
// loads and prints them. Their sentences are loaded by whoever reads them.
test('what speaks ten languages is small, and has none of them', async () => {
  const { output } = (await build({
    configFile: false,
    logLevel: 'error',
    plugins: [messages(), reader()],
    resolve: { alias: { $lib: fileURLToPath(new URL('src/lib', import.meta.url)) } },
    build: { write: false, modulePreload: false, target: 'es2022', rolldownOptions: { input: entry, preserveEntrySignatures: 'strict' } },
  })) as Rolldown.RolldownOutput
  const chunks = output.filter((file) => file.type === 'chunk')
  const first = new Set(chunks.filter((c) => c.isEntry).map((c) => c.fileName))
  for (const name of first) for (const more of chunks.find((c) => c.fileName === name)!.imports) first.add(more)
  const code = chunks.filter((c) => first.has(c.fileName)).map((c) => c.code)
  const later = chunks.filter((c) => !first.has(c.fileName))
  expect(later.length, 'nine languages and the pseudo-language, and the list of them').toBeGreaterThanOrEqual(10)
  expect(code.join(''), 'the language itself').not.toContain('Neue Anmeldeanfrage')
  expect(later.some((c) => c.code.includes('Neue Anmeldeanfrage'))).toBe(true)
  const packed = code.reduce((sum, text) => sum + gzipSync(text).length, 0)
  expect(packed).toBeLessThan(3000)
}, 60_000)
