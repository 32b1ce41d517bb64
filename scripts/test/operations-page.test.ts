// docs/operations.md tells of everything that operations and jobs can end with, and nothing that there is not: each row of its tables
// says what happened and what to do.
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import {
  ClearingReceipt,
  ERRORS,
  JOB_ERRORS,
  PeopleCopyReport,
  PeopleSyncReport,
  SyncCertificate,
  TimesCorrection,
  attendanceClearing,
  attendanceSync,
  noticeDelivery,
  peopleCopy,
  peopleSync,
  punchDelivery,
  timesCorrection,
} from '@org/core'
import { describe, expect, it } from 'vitest'

const root = new URL('../..', import.meta.url).pathname
const page = readFileSync(join(root, 'docs/operations.md'), 'utf8')
const rows = page
  .split('\n')
  .filter((line) => line.startsWith('| `'))
  .map((line) =>
    line
      .split('|')
      .slice(1, -1)
      .map((cell) => cell.trim()),
  )
const rowsOf = (name: string) => rows.filter(([first]) => first === `\`${name}\``)

/** What a request can be answered with, and no operation on a device and no job ends in. A new code is here or on the page. */
const OF_REQUESTS_ALONE = new Set([
  'DUPLICATE_EMAIL',
  'DUPLICATE_USERNAME',
  'INVALID_CREDENTIALS',
  'UNAUTHORIZED',
  'TOKEN_EXPIRED',
  'ACCOUNT_LOCKED',
  'ACCOUNT_NOT_FOUND',
  'API_KEY_NOT_FOUND',
  'JOB_NOT_FOUND',
  'ROUTE_NOT_FOUND',
  'METHOD_NOT_ALLOWED',
  'REQUEST_TIMEOUT',
  'PAYLOAD_TOO_LARGE',
  'UNSUPPORTED_MEDIA_TYPE',
  'HEADERS_TOO_LARGE',
  'RATE_LIMIT_EXCEEDED',
  'SERVICE_OVERLOADED',
])

const retryableByCode = new Map<string, boolean>()
for (const [name, { code = name, retryable = false }] of Object.entries(ERRORS))
  if (!OF_REQUESTS_ALONE.has(code)) retryableByCode.set(code, retryable || retryableByCode.get(code) === true)
for (const [code, { retryable }] of Object.entries(JOB_ERRORS)) retryableByCode.set(code, retryable)

describe('the page on operations', () => {
  it.each([...retryableByCode])('explains %s, and whether it is tried again', (code, retryable) => {
    const explained = rowsOf(code).filter(({ length }) => length === 4)
    expect(explained).toHaveLength(1)
    const [[, happened = '', remedy = '', again] = []] = explained
    expect(happened.length).toBeGreaterThan(15)
    expect(remedy.length).toBeGreaterThan(5)
    expect(again).toBe(retryable ? 'yes' : 'no')
  })

  it('names no code that there is not', () => {
    const named = [...page.matchAll(/`((?:[A-Z]+_)+[A-Z]+)`/g)].map(([, name = '']) => name)
    const codes = named.filter((name) =>
      /^(DEVICE_(?!WAIT|IDLE|LEASE|NETWORKS)|JOB_(?!CLAIM|RETENTION|NOT_FOUND)|USER_|NOTICE_)/.test(name),
    )
    expect(codes.length).toBeGreaterThan(20)
    expect(codes.filter((code) => !retryableByCode.has(code))).toEqual([])
  })

  it.each(Object.keys(SyncCertificate.properties))('explains %s of the certificate', (field) => {
    const text = page.slice(page.indexOf('**certificate**'), page.indexOf('**What is read.**'))
    expect(text).toMatch(new RegExp(`^\\| \`${field}\` +\\| \\S.{10,} \\|$`, 'm'))
  })

  it.each([PeopleSyncReport, PeopleCopyReport].flatMap(({ properties }) => Object.keys(properties)))(
    'explains %s of a report on people',
    (field) => {
      expect(rowsOf(field).map(([, said = '']) => said.length > 3)).toContain(true)
    },
  )

  it.each([ClearingReceipt, TimesCorrection].flatMap(({ properties }) => Object.keys(properties)))(
    'explains %s of a clearing or a correction',
    (field) => {
      expect(page).toMatch(new RegExp(`(result is|, and|before it) [^|]*\`${field}\``))
    },
  )

  it.each([
    attendanceClearing,
    attendanceSync,
    noticeDelivery,
    peopleCopy,
    peopleSync,
    punchDelivery,
    timesCorrection,
  ])('says what the job $name does, and how often it is tried', ({ name, retries }) => {
    const [[, , attempts, does = ''] = []] = rowsOf(name)
    expect(attempts).toBe(String(retries + 1))
    expect(does).not.toBe('')
  })

  it.each(['success', 'refused', 'unreachable', 'unknown'])('says what %s means at the door', (outcome) => {
    expect(rowsOf(outcome).filter(({ length }) => length === 3)).toHaveLength(1)
  })

  it('explains every reason for which a finger is not enrolled', () => {
    const source = readFileSync(join(root, 'packages/core/src/operations/add-person.ts'), 'utf8')
    const [, union = ''] = /export type EnrollmentFailure = (.+)$/m.exec(source) ?? []
    const reasons = [...union.matchAll(/'(\w+)'/g)].map(([, reason = '']) => reason)
    expect(reasons.length).toBeGreaterThan(4)
    expect(reasons.filter((reason) => rowsOf(reason).length !== 1)).toEqual([])
  })

  it('explains every reason for which a terminal cannot be reached', () => {
    const source = readFileSync(join(root, 'packages/core/src/errors.ts'), 'utf8')
    const [, union = ''] = /export type UnreachableReason =((?:\s+\| '\w+')+)/.exec(source) ?? []
    const reasons = [...union.matchAll(/'(\w+)'/g)].map(([, reason = '']) => reason)
    expect(reasons.length).toBeGreaterThan(5)
    expect(reasons.filter((reason) => rowsOf(reason).length !== 1)).toEqual([])
  })
})
