import type { Component } from 'svelte'
import { Problem } from './api/problem'
import { toasts } from './toasts.svelte'

// A Later is a component that is loaded when it is first used. Menus and dialogs are
// larger than the pages that open them.
export class Later<P extends Record<string, unknown>> {
  Part = $state.raw<Component<P>>()
  #load: () => Promise<{ default: Component<P> }>

  constructor(load: () => Promise<{ default: Component<P> }>) {
    this.#load = load
  }

  // near starts to load it, because it will probably be used.
  near = (): void => void this.#load().catch(() => undefined)

  take = async (): Promise<void> => {
    try {
      this.Part = (await this.#load()).default
    } catch {
      toasts.warn(Problem.stale().message)
    }
  }
}
