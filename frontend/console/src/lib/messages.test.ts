import { expect, test } from 'vitest'
import { speak, t } from './messages'

// A color in an Arabic sentence stood there as 7d6e00#.
test('a value is isolated where the text runs from right to left, and nowhere else', async () => {
  await speak('ar')
  expect(t('console.appearance.accent_use_button', { Color: '#7d6e00' })).toContain('\u2068#7d6e00\u2069')
  expect(t('console.checklist.progress', { Done: 2, All: 6 }), 'numbers are no trouble').not.toMatch(/[\u2066-\u2069]/)
  await speak('de')
  expect(t('console.appearance.accent_use_button', { Color: '#7d6e00' })).not.toMatch(/[\u2066-\u2069]/)
}, 60_000) // it loads two languages
