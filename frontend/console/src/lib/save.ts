type Native = { go?: { desktop?: { Window?: { Save?: (name: string, text: string) => Promise<void> } } } }

// Excel on Windows reads a CSV as UTF-8 only if it begins with this.
const byteOrderMark = '\uFEFF'

// save saves text as a file: through the dialog of the native window, or as a
// download in a browser.
export async function save(name: string, text: string, type = 'text/plain'): Promise<void> {
  if (type === 'text/csv' && !text.startsWith(byteOrderMark)) text = byteOrderMark + text
  const native = (window as unknown as Native).go?.desktop?.Window?.Save
  if (native) return native(name, text)
  const url = URL.createObjectURL(new Blob([text], { type: `${type};charset=utf-8` }))
  const link = Object.assign(document.createElement('a'), { href: url, download: name })
  link.click()
  setTimeout(() => URL.revokeObjectURL(url), 10_000)
}
