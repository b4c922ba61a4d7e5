// now ticks, so that "12 minutes ago" stays true on a page that is left open.
class Clock {
  now = $state(new Date())

  constructor() {
    setInterval(() => (this.now = new Date()), 15_000)
  }
}

export const clock = new Clock()
