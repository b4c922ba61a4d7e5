import { t } from './messages'

// insecure says what is wrong with a public URL, and is empty if nothing is.
export function insecure(publicURL: string): string {
  const url = new URL(publicURL)
  const loopback = ['localhost', '127.0.0.1', '[::1]'].includes(url.hostname)
  if (loopback) return t('console.health.loopback_url')
  if (url.protocol !== 'https:') return t('console.health.without_https')
  return ''
}
