import { afterEach, expect, test, vi } from 'vitest'
import { save } from './save'

afterEach(() => void vi.unstubAllGlobals())

// A spreadsheet showed bÃ¼cher.example for an address at bücher.example.
test.each([
  ['audit.csv', 'text/csv', 'seq\r\n', '\uFEFFseq\r\n'],
  ['audit.csv', 'text/csv', '\uFEFFseq\r\n', '\uFEFFseq\r\n'],
  ['audit.json', 'application/json', '[]', '[]'],
])('%s as %s: %j', async (name, type, text, want) => {
  const Save = vi.fn(async () => undefined)
  vi.stubGlobal('window', { go: { desktop: { Window: { Save } } } })
  await save(name, text, type)
  expect(Save).toHaveBeenCalledWith(name, want)
})
