// docs/errors.md: every error that the API answers with or a job keeps, from the tables that they are thrown from.
import { ERRORS, JOB_ERRORS, type ErrorEntry } from '@org/core'
import { table } from './markdown.ts'

const INTRODUCTION = `Every error of the API is the standard error: \`status: false\`, a \`message\` for people, \`error.code\` for programs,
\`error.type\`, \`error.details\`, and \`metadata\` with the request id that finds it in the log. Decide by the code, never by the
message. Where one code stands in two rows, the situation tells them apart.

**again**: the same request may succeed later without anybody changing anything; a job of the service tries again by itself.
**retry-after**: the answer says after how many seconds.`

const JOBS = `A job that failed keeps \`error.code\` and \`error.message\`: one of the codes above, or one of these, which are about the job
itself.`

/** The page. */
export function serviceErrorsPage(): string {
  const rows = Object.entries(ERRORS)
    .toSorted(([, a], [, b]) => a.status - b.status)
    .map(([name, entry]) => rowOf(name, entry))
  const jobRows = Object.entries(JOB_ERRORS).map(([code, { message, retryable }]) => [
    `\`${code}\``,
    retryable ? 'yes' : '',
    message,
  ])
  return [
    '# Errors',
    INTRODUCTION,
    table(['status', 'code', 'type', 'again', 'retry-after', 'message'], rows),
    '## Of jobs',
    JOBS,
    table(['code', 'again', 'message'], jobRows),
  ].join('\n\n')
}

function rowOf(name: string, { code = name, status, type, message, retryable, retryAfter }: ErrorEntry) {
  const yes = (is: boolean | undefined) => (is === true ? 'yes' : '')
  return [String(status), `\`${code}\``, `\`${type}\``, yes(retryable), yes(retryAfter), message]
}
