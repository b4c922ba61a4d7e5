// insecure says what is wrong with a public URL, and is empty if nothing is.
export function insecure(publicURL: string): string {
  const url = new URL(publicURL)
  const loopback = ['localhost', '127.0.0.1', '[::1]'].includes(url.hostname)
  if (loopback) return 'Links to it open on this computer only. Set the public URL under Settings, General, before you invite people elsewhere.'
  if (url.protocol !== 'https:') return 'Without HTTPS, login links can be read on the network. Put Doorward behind a proxy with a certificate.'
  return ''
}
