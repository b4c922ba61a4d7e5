import { setCookie } from './cookie'

export type Choice = 'system' | 'light' | 'dark'
const key = 'doorward-theme'

function read(): Choice {
  try {
    const kept = localStorage.getItem(key)
    return kept === 'light' || kept === 'dark' ? kept : 'system'
  } catch {
    return 'system' // there is no storage: follow the system
  }
}

// theme is the chosen theme; "system" follows the system.
class Theme {
  choice = $state<Choice>(read())

  constructor() {
    this.#show()
  }

  choose = (choice: Choice): void => {
    this.choice = choice
    try {
      localStorage.setItem(key, choice)
    } catch {
      // there is no storage: the choice lasts until the page is closed
    }
    this.#show()
  }

  #show(): void {
    if (this.choice === 'system') delete document.documentElement.dataset.theme
    else document.documentElement.dataset.theme = this.choice
    // The portal's pages have no script, so the server gives them the theme.
    setCookie(key, this.choice === 'system' ? '' : this.choice)
  }
}

export const theme = new Theme()
