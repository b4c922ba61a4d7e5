import './app.css'
import { ahead, page, viewOf } from './ahead'
import { preferred } from './lib/language'
import { direction, language, speak } from './lib/messages'
import { firsts, viewAt, views } from './shell/views'
import start from './start'

const wanted = preferred()
const path = viewOf(location.pathname)
const view = viewAt(path)
for (const what of ['me', 'settings', 'roles', 'overview', `login-requests?limit=${page}`]) ahead(`/api/v1/${what}`, wanted)
const first = firsts[view]?.(new URLSearchParams(location.search), path)
if (first) ahead(`/api/v1/${first}`, wanted)
void speak(wanted).then(() => {
  document.documentElement.lang = language()
  document.documentElement.dir = direction()
  void views[view]?.().catch(() => undefined) // the view shows the error when it loads
  start()
})
