'use strict'
// What a page in the window has beside a browser's: it says that it lives, and
// links that lead elsewhere open in the system's browser.
new EventSource('/desktop/alive')
document.addEventListener('click', (event) => {
  const link = event.target.closest?.('a[href]')
  if (!link || !/^(https?|mailto):$/.test(link.protocol)) return
  event.preventDefault()
  window.runtime.BrowserOpenURL(link.href)
}, true)

// Zoom of the pages in the window, kept for the next start. Other zooms are the
// browser's business; this toolkit has none.
const zoomKey = 'doorward-zoom'
const zoom = () => Number(localStorage.getItem(zoomKey)) || 1

function setZoom(to) {
  const rounded = Math.round(Math.min(3, Math.max(0.5, to)) * 10) / 10
  localStorage.setItem(zoomKey, String(rounded))
  document.documentElement.style.zoom = String(rounded)
}

setZoom(zoom())

// What the menu does to the page: zoom by a step (0: back to normal), or an edit where
// the cursor is.
window.doorwardZoom = (step) => setZoom(step === 0 ? 1 : zoom() + step / 10)
window.doorwardEdit = async (what) => {
  const field = document.activeElement
  const typed = typeof field?.value === 'string' && typeof field.selectionStart === 'number'
    ? field.value.slice(field.selectionStart, field.selectionEnd)
    : String(getSelection())
  // The selection is gone once the clipboard is set: to cut after that took one letter.
  if (what === 'cut' && typed !== '') document.execCommand('delete')
  if ((what === 'cut' || what === 'copy') && typed !== '') await window.runtime.ClipboardSetText(typed)
  if (what === 'paste') document.execCommand('insertText', false, await window.runtime.ClipboardGetText())
  if (what === 'selectAll' || what === 'undo' || what === 'redo') document.execCommand(what)
}

// A file that is dropped is taken by the window: left to itself, the page would go
// to the file.
for (const kind of ['dragenter', 'dragover', 'drop']) document.addEventListener(kind, (event) => event.preventDefault())

// A CSV that was dropped on the window goes into Bulk Invite, where nothing is
// sent before each row has its verdict.
const kept = 'doorward-dropped'

function fill() {
  const field = document.getElementById('many-text')
  const text = sessionStorage.getItem(kept)
  if (!field || text === null) return false
  sessionStorage.removeItem(kept)
  field.value = text
  field.dispatchEvent(new Event('input', { bubbles: true }))
  return true
}

function fillOnceThere() {
  if (fill()) return
  const wait = new MutationObserver(() => fill() && wait.disconnect())
  wait.observe(document.documentElement, { childList: true, subtree: true })
}

window.runtime.EventsOn('dropped', (text) => {
  sessionStorage.setItem(kept, text)
  if (!fill() && location.pathname.startsWith('/admin')) location.assign('/admin/settings/members?invite-many')
})
window.runtime.EventsOn('dropped-wrong', (detail) => dispatchEvent(new CustomEvent('dropped-wrong', { detail })))
if (sessionStorage.getItem(kept) !== null) fillOnceThere()
