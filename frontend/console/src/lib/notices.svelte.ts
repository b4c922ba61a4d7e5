import { live } from './live.svelte'
import { loginRequests } from './loginRequests.svelte'
import { me } from './me.svelte'
import { t } from './messages'
import { overview } from './overview.svelte'
import { router } from './router.svelte'
import { awaiting, called } from './words'

export type Can = 'yes' | 'ask' | 'refused' | 'insecure' | 'never'

// A Choice is what somebody wants in this browser: nothing, how many wait, or also who.
export type Choice = 'off' | 'count' | 'names'

const quiet = 30_000 // milliseconds in which further arrivals change the notification without a sound
const tag = 'doorward-requests'

// can is whether this browser shows notifications, or why it does not.
export function can(): Can {
  if (!globalThis.isSecureContext) return 'insecure'
  if (typeof Notification === 'undefined' || !navigator.locks) return 'never'
  return { granted: 'yes', denied: 'refused', default: 'ask' }[Notification.permission] as Can
}

// Notices are the browser's notifications about login requests. They are this browser's and
// this member's: whoever else signs in here gets none. They are shown only while no tab of
// the console is seen, by the tab that has the event stream, and say nobody's name unless
// that was chosen.
export class Notices {
  choice = $state<Choice>('off')
  can = $state<Can>('never')
  #shown: Notification | undefined
  #at = -Infinity
  #known = new Set<string>()
  #accepted = 0

  // start begins to watch, as the console starts.
  start(): void {
    this.can = can()
    this.choice = this.#read()
    this.#accepted = overview.now?.accepted ?? 0
    this.#remember()
    this.#beSeen()
    document.addEventListener('visibilitychange', () => {
      this.#beSeen()
      if (document.visibilityState === 'visible') this.#close()
    })
    // Counts come by themselves, and timers of a hidden tab are slow.
    overview.on(() => void this.#look())
  }

  // choose keeps a choice. Only now is the browser asked, because somebody pressed for it. It
  // shows a notification at once: some browsers have them and show none.
  choose = async (choice: Choice): Promise<void> => {
    if (choice !== 'off' && can() === 'ask') await Notification.requestPermission()
    this.can = can()
    const before = this.choice
    this.#keep(choice !== 'off' && this.can !== 'yes' ? 'off' : choice)
    if (before !== 'off' || this.choice === 'off') return
    try {
      new Notification(t('console.notices.on_title'), { body: t('console.notices.on_text'), tag })
    } catch {
      this.can = 'never' // such as Chrome on Android
      this.#keep('off')
    }
  }

  async #look(): Promise<void> {
    const accepted = overview.now?.accepted ?? 0
    const more = accepted > this.#accepted
    this.#accepted = accepted
    if (accepted === 0) this.#close()
    if (!more || this.choice === 'off' || can() !== 'yes' || !me.may('decide members')) return
    if (!live.leads || (await this.#seen())) return
    const known = new Set(this.#known)
    await loginRequests.reload()
    this.#remember()
    const first = loginRequests.items.filter((m) => m.accepted_at && !known.has(m.id))[0]
    const again = performance.now() - this.#at > quiet
    if (again) this.#at = performance.now()
    const who = this.choice === 'names' && first ? t('console.notices.request_of', { Name: called(first) }) : me.workspace
    const options = { body: who, tag, renotify: again }
    try {
      this.#shown = new Notification(awaiting(accepted), options)
    } catch {
      return
    }
    this.#shown.onclick = () => {
      window.focus()
      router.go(router.to('/requests'))
      this.#close()
    }
  }

  #remember(): void {
    for (const m of loginRequests.items) if (m.accepted_at) this.#known.add(m.id)
  }

  #close(): void {
    this.#shown?.close()
    this.#shown = undefined
    this.#remember()
  }

  // #beSeen holds a shared lock while this tab is seen, so that every tab can ask.
  #release: (() => void) | undefined
  #beSeen(): void {
    const seen = document.visibilityState === 'visible'
    if (!seen) this.#release = void this.#release?.()
    else if (!this.#release && navigator.locks) {
      const held = new Promise<void>((done) => (this.#release = done))
      void navigator.locks.request(this.#lock, { mode: 'shared' }, () => held)
    }
  }

  async #seen(): Promise<boolean> {
    const { held = [] } = await navigator.locks.query()
    return held.some((lock) => lock.name === this.#lock)
  }

  get #lock(): string {
    return `doorward-seen ${me.who?.id ?? 'operator'}`
  }

  get #key(): string {
    return `doorward-notices ${me.who?.id ?? 'operator'}`
  }

  #read(): Choice {
    try {
      const kept = localStorage.getItem(this.#key)
      return kept === 'count' || kept === 'names' ? kept : 'off'
    } catch {
      return 'off'
    }
  }

  #keep(choice: Choice): void {
    this.choice = choice
    try {
      if (choice === 'off') localStorage.removeItem(this.#key)
      else localStorage.setItem(this.#key, choice)
    } catch {
      // there is no storage: it holds until the page is closed
    }
  }
}

export const notices = new Notices()
