type Held = { name: string; description?: string; permissions: string[]; built_in: boolean }

const sections = [
  ['ailoop', 'AILoop'],
  ['fleet', 'Fleet'],
] as const
const parts = [
  ['datalake', 'Data Lake'],
  ['flows', 'Flows'],
] as const

// opens says in a sentence what a role gives access to.
export function opens(role: Held): string {
  if (role.built_in && role.description) return role.description
  const said = sections.map(([key, title]) => section(role, key, title)).filter(Boolean)
  const manages = role.permissions.filter((p) => !p.startsWith('open ')).length
  if (manages > 0) said.push(`${manages} management ${manages === 1 ? 'right' : 'rights'}`)
  const sentence = said.length > 0 ? `Opens ${said.join('; ')}.` : 'Opens nothing yet.'
  return role.description ? `${role.description} ${sentence}` : sentence
}

function section(role: Held, key: string, title: string): string {
  const open = parts.filter(([part]) => role.permissions.includes(`open ${key}/${part}`)).map(([, name]) => name)
  if (open.length > 0) return `${title}: ${open.join(' and ')}`
  return role.permissions.includes(`open ${key}`) ? `the front page of ${title}` : ''
}

// manages reports whether a role may decide who gets access.
export const manages = (role: Held | undefined): boolean =>
  role?.permissions.some((p) => p.startsWith('change ') || p === 'decide members') ?? false
