import { expect, test } from 'vitest'
import { asTyped, readable } from './contact'

test.each([
  ['mailto:help@example.com', 'help@example.com'],
  ['https://example.com/help', 'https://example.com/help'],
  ['', ''],
  [undefined, ''],
])('the contact %s stands in the field as %s', (saved, shown) => expect(asTyped(saved)).toBe(shown))

// The preview keeps the contact that it has while another one is being typed.
test.each([
  ['help@example.com', 'help@example.com'],
  [' mailto:help@example.com ', 'mailto:help@example.com'],
  ['https://example.com', 'https://example.com'],
  ['', ''],
  ['help@', undefined],
  ['javascript:alert(1)', undefined],
  ['https://', undefined],
  ['two words', undefined],
  [undefined, undefined],
])('of the contact %j the preview shows %j', (typed, shown) => expect(readable(typed)).toBe(shown))
