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
