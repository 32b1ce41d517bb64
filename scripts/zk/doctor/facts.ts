// What a terminal says of itself, as it is shown and as it may be passed on.
import type { TerminalInfo } from '@org/zk-proto'
import type { Finding } from './check.ts'

/** Plain facts. Texts come from a terminal, so they are made printable and short. */
export type Facts = Pick<
  TerminalInfo,
  | 'model'
  | 'platform'
  | 'firmware'
  | 'serialNumber'
  | 'mac'
  | 'fingerprintVersion'
  | 'faceVersion'
  | 'people'
  | 'fingerprints'
  | 'faces'
  | 'records'
>

const LONGEST_TEXT = 64
/** From here on a memory counts as nearly full; the service sends its notice there too. */
const NEARLY_FULL_SHARE = 0.9

export function factsOf(info: TerminalInfo): Facts {
  const { people, fingerprints, faces, records } = info
  return {
    model: printable(info.model),
    platform: printable(info.platform),
    firmware: printable(info.firmware),
    serialNumber: printable(info.serialNumber),
    mac: printable(info.mac),
    fingerprintVersion: printable(info.fingerprintVersion),
    faceVersion: printable(info.faceVersion),
    people,
    fingerprints,
    faces,
    records,
  }
}

/** Without what could move a cursor or be taken for a line of ours. */
function printable(text: string | null): string | null {
  if (text === null) return null
  const clean = text.replaceAll(/[\p{C}\p{Zl}\p{Zp}\uFFFD]/gu, '?').trim()
  return clean.length > LONGEST_TEXT ? `${clean.slice(0, LONGEST_TEXT)}…` : clean
}

/** The serial number is left to those who print the facts. */
export function judgeDevice({ model, platform, firmware }: Facts): Finding {
  const named = [model, platform, firmware].filter((it) => it !== null && it !== '')
  return named.length === 0
    ? {
        verdict: 'warning',
        said: 'The terminal names neither model nor firmware',
        advice: 'That hinders nothing; name the model yourself when you report something.',
      }
    : { verdict: 'ok', said: `It is ${named.join(', ')}` }
}

/** Whether there is room left. */
export function judgeSizes({
  people,
  fingerprints,
  faces,
  records,
}: Pick<Facts, 'people' | 'fingerprints' | 'faces' | 'records'>): Finding {
  const counts = { people, fingerprints, faces, records }
  const told = Object.entries(counts).flatMap(([name, count]) => (count === null ? [] : [{ name, ...count }]))
  const details = Object.fromEntries(
    told.flatMap(({ name, count, capacity }) => [
      [name, count],
      [`${name}Capacity`, capacity],
    ]),
  )
  if (told.length === 0)
    return {
      verdict: 'warning',
      said: 'The terminal tells no counts that can be used',
      advice: 'A sync then proves its completeness by bytes alone.',
    }
  const used = told.filter(({ capacity }) => capacity > 0)
  const said = `It holds ${used.map(({ name, count, capacity }) => `${count} of ${capacity} ${name}`).join(', ')}`
  const full = used.filter(({ count, capacity }) => count >= capacity * NEARLY_FULL_SHARE)
  if (full.length === 0) return { verdict: 'ok', said, details }
  const names = full.map(({ name }) => name).join(' and ')
  return {
    verdict: 'warning',
    said: `${said}: nearly full of ${names}`,
    details,
    advice: full.some(({ name }) => name === 'records')
      ? 'A full log loses punches: old ones are overwritten or new ones refused, by model. Sync the device, then clear its log with DELETE /attendance/device/{deviceId}, which proves first that everything is stored.'
      : 'Remove people who are gone before others are added.',
  }
}
