import { readFileSync } from 'node:fs'
import { expect, test } from 'vitest'
import { still } from './icons'

test('an icon is drawn as lucide has it, hidden from screen readers', () => {
  const x = still(readFileSync('node_modules/@lucide/svelte/dist/icons/x.svelte', 'utf8'))
  expect(x).toContain('<path d="M18 6 6 18" /><path d="m6 6 12 12" />')
  expect(x).toMatch(/^<svg class="lucide lucide-x" [^>]*aria-hidden="true">/)
})

test('an icon of another form is not drawn empty', () => expect(() => still('<svg />')).toThrow('should say what it draws'))
