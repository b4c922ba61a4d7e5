import { t } from './messages'
import { list, sentences } from './words'

type Held = { name: string; description?: string; permissions: string[]; built_in: boolean }

const sections = [
  ['ailoop', 'AILoop'],
  ['fleet', 'Fleet'],
] as const
const parts = [
  ['datalake', 'Data Lake'],
  ['flows', 'Flows'],
] as const
const resources: Record<string, () => string> = {
  members: () => t('console.opens.members'),
  settings: () => t('console.opens.settings'),
  audit: () => t('console.opens.audit'),
  applications: () => t('console.opens.applications'),
}
const manage = Object.keys(resources)
const named = (all: string[]): string => list(all.map((r) => resources[r]!()))

// opens says in one sentence what roles give access to together.
export function opens(roles: Held[]): string {
  const all = new Set(roles.flatMap((r) => r.permissions))
  const open = new Map<string, string[]>() // what is open in a section, and in which sections
  for (const [key, title] of sections) {
    const inside = parts.filter(([part]) => all.has(`open ${key}/${part}`)).map(([, name]) => name)
    if (inside.length > 0 || all.has(`open ${key}`)) {
      const what = inside.join(t('list.comma'))
      open.set(what, [...(open.get(what) ?? []), title])
    }
  }
  const said = [...open].map(([what, titles]) => section(list(titles), what))
  const access = said.length > 0 ? t('console.opens.access', { Sections: list(said) }) : ''
  const managed = manage.filter((m) => [...all].some((p) => p.endsWith(` ${m}`) && !p.startsWith('read ')))
  const seen = manage.filter((m) => all.has(`read ${m}`) && !managed.includes(m))
  const manages = managed.length > 0 ? t('console.opens.manages', { Resources: named(managed) }) : ''
  const sees = seen.length > 0 ? t('console.opens.sees', { Resources: named(seen) }) : ''
  return sentences([access, manages, sees]) || t('console.opens.nothing')
}

const section = (name: string, pages: string): string =>
  pages ? t('console.opens.section', { Section: name, Pages: pages }) : t('console.opens.section_home', { Section: name })

// described is what a role is for, and what it gives access to.
export const described = (role: Held): string => sentences([role.built_in ? '' : (role.description ?? ''), opens([role])])

// manages reports whether a role may decide who gets access.
export const manages = (role: Held | undefined): boolean =>
  role?.permissions.some((p) => p.startsWith('change ') || p === 'decide members') ?? false
