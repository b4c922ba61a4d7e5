import { expect, test } from 'vitest'
import { shortcut } from './keys'

const none = { code: '', repeat: false, ctrlKey: false, metaKey: false, altKey: false, defaultPrevented: false, target: null }

// A key held a moment too long approved a row of strangers: each approval moved the
// focus, and the next repeat approved that one.
test('a key that is held decides once', () => {
  for (const key of ['a', 'r', 'x', '/', '?']) {
    expect(shortcut({ ...none, key }), key).toBe(key)
    expect(shortcut({ ...none, key, repeat: true }), `${key}, held`).toBe('')
  }
  expect(shortcut({ ...none, key: 'A', code: 'KeyA', repeat: true }), 'with CapsLock').toBe('')
  expect(shortcut({ ...none, key: 'ф', code: 'KeyA', repeat: true }), 'on a Russian keyboard').toBe('')
  for (const key of ['j', 'k']) expect(shortcut({ ...none, key, repeat: true }), 'moving may repeat').toBe(key)
})

test.each([
  ['Russian', 'ф', 'KeyA', 'a'], ['Russian', 'о', 'KeyJ', 'j'], ['Greek', 'ξ', 'KeyJ', 'j'], ['Hebrew', 'ר', 'KeyR', 'r'], ['Arabic', 'ش', 'KeyA', 'a'],
  ['Russian with CapsLock', 'Ч', 'KeyX', 'x'], ['CapsLock', 'K', 'KeyK', 'k'], ['Dvorak', 'j', 'KeyC', 'j'], ['Dvorak', 'c', 'KeyI', 'c'], ['French', 'a', 'KeyQ', 'a'],
  ['Turkish', 'ı', 'KeyI', 'ı'], ['German', 'ö', 'Semicolon', 'ö'], ['Russian', 'ж', 'Semicolon', 'ж'], ['named', 'Escape', 'Escape', 'Escape'],
])('%s: %s at %s is %s', (_, key, code, want) => expect(shortcut({ ...none, key, code })).toBe(want))

test('with a modifier, and where a dialog is open, there is no shortcut', () => {
  for (const more of [{ ctrlKey: true }, { metaKey: true }, { altKey: true }, { defaultPrevented: true }]) expect(shortcut({ ...none, ...more, key: 'a' })).toBe('')
  expect(shortcut({ ...none, key: 'a' }, true)).toBe('')
})
