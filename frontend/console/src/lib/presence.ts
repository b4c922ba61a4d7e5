const fresh = 60_000 // milliseconds for which somebody counts as present after an input
let last = Date.now() // opening the page is an input

for (const kind of ['pointerdown', 'keydown', 'wheel', 'touchstart']) {
  globalThis.addEventListener?.(kind, () => (last = Date.now()), { capture: true, passive: true })
}

// present reports whether somebody uses this page. What the page asks for by itself
// must not keep a session alive.
export const present = (): boolean => Date.now() - last < fresh
