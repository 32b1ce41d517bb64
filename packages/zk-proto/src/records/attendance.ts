// The forms in which terminals keep punches: five record lengths, one of them in two layouts. Which one a log has is
// found in attendance-form.ts; what users handle is the Punch of punch.ts. Source: docs/protocol §13.
import { ascii, layout, nibble, opaque, packedTime, u16, u32, u8 } from '../layout.ts'
import type { RecordOf } from '../layout.ts'

/** The 8-byte punch with its state at the end. Source: docs/protocol §13.1, layout A. */
export const attendance8a = layout('attendance/8a', 8, {
  uid: u16(0),
  verifyMode: u8(2),
  time: packedTime(3),
  punchState: u8(7),
})
export type Attendance8a = RecordOf<typeof attendance8a>

/** The 8-byte punch with mode and state in one byte. Source: docs/protocol §13.1, layout B; capture att-8-zem500. */
export const attendance8b = layout('attendance/8b', 8, {
  uid: u16(0),
  verifyMode: nibble(2, 'low'),
  punchState: nibble(2, 'high'),
  unknown3: u8(3), // 0 in every record seen
  time: packedTime(4),
})
export type Attendance8b = RecordOf<typeof attendance8b>

/** The 16-byte punch. Source: docs/protocol §13.2, capture att-16-zem760-denied. */
export const attendance16 = layout('attendance/16', 16, {
  pinNumber: u32(0),
  time: packedTime(4),
  punchState: u8(8), // on access panels 7: the attempt was denied
  verifyMode: u8(9),
  unknown10: opaque(10, 2),
  workCode: u32(12),
})
export type Attendance16 = RecordOf<typeof attendance16>

/** The 22-byte punch of WL10 and AK3750 boards. Source: docs/protocol §13.3. */
export const attendance22 = layout('attendance/22', 22, {
  uid: u16(0),
  pin: ascii(2, 6),
  unknown8: opaque(8, 4),
  unknown12: u8(12), // 1 in every record known
  time: packedTime(13),
  punchState: u8(17),
  unknown18: opaque(18, 4),
})
export type Attendance22 = RecordOf<typeof attendance22>

const fields40 = {
  uid: u16(0), // on some firmware a running record number: the pin tells who it was, never this
  pin: ascii(2, 24),
  verifyMode: u8(26),
  time: packedTime(27), // may name a day that does not exist; kept as recorded
  punchState: u8(31),
  unknown32: opaque(32, 8),
} as const

/** The 40-byte punch. Source: docs/protocol §13.3, capture att-40-zem760-doc. */
export const attendance40 = layout('attendance/40', 40, fields40)
export type Attendance40 = RecordOf<typeof attendance40>

/** The 49-byte punch: the 40-byte one with nine unknown bytes behind it. Source: docs/protocol §13.3. */
export const attendance49 = layout('attendance/49', 49, { ...fields40, unknown40: opaque(40, 9) })
export type Attendance49 = RecordOf<typeof attendance49>
