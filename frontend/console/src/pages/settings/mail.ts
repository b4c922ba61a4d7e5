import { api, ask } from '$lib/api/client'
import type { components } from '$lib/api/schema'

export type Tested = components['schemas']['TestedMail']

// sendTest sends a test email to one's own address, and returns once the mail server has
// answered.
export const sendTest = (): Promise<Tested> => ask(api.POST('/settings/mail/test', { body: { wait: true } }))
