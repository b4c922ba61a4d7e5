import type { Component } from 'svelte'
import { Problem } from './api/problem'
import { toasts } from './toasts.svelte'

// A Later is a part of the console that comes when it is used for the first
// time: what opens from a control weighs more than the page that it stands on.
export class Later<P extends Record<string, unknown>> {
  Part = $state.raw<Component<P>>()
  #load: () => Promise<{ default: Component<P> }>

  constructor(load: () => Promise<{ default: Component<P> }>) {
    this.#load = load
  }

  // near has it sent for, since it will probably be used.
  near = (): void => void this.#load().catch(() => undefined)

  take = async (): Promise<void> => {
    try {
      this.Part = (await this.#load()).default
    } catch {
      toasts.warn(Problem.stale().message)
    }
  }
}
