import type { Member } from './api/client'
import { router } from './router.svelte'

const pages = /^\/settings\/members\/([^/]+)$/

// pageOf is the address of a member's page.
export const pageOf = (id: string): string => router.to(`/settings/members/${encodeURIComponent(id)}`)

// memberAt is the id of the member whose page has this path, or "".
export const memberAt = (path: string): string => pages.exec(path)?.[1] ?? ''

// othersOnly is a member without what they did themselves: the first Admin, who set the
// workspace up, was invited and approved by nobody.
export function othersOnly(m: Member): Member {
  const invited = m.invited_by === m.email ? { invited_at: undefined, invited_by: undefined } : {}
  const decided = m.decided_by === m.email ? { decided_at: undefined, decided_by: undefined } : {}
  return { ...m, ...invited, ...decided }
}
