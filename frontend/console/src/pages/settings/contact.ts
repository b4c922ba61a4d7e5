// asTyped is a contact as people type it: an address without the mailto: that its link has.
export const asTyped = (contact: string | undefined): string => contact?.replace(/^mailto:/, '') ?? ''

// readable is what was typed as a contact if the preview can show it. Whether it can be
// saved, only the server says (backend/access/brand.go).
export function readable(typed: string | undefined): string | undefined {
  const contact = typed?.trim()
  const shown = !contact || /^(mailto:)?[\w.+-]+@[\w-]+(\.[\w-]+)+$|^https:\/\/[\w-]+(\.[\w-]+)+(\/\S*)?$/i.test(contact)
  return shown ? contact : undefined
}
