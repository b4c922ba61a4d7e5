import { router } from './router.svelte'

const pages = /^\/settings\/members\/([^/]+)$/

// pageOf is the address of a member's page.
export const pageOf = (id: string): string => router.to(`/settings/members/${encodeURIComponent(id)}`)

// memberAt is the id of the member whose page has this path, or "".
export const memberAt = (path: string): string => pages.exec(path)?.[1] ?? ''
