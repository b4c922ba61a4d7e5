import { list } from './words'

type Held = { name: string; description?: string; permissions: string[]; built_in: boolean }

const sections = [
  ['ailoop', 'AILoop'],
  ['fleet', 'Fleet'],
] as const
const parts = [
  ['datalake', 'Data Lake'],
  ['flows', 'Flows'],
] as const
const manage = ['members', 'settings', 'audit', 'applications']

// opens says in one sentence what roles give access to together.
export function opens(roles: Held[]): string {
  const all = new Set(roles.flatMap((r) => r.permissions))
  const open = new Map<string, string[]>() // what is open in a section, and in which sections
  for (const [key, title] of sections) {
    const inside = parts.filter(([part]) => all.has(`open ${key}/${part}`)).map(([, name]) => name)
    const what = inside.length > 0 ? inside.join(', ') : all.has(`open ${key}`) ? 'home page only' : ''
    if (what) open.set(what, [...(open.get(what) ?? []), title])
  }
  const said = [...open].map(([what, titles]) => `${list(titles)} (${what})`)
  const access = said.length > 0 ? `Access to ${said.join(' and ')}.` : ''
  const managed = manage.filter((m) => [...all].some((p) => p.endsWith(` ${m}`) && !p.startsWith('read ')))
  const seen = manage.filter((m) => all.has(`read ${m}`) && !managed.includes(m))
  const rights = [managed.length > 0 && `Manages ${list(managed)}.`, seen.length > 0 && `Sees ${list(seen)}.`]
  return [access, ...rights].filter(Boolean).join(' ') || 'No access yet.'
}

// described is what a role is for, and what it gives access to.
export const described = (role: Held): string => (role.description && !role.built_in ? `${role.description} ${opens([role])}` : opens([role]))

// manages reports whether a role may decide who gets access.
export const manages = (role: Held | undefined): boolean =>
  role?.permissions.some((p) => p.startsWith('change ') || p === 'decide members') ?? false
