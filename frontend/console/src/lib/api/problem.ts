import { t } from '../messages'
import { told, type SaidTime } from '../time'

// A Problem is a failure of the API: a sentence for people, a code for programs, and
// the fields at fault.
export class Problem extends Error {
  constructor(
    message: string,
    readonly status: number,
    readonly code: string,
    readonly fields: Record<string, string> = {},
    readonly request = '',
  ) {
    super(message)
  }

  // from reads an answer of the API.
  static from(status: number, body: unknown): Problem {
    const p = (typeof body === 'object' && body !== null ? body : {}) as Partial<Body>
    const fields = Object.fromEntries((p.errors ?? []).map((e) => [e.location, told(e.message, p.times)]))
    const sentence = told(p.detail ?? t('console.problem.answered_with', { Status: String(status) }), p.times)
    const said = p.request ? t('console.problem.with_number', { Problem: sentence, Number: p.request }) : sentence
    return new Problem(said, status, p.code ?? 'unknown', fields, p.request)
  }

  // stale is the failure to load a file of the console, as after an update.
  static stale(): Problem {
    return new Problem(t('console.problem.stale'), 0, 'stale')
  }

  // of makes a Problem of any error.
  static of(cause: unknown): Problem {
    if (cause instanceof Problem) return cause
    if (cause instanceof DOMException && cause.name === 'AbortError') return new Problem(t('console.problem.cancelled'), 0, 'aborted')
    return new Problem(t('console.problem.unreachable'), 0, 'unreachable')
  }

  // passing: the same question may be answered in a moment.
  get passing(): boolean {
    return this.status === 503 || this.code === 'unreachable'
  }

  // at is the sentence about one field, or "".
  at(field: string): string {
    return this.fields[field] ?? ''
  }
}

type Body = { detail: string; code: string; request: string; errors: { message: string; location: string }[]; times: SaidTime[] }
