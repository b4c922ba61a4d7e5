export type Toast = { id: number; text: string; bad: boolean; more?: { label: string; href: string } }

// Toasts say what happened and close by themselves. They never take the focus.
class Toasts {
  shown = $state<Toast[]>([])
  #last = 0

  say(text: string, more?: Toast['more']): void {
    this.#add({ text, bad: false, more }, 6000)
  }

  warn(text: string): void {
    this.#add({ text, bad: true }, 12_000)
  }

  dismiss = (id: number): void => {
    this.shown = this.shown.filter((t) => t.id !== id)
  }

  #add(toast: Omit<Toast, 'id'>, stay: number): void {
    const id = ++this.#last
    this.shown = [...this.shown.slice(-2), { ...toast, id }]
    setTimeout(() => this.dismiss(id), stay)
  }
}

export const toasts = new Toasts()
