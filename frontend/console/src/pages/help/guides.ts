import { t } from '$lib/messages'

// guides are the pages of the documentation that the console has. They are in English.
export const guides = [
  { path: '/help/console', get name() { return t('console.help.guide_console') } },
  { path: '/help/operating', get name() { return t('console.help.guide_operating') } },
  { path: '/help/security', get name() { return t('console.help.guide_security') } },
  { path: '/help/cluster', get name() { return t('console.help.guide_cluster') } },
]

// helped reports whether there is help for a page: not for a guide, which is help itself.
export const helped = (path: string): boolean => !path.startsWith('/help/')
