type Native = { runtime?: { ClipboardSetText?: (text: string) => Promise<boolean> } }

// copy puts a text on the clipboard, and reports whether it is there.
export async function copy(text: string): Promise<boolean> {
  const native = (window as unknown as Native).runtime?.ClipboardSetText
  try {
    if (native) return await native(text)
    await navigator.clipboard.writeText(text)
    return true
  } catch {
    return false // the browser does not allow it; the caller shows the text to be copied by hand
  }
}
