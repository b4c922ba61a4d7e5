import createClient from 'openapi-fetch'
import { take } from '../../ahead'
import { confirming } from '../confirming.svelte'
import { live } from '../live.svelte'
import { language } from '../messages'
import { present } from '../presence'
import { session } from '../session.svelte'
import type { components, paths } from './schema'
import { Problem } from './problem'

type Schemas = components['schemas']
export type Member = Schemas['Member']
export type Overview = Schemas['Overview']
export type Me = Schemas['Me']
export type Settings = Schemas['Settings']
export type Role = Schemas['Role']
export type Message = Schemas['Message']
export type AuditEntry = Schemas['AuditList']['items'][number]
export type Session = Schemas['SessionList']['items'][number]
export type Token = Schemas['Token']
export type Invitation = Schemas['Invitation']
export type Row = Schemas['Batch']['results'][number]
export type Verdict = Schemas['Checked']
export type Unusual = Schemas['Unusual']
export type Day = Schemas['Day']
export type Checklist = Schemas['Checklist']
export type Check = Schemas['Check']
export type Machine = Schemas['Machine']

// plain sends the body as text: a Blob crashes the native window.
async function plain(request: Request): Promise<Response> {
  const { method, url, headers, signal } = request
  const ahead = method === 'GET' ? take(url) : undefined
  if (ahead) return ahead
  headers.set('Accept-Language', language())
  const reads = method === 'GET' || method === 'HEAD'
  if (reads && !present()) headers.set('X-Doorward-Background', '1')
  const body = reads ? undefined : await request.text()
  return confirming.through(() => fetch(url, { method, headers, body, signal, credentials: 'same-origin', cache: 'no-store' }))
}

// api is the HTTP API. Its types are generated from the OpenAPI document.
export const api = createClient<paths>({ baseUrl: '/api/v1', fetch: plain })

type Answer<T> = { data?: T; error?: unknown; response: Response }

// ask returns the answer to a request, or throws a Problem.
export async function ask<T>(asked: Promise<Answer<T>>): Promise<T> {
  let answer: Answer<T>
  try {
    answer = await asked
  } catch (cause) {
    throw Problem.of(cause)
  }
  session.served(answer.response.headers.get('Date'))
  live.answered(answer.response.headers.get('Doorward-Position'))
  if (answer.response.ok) return answer.data as T
  const problem = Problem.from(answer.response.status, answer.error)
  if (problem.status === 401) session.end()
  throw problem
}
