import './app.css'
import { ahead, page, viewOf } from './ahead'
import { firsts, views } from './shell/views'

const view = viewOf(location.pathname)
for (const what of ['me', 'settings', 'roles', 'overview', `login-requests?limit=${page}`]) ahead(`/api/v1/${what}`)
const first = firsts[view]?.(new URLSearchParams(location.search))
if (first) ahead(`/api/v1/${first}`)
void views[view]?.().catch(() => undefined) // the view shows the error when it loads
void import('./start').then((m) => m.default())
