type Pressed = Pick<KeyboardEvent, 'key' | 'ctrlKey' | 'metaKey' | 'altKey' | 'defaultPrevented'> & { target: unknown }

// typing reports whether a key belongs to the element it was pressed in: a text
// field, or a menu or dialog that is open.
function typing(target: unknown): boolean {
  const at = target as Element | null
  return at?.closest?.('input:not([type=checkbox]):not([type=radio]), textarea, select, [contenteditable], [role=dialog], [role=menu], [role=listbox]') != null
}

// shortcut is the key of a shortcut, or "" if the key press is none.
export function shortcut(e: Pressed, dialogOpen = false): string {
  if (e.defaultPrevented || e.ctrlKey || e.metaKey || e.altKey || dialogOpen || typing(e.target)) return ''
  return e.key
}

// dialogOpen reports whether a dialog covers the page.
export const dialogOpen = (): boolean => document.querySelector('[role=dialog], [role=listbox], [role=menu]') !== null
