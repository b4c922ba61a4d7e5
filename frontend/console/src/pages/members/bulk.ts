import { api, ask, type Member } from '$lib/api/client'

// A Change is what can be done to several members at once.
export type Change = 'roles' | 'resend' | 'suspend' | 'remove'

// A Mode is how chosen roles change those that a member has.
export type Mode = 'add' | 'take' | 'set'

// concerns reports whether a change is for a member. Nobody changes their own account here:
// a selection of everybody must not lock out whoever made it.
export function concerns(change: Change, m: Member, self: string | undefined): boolean {
  if (change === 'resend') return m.state === 'pending' && !m.accepted_at
  if (m.id === self) return false
  if (change === 'remove') return true
  return change === 'roles' ? m.state !== 'pending' : m.state === 'active'
}

// rolesAfter are the roles that a member has after a change of them.
export function rolesAfter(mode: Mode, chosen: string[], had: string[]): string[] {
  if (mode === 'take') return had.filter((role) => !chosen.includes(role))
  return mode === 'add' ? [...had, ...chosen.filter((role) => !had.includes(role))] : chosen
}

// changes reports whether these are other roles, in whichever order.
export const changes = (after: string[], had: string[]): boolean => [...after].sort().join('\n') !== [...had].sort().join('\n')

// act makes a change to one member.
export function act(change: Change, m: Member, roles: string[]): Promise<unknown> {
  const path = { params: { path: { id: m.id } } }
  switch (change) {
    case 'roles': return ask(api.PATCH('/members/{id}', { ...path, body: { roles } }))
    case 'resend': return ask(api.POST('/members/{id}/resend', path))
    case 'suspend': return ask(api.POST('/members/{id}/suspend', path))
    case 'remove': return ask(api.DELETE('/members/{id}', path))
  }
}
