// Cookies that the server reads as well, for the portal's pages. A browser has one set of them
// for all ports of a host, so their names have the port: two servers on one machine would
// otherwise overwrite each other's. backend/web/cookies.go makes the same names.
const named = (name: string): string => (location.port ? `${name}-${location.port}` : name)

const year = 31_536_000 // seconds

// cookie is the value of a cookie, or undefined.
export function cookie(name: string): string | undefined {
  const start = `${named(name)}=`
  return document.cookie.split('; ').find((c) => c.startsWith(start))?.slice(start.length)
}

// setCookie keeps a value for a year; an empty one removes the cookie.
export function setCookie(name: string, value: string): void {
  document.cookie = `${named(name)}=${value}; path=/; max-age=${value ? year : 0}; samesite=lax${location.protocol === 'https:' ? '; secure' : ''}`
}
