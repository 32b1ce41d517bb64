// What terminals answer when they are asked themselves, in JSON.
import type { ClockSetting, DeviceInfo, Restart } from '@org/core'
import { Type } from 'typebox'
import type { Static } from 'typebox'
import { Instant, toInstant } from './instant.ts'

const textOrNull = (example: string, description?: string) =>
  Type.Union([Type.String(), Type.Null()], {
    examples: [example],
    ...(description !== undefined && { description }),
  })

const CountReply = Type.Object(
  {
    count: Type.Integer({ description: 'How many there are', examples: [135] }),
    capacity: Type.Integer({ description: 'How many there can be', examples: [3000] }),
  },
  { description: 'A count and its limit' },
)
const countOrNull = (description: string) =>
  Type.Union([CountReply, Type.Null()], {
    description: `${description}; null where the terminal does not say`,
    examples: [{ count: 135, capacity: 3000 }],
  })
const DRIFT = 'How many seconds the clock is ahead of ours; null where it shows no real date'
const WallTime = (description: string) => Type.String({ description, examples: ['2024-02-05T21:30:00'] })

/** What `GET /devices/{deviceId}/info` answers. */
export const DeviceInfoReply = Type.Object(
  {
    device_id: Type.Integer({ examples: [1] }),
    model: textOrNull('K20'),
    platform: textOrNull('JZ4725_TFT'),
    firmware: textOrNull('Ver 6.60 Jun 9 2017'),
    serial_number: textOrNull('BOCK194961234', 'What the terminal itself says'),
    mac: textOrNull('00:17:61:12:f8:db'),
    fingerprint_version: textOrNull('10', 'Version of its fingerprint templates'),
    face_version: textOrNull('7', 'Version of its face templates'),
    users: countOrNull('People'),
    fingerprints: countOrNull('Fingerprints'),
    faces: countOrNull('Faces'),
    records: countOrNull('Attendance records'),
    time: textOrNull('2024-02-05T21:30:00', 'What its clock shows, in its own zone'),
    drift_seconds: Type.Union([Type.Integer(), Type.Null()], { description: DRIFT, examples: [-2] }),
  },
  { $id: 'DeviceInfo', description: 'What a terminal says of itself now' },
)

/** Body of `POST /devices/{deviceId}/sync-time`: none, or an object without fields. */
export const SyncTimeRequest = Type.Object(
  {},
  { additionalProperties: false, description: 'Nothing is to be said', examples: [{}] },
)

/** What `POST /devices/{deviceId}/sync-time` answers. */
export const ClockReply = Type.Object(
  {
    device_id: Type.Integer({ examples: [1] }),
    before: WallTime('What the clock showed'),
    after: WallTime('What it shows now'),
    drift_seconds: Type.Union([Type.Integer(), Type.Null()], {
      description: `${DRIFT}; before it was set`,
      examples: [-2],
    }),
    timezone: Type.String({ description: 'Zone in which it was set', examples: ['Asia/Jakarta'] }),
  },
  { $id: 'ClockSetting', description: 'A clock that was set' },
)

/** Body of `POST /devices/{deviceId}/restart`: none, or an object without fields. */
export const RestartRequest = Type.Object(
  {},
  { additionalProperties: false, description: 'Nothing is to be said', examples: [{}] },
)

/** What `POST /devices/{deviceId}/restart` answers. */
export const RestartReply = Type.Object(
  {
    device_id: Type.Integer({ examples: [1] }),
    status: Type.Literal('restarting', { examples: ['restarting'] }),
    restarted_at: Instant('When the command was sent'),
    acknowledged: Type.Boolean({
      description: 'false: the terminal went without a word, as much firmware does',
      examples: [true],
    }),
  },
  { $id: 'Restart', description: 'A restart that was initiated; the terminal is away for about a minute' },
)

/** A restart, in JSON. */
export function toRestartReply({
  deviceId,
  initiatedAt,
  acknowledged,
}: Restart): Static<typeof RestartReply> {
  return {
    device_id: deviceId,
    status: 'restarting',
    restarted_at: toInstant(initiatedAt),
    acknowledged,
  }
}

/** What a terminal says of itself, in JSON. */
export function toDeviceInfoReply({
  deviceId,
  facts,
  wallTime,
  driftSeconds,
}: DeviceInfo): Static<typeof DeviceInfoReply> {
  return {
    device_id: deviceId,
    model: facts.model,
    platform: facts.platform,
    firmware: facts.firmware,
    serial_number: facts.serialNumber,
    mac: facts.mac,
    fingerprint_version: facts.fingerprintVersion,
    face_version: facts.faceVersion,
    users: facts.people,
    fingerprints: facts.fingerprints,
    faces: facts.faces,
    records: facts.records,
    time: wallTime,
    drift_seconds: driftSeconds,
  }
}

/** A clock that was set, in JSON. */
export function toClockReply(setting: ClockSetting): Static<typeof ClockReply> {
  return {
    device_id: setting.deviceId,
    before: setting.before,
    after: setting.after,
    drift_seconds: setting.driftSeconds,
    timezone: setting.timezone,
  }
}
