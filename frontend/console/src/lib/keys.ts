type Pressed = Pick<KeyboardEvent, 'key' | 'ctrlKey' | 'metaKey' | 'altKey' | 'defaultPrevented'> & { target: unknown }

// typing reports whether a key belongs to where it was pressed: a text field, or
// something that is open above the page.
function typing(target: unknown): boolean {
  const at = target as Element | null
  return at?.closest?.('input:not([type=checkbox]):not([type=radio]), textarea, select, [contenteditable], [role=dialog], [role=menu], [role=listbox]') != null
}

// shortcut is the key as a shortcut of the page; empty where it is none.
export function shortcut(e: Pressed, dialogOpen = false): string {
  if (e.defaultPrevented || e.ctrlKey || e.metaKey || e.altKey || dialogOpen || typing(e.target)) return ''
  return e.key
}

// dialogOpen reports whether something covers the page.
export const dialogOpen = (): boolean => document.querySelector('[role=dialog], [role=listbox], [role=menu]') !== null
