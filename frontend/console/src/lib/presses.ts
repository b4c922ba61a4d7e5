// A Press is a click, reduced to what tells the second of a double click from a new one.
export type Press = { on: unknown; words: string; count: number; touch: boolean; at: number; x: number; y: number }

// doubleClick is the time in milliseconds in which two presses are one double click.
export const doubleClick = 500

const doubleTap = 300 // milliseconds; some phones do not count taps
const near = 24 // pixels

// strays reports whether a press is the second of a double click, and meets something that the
// first one did not: a row moved up, a dialog opened, or a button now asks for a second word.
export function strays(before: Press | undefined, now: Press): boolean {
  if (!before || !now.on || (now.on === before.on && now.words === before.words)) return false
  if (now.count > 1) return true
  return now.touch && before.touch && now.at - before.at < doubleTap && Math.hypot(now.x - before.x, now.y - before.y) < near
}

const pressable = 'button, a[href], input, select, textarea, summary, label, [role=option], [role^=menuitem]'

function pressOf(e: MouseEvent): Press {
  const at = (e.target as Element).closest(pressable)
  const on = at instanceof HTMLLabelElement ? (at.control ?? at) : at
  const words = `${on?.getAttribute('aria-label') ?? ''} ${on?.textContent ?? ''}`
  return { on, words, count: e.detail, touch: (e as PointerEvent).pointerType === 'touch', at: e.timeStamp, x: e.clientX, y: e.clientY }
}

let last: Press | undefined

// onlyMeantPresses stops the second press of a double click where it would press something
// else than the first. A key, or a script, presses what has the focus, so it never strays.
export function onlyMeantPresses(e: MouseEvent): void {
  if (e.detail === 0) return
  const now = pressOf(e)
  if (strays(last, now)) {
    e.preventDefault()
    e.stopImmediatePropagation()
  } else last = now
}
