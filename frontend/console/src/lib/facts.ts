import { t } from './messages'

const names: Record<string, () => string> = {
  version: () => t('console.fact.version'),
  trusted_proxies: () => t('console.fact.trusted_proxies'),
  sign_in_link: () => t('console.fact.sign_in_link'),
  pending_account: () => t('console.fact.pending_account'),
  session_idle: () => t('console.fact.session_idle'),
  session: () => t('console.fact.session'),
  session_idle_managers: () => t('console.fact.session_idle_managers'),
  session_managers: () => t('console.fact.session_managers'),
  token: () => t('console.fact.token'),
  token_longest: () => t('console.fact.token_longest'),
  confirmation: () => t('console.fact.confirmation'),
  confirmation_code: () => t('console.fact.confirmation_code'),
  data: () => t('console.fact.data'),
  listen: () => t('console.fact.listen'),
  url: () => t('console.fact.url'),
  mail_from: () => t('console.fact.mail_from'),
  mail_per_minute: () => t('console.fact.mail_per_minute'),
  smtp_url: () => t('console.fact.smtp_url'),
  tls_cert: () => t('console.fact.tls_cert'),
  tls_key: () => t('console.fact.tls_key'),
  min_free: () => t('console.fact.min_free'),
  log_level: () => t('console.fact.log_level'),
  log_format: () => t('console.fact.log_format'),
}

// label is what people call a fixed setting of the server. One that only a newer server
// knows is shown by its name.
export const label = (name: string): string => names[name]?.() ?? sentence(name.replaceAll('_', ' '))

const meanings: Record<string, () => string> = {
  version: () => t('console.fact_meaning.version'),
  trusted_proxies: () => t('console.fact_meaning.trusted_proxies'),
  sign_in_link: () => t('console.fact_meaning.sign_in_link'),
  pending_account: () => t('console.fact_meaning.pending_account'),
  session_idle: () => t('console.fact_meaning.session_idle'),
  session: () => t('console.fact_meaning.session'),
  session_idle_managers: () => t('console.fact_meaning.session_idle_managers'),
  session_managers: () => t('console.fact_meaning.session_managers'),
  token: () => t('console.fact_meaning.token'),
  token_longest: () => t('console.fact_meaning.token_longest'),
  confirmation: () => t('console.fact_meaning.confirmation'),
  confirmation_code: () => t('console.fact_meaning.confirmation_code'),
  data: () => t('console.fact_meaning.data'),
  listen: () => t('console.fact_meaning.listen'),
  url: () => t('console.fact_meaning.url'),
  mail_from: () => t('console.fact_meaning.mail_from'),
  mail_per_minute: () => t('console.fact_meaning.mail_per_minute'),
  smtp_url: () => t('console.fact_meaning.smtp_url'),
  tls_cert: () => t('console.fact_meaning.tls_cert'),
  tls_key: () => t('console.fact_meaning.tls_key'),
  min_free: () => t('console.fact_meaning.min_free'),
  log_level: () => t('console.fact_meaning.log_level'),
  log_format: () => t('console.fact_meaning.log_format'),
}

// meaning is what a fixed setting of the server means. One that only a newer server knows
// is explained in the server's words.
export const meaning = ({ name, meaning: given }: { name: string; meaning: string }): string => meanings[name]?.() ?? sentence(given)

// sentence is a text that begins like one.
const sentence = (text: string): string => text.charAt(0).toUpperCase() + text.slice(1)
