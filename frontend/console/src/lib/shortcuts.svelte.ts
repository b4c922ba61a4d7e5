const key = 'doorward-shortcuts'

function read(): boolean {
  try {
    return localStorage.getItem(key) !== 'off'
  } catch {
    return true // there is no storage
  }
}

// shortcuts says whether single keys act. Who dictates, or hits keys by accident, can
// turn them off in this browser.
class Shortcuts {
  on = $state(read())

  turn = (on: boolean): void => {
    this.on = on
    try {
      localStorage.setItem(key, on ? 'on' : 'off')
    } catch {
      // there is no storage: it holds until the page is closed
    }
  }
}

export const shortcuts = new Shortcuts()

// slash is the hint in a search field. A phone has no key for it.
export const slash = (): string => (shortcuts.on && matchMedia('(hover: hover)').matches ? '   /' : '')
