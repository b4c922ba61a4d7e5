import { onMount } from 'svelte'

// A Begun is the trigger of a menu or list that is loaded when somebody opens it:
// it replaces the placeholder, takes over its focus, and opens.
export class Begun {
  trigger = $state<HTMLElement | null>(null)

  constructor() {
    onMount(() => {
      this.trigger?.focus()
      this.trigger?.click()
    })
  }
}
