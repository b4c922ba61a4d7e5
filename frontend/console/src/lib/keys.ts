type Pressed = Pick<KeyboardEvent, 'key' | 'ctrlKey' | 'metaKey' | 'altKey' | 'defaultPrevented'> & Partial<Pick<KeyboardEvent, 'code' | 'repeat'>> & { target: unknown }

// typing reports whether a key belongs to the element it was pressed in: a text
// field, or a menu or dialog that is open.
function typing(target: unknown): boolean {
  const at = target as Element | null
  return at?.closest?.('input:not([type=checkbox]):not([type=radio]), textarea, select, [contenteditable], [role=dialog], [role=menu], [role=listbox]') != null
}

// letter is the key in lower case, as CapsLock may be on. Where the keyboard types
// another script, it is the letter at that place of a Latin keyboard.
function letter({ key, code = '' }: Pressed): string {
  const foreign = /^\p{L}+$/u.test(key) && !/^\p{Script=Latin}+$/u.test(key)
  const place = /^Key([A-Z])$/.exec(code)?.[1]
  return key.length === 1 || foreign ? ((foreign && place) || key).toLowerCase() : key
}

// asksForPalette reports whether the keys are Ctrl+K, or ⌘K.
export const asksForPalette = (e: Pressed): boolean => !e.defaultPrevented && !e.repeat && !e.altKey && (e.ctrlKey || e.metaKey) && letter(e) === 'k'

// moves are the shortcuts that may repeat while their key is held. All others need a
// new press each time, since each press decides about somebody else.
const moves = ['j', 'k']

// shortcut is the key of a shortcut, or "" if the key press is none.
export function shortcut(e: Pressed, dialogOpen = false): string {
  if (e.defaultPrevented || e.ctrlKey || e.metaKey || e.altKey || dialogOpen || typing(e.target)) return ''
  const key = letter(e)
  return e.repeat && !moves.includes(key) ? '' : key
}

// dialogOpen reports whether a dialog covers the page.
export const dialogOpen = (): boolean => document.querySelector('[role=dialog], [role=listbox], [role=menu]') !== null

// onlyNewPresses stops a held Enter from pressing one button after the other, as the
// focus moves on by itself. In a text of several lines Enter may repeat.
export function onlyNewPresses(e: KeyboardEvent): void {
  if (e.repeat && e.key === 'Enter' && !(e.target instanceof HTMLTextAreaElement)) e.preventDefault()
}
