// insecure says what is wrong with a public URL, and is empty if nothing is.
export function insecure(publicURL: string): string {
  const url = new URL(publicURL)
  const loopback = ['localhost', '127.0.0.1', '[::1]'].includes(url.hostname)
  if (loopback) return 'Only this computer can open links to it. Set the public URL under Settings, General, before you invite people from elsewhere.'
  if (url.protocol !== 'https:') return 'Without https, whoever listens on the way can read login links. Put it behind a proxy with a certificate.'
  return ''
}
