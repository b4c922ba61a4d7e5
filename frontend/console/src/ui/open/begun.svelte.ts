import { onMount } from 'svelte'

// A Begun is the trigger of something that is made because somebody opened it:
// it takes the focus from the control that stood there, and opens.
export class Begun {
  trigger = $state<HTMLElement | null>(null)

  constructor() {
    onMount(() => {
      this.trigger?.focus()
      this.trigger?.click()
    })
  }
}
