// What a notice says to people: a subject and a sentence for each kind. A kind without one does not compile.
import type { Notice, NoticeOf } from './notice.ts'

/** A notice in words. Neither has line breaks or other control characters, whatever a device is called. */
export interface Sentence {
  readonly subject: string
  readonly text: string
}

const DOOR_OUTCOMES: Readonly<Record<NoticeOf<'door.unlock'>['outcome'], { title: string; said: string }>> = {
  success: { title: 'was opened', said: 'opened the door' },
  refused: { title: 'did not open', said: 'asked to open the door; the terminal refused' },
  unreachable: { title: 'did not open', said: 'asked to open the door; the terminal could not be asked' },
  unknown: {
    title: 'may have opened',
    said: 'asked to open the door; no answer came, so it may have opened',
  },
}

const SENTENCES: { readonly [Kind in Notice['kind']]: (notice: NoticeOf<Kind>) => Sentence } = {
  'door.unlock': ({ deviceName, deviceId, by, seconds, auditId, outcome }) => {
    const { title, said } = DOOR_OUTCOMES[outcome]
    const howLong = outcome === 'success' && seconds !== null ? ` for ${seconds} seconds` : ''
    return {
      subject: `Door "${deviceName}" ${title}`,
      text: `${by} ${said}${howLong}: "${deviceName}" (device ${deviceId}, ${auditId}).`,
    }
  },
  'device.restart': ({ deviceName, deviceId, by }) => ({
    subject: `Terminal "${deviceName}" is restarting`,
    text: `${by} restarted the terminal "${deviceName}" (device ${deviceId}).`,
  }),
  'device.offline': ({ deviceName, deviceId, reason }) => ({
    subject: `Terminal "${deviceName}" is offline`,
    text: `The terminal "${deviceName}" (device ${deviceId}) cannot be reached${reason === null ? '' : ` (${reason})`}.`,
  }),
  'device.online': ({ deviceName, deviceId }) => ({
    subject: `Terminal "${deviceName}" is online again`,
    text: `The terminal "${deviceName}" (device ${deviceId}) answers again.`,
  }),
  'device.log-almost-full': ({ deviceName, deviceId, records, capacity }) => ({
    subject: `Attendance log of "${deviceName}" is almost full`,
    text: `The terminal "${deviceName}" (device ${deviceId}) holds ${records} of ${capacity} attendance records; clear its log before it overwrites or refuses them.`,
  }),
  'sync.failed': ({ deviceName, deviceId, jobId, job, code, message }) => ({
    subject: `${job} of "${deviceName}" failed`,
    text: `The job ${jobId} (${job}) of "${deviceName}" (device ${deviceId}) failed for good: ${message} (${code}).`,
  }),
  'cache.cleared': ({ by, keys }) => ({
    subject: 'The cache was cleared',
    text: `${by} cleared the cache (${keys} keys).`,
  }),
  test: ({ by }) => ({
    subject: 'A test notice',
    text: `${by} asked for this test. Notices arrive here.`,
  }),
}

/** Longest subject: what mail programs show of it. */
const SUBJECT_LIMIT = 150
const TEXT_LIMIT = 1_000

/** A notice in words. */
export function sentenceOf(notice: Notice): Sentence {
  const { subject, text } = write(notice.kind, notice)
  return { subject: onOneLine(subject, SUBJECT_LIMIT), text: onOneLine(text, TEXT_LIMIT) }
}

function write<Kind extends Notice['kind']>(
  kind: Kind,
  notice: { [K in Notice['kind']]: NoticeOf<K> }[Kind],
): Sentence {
  return SENTENCES[kind](notice)
}

/** Names come from people: a line break in one would be a header of its own in an e-mail. */
function onOneLine(text: string, limit: number): string {
  return text
    .replaceAll(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]+/gu, ' ')
    .trim()
    .slice(0, limit)
}
