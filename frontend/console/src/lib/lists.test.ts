import { readFileSync } from 'node:fs'
import { expect, test } from 'vitest'
import { speak } from './messages'
import { list } from './words'

// The console wrote "A, B, and C", and the same person's emails "A, B and C". TestLists of
// backend/messages reads the same table.
test('a list reads as on pages and in emails', async () => {
  const table = JSON.parse(readFileSync(new URL('../../../../backend/messages/testdata/lists.json', import.meta.url), 'utf8')) as Record<string, string[]>
  const names = ['A', 'B', 'C']
  for (const [language, want] of Object.entries(table)) { // English, which needs no loading, comes first
    await speak(language)
    expect(names.reduce((all, _, n) => [...all, list(names.slice(0, n + 1))], [list([])]).map((s) => s.replace(/[\u2066-\u2069]/g, '')), language).toEqual(want)
  }
}, 60_000) // it loads all languages
