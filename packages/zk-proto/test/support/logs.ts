// Made-up attendance logs and lists of people, as the bytes that a terminal would hold.
import { joinBytes } from '../../src/bytes.ts'
import { attendance16, attendance40 } from '../../src/records/attendance.ts'
import { person72 } from '../../src/records/person.ts'

const FIRST_TIME = 864_000_123

/** Punches of 40 bytes; each differs from all others. */
export function log40(count: number, first = 0): Uint8Array {
  return joinBytes(
    Array.from({ length: count }, (_, i) =>
      attendance40.encode({
        uid: ((first + i) % 60_000) + 1,
        pin: String(1000 + ((first + i) % 37)),
        verifyMode: 1,
        time: FIRST_TIME + (first + i) * 61,
        punchState: (first + i) % 2,
      }),
    ),
  )
}

/** Punches of 16 bytes. */
export function log16(count: number, first = 0): Uint8Array {
  return joinBytes(
    Array.from({ length: count }, (_, i) =>
      attendance16.encode({
        pinNumber: 1000 + ((first + i) % 37),
        time: FIRST_TIME + (first + i) * 61,
        punchState: (first + i) % 2,
        verifyMode: 1,
        workCode: 0,
      }),
    ),
  )
}

/** People of 72 bytes, uid 1 and pin 1001 onwards. */
export function people72(count: number, name: (i: number) => string = (i) => `Person ${i + 1}`): Uint8Array {
  return joinBytes(
    Array.from({ length: count }, (_, i) =>
      person72.encode({
        uid: i + 1,
        privilege: i === 0 ? 14 : 0,
        password: '',
        name: new TextEncoder().encode(name(i)),
        cardNumber: i,
        group: 1,
        ownTimeZones: 0,
        timeZone1: 0,
        timeZone2: 0,
        timeZone3: 0,
        pin: String(1001 + i),
      }),
    ),
  )
}
