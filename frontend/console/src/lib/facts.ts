const names: Record<string, string> = {
  sign_in_link: 'Sign-in links and codes',
  pending_account: 'Pending accounts',
  session_idle: 'Member sessions: idle timeout',
  session: 'Member sessions: maximum',
  session_idle_managers: 'Admin sessions: idle timeout',
  session_managers: 'Admin sessions: maximum',
  token: 'API tokens: default',
  token_longest: 'API tokens: maximum',
  confirmation: 'Confirmed identity',
  confirmation_code: 'Confirmation codes',
  data: 'Data directory',
  listen: 'Listen address',
  url: 'Public URL',
  mail_from: 'Sender address',
  mail_per_minute: 'Emails per minute',
  smtp_url: 'SMTP server',
  tls_cert: 'TLS certificate',
  tls_key: 'TLS key',
  min_free: 'Minimum free disk',
  log_level: 'Log level',
  log_format: 'Log format',
}

// label is what people call a fixed setting of the server.
export function label(name: string): string {
  const text = name.replaceAll('_', ' ')
  return names[name] ?? text.charAt(0).toUpperCase() + text.slice(1)
}

// sentence is a text that begins like one.
export const sentence = (text: string): string => text.charAt(0).toUpperCase() + text.slice(1)
