// Punches in JSON, and the filters of their lists.
import { toPunchJson, type Punch } from '@org/core'
import { Type } from 'typebox'
import type { Static } from 'typebox'
import { OfDevice } from './device.ts'
import { Instant, InstantOrNull } from './instant.ts'
import { PageQuery } from './paging.ts'

const TIME_STATUSES = ['ok', 'gap', 'overlap', 'invalid'] as const
/** Longest PIN of any terminal, in bytes. Source: docs/protocol, the 40-byte attendance record. */
const MAX_PIN_LENGTH = 24
const MAX_CURSOR_LENGTH = 512

/** A punch as every list shows it. */
export const PunchReply = Type.Object(
  {
    id: Type.Integer({ examples: [1] }),
    device_id: Type.Integer({ examples: [1] }),
    user_id: Type.String({ description: 'The PIN, byte for byte: leading zeros stay', examples: ['0042'] }),
    user_name: Type.Union([Type.String(), Type.Null()], {
      description: 'Null where the person is not known',
      examples: ['Siti Rahma'],
    }),
    timestamp: InstantOrNull('The instant in UTC; null when the recorded time is no real date'),
    local_time: Type.String({
      description: 'As the terminal recorded it, without zone',
      examples: ['2024-02-05T21:30:00'],
    }),
    timezone: Type.String({
      description: 'IANA zone that `timestamp` was computed with',
      examples: ['Asia/Jakarta'],
    }),
    time_status: Type.Enum(TIME_STATUSES, {
      description: 'gap, overlap: recorded during a change of daylight saving; invalid: no real date',
      examples: ['ok'],
    }),
    state: Type.Integer({ description: 'What the person chose, as recorded', examples: [0] }),
    state_name: Type.String({ examples: ['check in'] }),
    verify_mode: Type.Integer({ description: 'How the person was recognised, as recorded', examples: [1] }),
    verify_name: Type.String({ examples: ['fingerprint'] }),
    work_code: Type.Union([Type.Integer(), Type.Null()], { examples: [0] }),
    denied: Type.Boolean({ description: 'Refused by an access panel', examples: [false] }),
    source: Type.Enum(['sync', 'live'], { description: 'Who saw it first', examples: ['sync'] }),
    received_at: Instant('When it was stored'),
  },
  { $id: 'Punch', description: 'One attendance record' },
)

const bound = (description: string, example: string) =>
  Type.String({ format: 'time-bound', maxLength: 40, description, examples: [example] })

const ofPerson = {
  user_id: Type.Optional(
    Type.String({
      minLength: 1,
      maxLength: MAX_PIN_LENGTH,
      description: 'Of the person with this PIN, compared byte by byte',
      examples: ['0042'],
    }),
  ),
}
const filters = {
  from: Type.Optional(
    bound(
      'Not before this. With a zone (`2024-02-05T14:30:00Z`, `…%2B07:00`) it means `timestamp`; without one, or as a bare date, `local_time`',
      '2024-02-01',
    ),
  ),
  to: Type.Optional(
    bound('Not after this; read as `from` is. A bare date includes its whole day', '2024-02-29'),
  ),
  state: Type.Optional(
    Type.Integer({ minimum: 0, maximum: 255, description: 'With this state', examples: [0] }),
  ),
  time_status: Type.Optional(
    Type.Enum(TIME_STATUSES, { description: 'With this state of their time', examples: ['ok'] }),
  ),
  denied: Type.Enum(['false', 'true', 'all'], {
    default: 'false',
    description: 'Whether attempts that an access panel refused are listed: not, alone, or too',
    examples: ['false'],
  }),
  sort: Type.Enum(['-timestamp', 'timestamp'], {
    default: '-timestamp',
    description: 'Newest or oldest first; punches without an instant come last either way',
    examples: ['-timestamp'],
  }),
}
const paging = {
  ...PageQuery,
  cursor: Type.Optional(
    Type.String({
      minLength: 1,
      maxLength: MAX_CURSOR_LENGTH,
      description: '`next_cursor` of the page before; with it `page` is ignored and nothing is counted',
      examples: ['eyJhdCI6IjIwMjQifQ'],
    }),
  ),
}

/** Query of the list of punches. */
export const PunchQuery = Type.Object({ ...OfDevice, ...ofPerson, ...filters, ...paging })
/** Query of the list of one device's punches. */
export const DevicePunchQuery = Type.Object({ ...ofPerson, ...filters, ...paging })
/** Query of the list of one person's punches. */
export const PersonPunchQuery = Type.Object({ ...OfDevice, ...filters, ...paging })
/** Query of the export. */
export const PunchExportQuery = Type.Object({
  format: Type.Enum(['csv', 'ndjson', 'xlsx'], {
    default: 'csv',
    description: 'csv by RFC 4180, ndjson with a record a line, or a workbook',
    examples: ['csv'],
  }),
  ...OfDevice,
  ...ofPerson,
  ...filters,
})

/** The PIN of a person in a path. */
export const PersonParams = Type.Object({
  userId: Type.String({
    minLength: 1,
    maxLength: MAX_PIN_LENGTH,
    description: 'PIN of the person, compared byte by byte',
    examples: ['0042'],
  }),
})

/** A punch in JSON: what lists show is what the webhook posts, so it is declared in core, and described above. */
export const toPunchReply: (punch: Punch) => Static<typeof PunchReply> = toPunchJson
