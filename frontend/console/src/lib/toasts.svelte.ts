export type Toast = { id: number; text: string; bad: boolean; more?: { label: string; href: string }; undo?: () => void }

const reading = 6000 // milliseconds
const undoing = 8000 // the server's UndoTTL

// Toasts say what happened and close by themselves. They never take the focus.
class Toasts {
  shown = $state<Toast[]>([])
  #last = 0

  // say says what was done. With undo it has a button that takes it back, while that is
  // possible.
  say(text: string, more?: Toast['more'], undo?: () => void): void {
    this.#add({ text, bad: false, more, undo }, undo ? undoing : reading)
  }

  warn(text: string): void {
    this.#add({ text, bad: true }, 12_000)
  }

  dismiss = (id: number): void => {
    this.shown = this.shown.filter((t) => t.id !== id)
  }

  // undo takes back what a toast says, once.
  undo = (toast: Toast): void => {
    this.dismiss(toast.id)
    toast.undo?.()
  }

  // undoLast takes back the newest change that a toast offers to take back.
  undoLast = (): void => {
    const last = this.shown.findLast((t) => t.undo)
    if (last) this.undo(last)
  }

  #add(toast: Omit<Toast, 'id'>, stay: number): void {
    const id = ++this.#last
    this.shown = [...this.shown.slice(-2), { ...toast, id }]
    setTimeout(() => this.dismiss(id), stay)
  }
}

export const toasts = new Toasts()
