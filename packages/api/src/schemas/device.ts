// Devices in JSON. The comm key goes in as `password` and never comes out.
import type { Device, DeviceChange, DeviceInput, DeviceState } from '@org/core'
import { Type } from 'typebox'
import type { Static, TInteger, TString } from 'typebox'
import { Instant, InstantOrNull, toInstant, toInstantOrNull } from './instant.ts'
import { PageQuery } from './paging.ts'

/** The largest id that a row can have here: what every client can read without loss. */
const MAX_ID = Number.MAX_SAFE_INTEGER

/** The id of a device in a path. */
export const DeviceParams = Type.Object({
  deviceId: Type.Integer({ minimum: 1, maximum: MAX_ID, description: 'Id of the device', examples: [1] }),
})

/** For queries of lists: those of one device. */
export const OfDevice = {
  device_id: Type.Optional(
    Type.Integer({ minimum: 1, maximum: MAX_ID, description: 'Of this device', examples: [1] }),
  ),
}

const Transport = Type.Enum(['auto', 'tcp', 'udp'], {
  description: 'How the terminal is spoken to',
  examples: ['auto'],
})
const UnlockUnit = Type.Enum(['tenths', 'seconds'], {
  description:
    'What the unlock command of this firmware counts in; the wrong one holds a door open ten times too long',
  examples: ['tenths'],
})
const Status = Type.Enum(['active', 'inactive'], {
  description: 'inactive: switched off by an admin; nothing touches the terminal',
  examples: ['active'],
})
const textOrNull = (example: string, description: string) =>
  Type.Union([Type.String(), Type.Null()], { description, examples: [example] })

const Name = Type.String({ format: 'name', maxLength: 100, examples: ['Main Entrance Reader'] })
const Host = Type.String({
  format: 'host',
  maxLength: 253,
  description: 'IPv4 address, IPv6 address or host name',
  examples: ['192.168.1.100'],
})
const port = { minimum: 1, maximum: 65_535, examples: [4370] }
const commKey = {
  format: 'comm-key',
  description: 'The comm key of the terminal: decimal digits up to 4294967295; empty or 0 means none',
  examples: [''],
}
const location = { format: 'one-line', maxLength: 255, examples: ['Building A - Main Entrance'] }
const serialNumber = { format: 'one-line', maxLength: 64, examples: ['ZKT-001-2024'] }
const timezone = { format: 'time-zone', maxLength: 64, examples: ['Asia/Jakarta'] }
const nameEncoding = {
  format: 'text-encoding',
  maxLength: 32,
  description: 'How the terminal spells names: auto, or a WHATWG label such as gb18030',
  examples: ['auto'],
}
/** A field that null empties: one schema with two types, so that a wrong value is one fault. */
const orNull = <Schema extends TString | TInteger>(schema: Schema) =>
  Type.Unsafe<Static<Schema> | null>({ ...schema, type: [schema.type, 'null'] })
const live = { description: 'Whether punches are taken as they happen', examples: [true] }
const syncInterval = { minimum: 1, maximum: 10_080, examples: [60] }

/** Body of `POST /devices`. */
export const DeviceRequest = Type.Object(
  {
    name: Name,
    ip: Host,
    port: Type.Optional(Type.Integer({ ...port, default: 4370 })),
    password: Type.Optional(Type.String({ ...commKey, default: '' })),
    location: Type.Optional(Type.String(location)),
    serial_number: Type.Optional(
      Type.String({
        ...serialNumber,
        description: 'A label, stored as given; read from the terminal when left out',
      }),
    ),
    transport: Type.Optional(Transport),
    timezone: Type.Optional(
      Type.String({
        ...timezone,
        description: "IANA zone in which the terminal's clock runs; default DEFAULT_TIMEZONE",
      }),
    ),
    name_encoding: Type.Optional(Type.String({ ...nameEncoding, default: 'auto' })),
    live: Type.Optional(Type.Boolean({ ...live, default: true })),
    sync_interval_minutes: Type.Optional(
      Type.Integer({
        ...syncInterval,
        description: 'Sync by itself so often; by SYNC_SCHEDULE when left out',
      }),
    ),
    unlock_unit: Type.Optional(UnlockUnit),
  },
  {
    additionalProperties: false,
    description: 'The terminal to register',
    examples: [
      {
        name: 'Main Entrance Reader',
        ip: '192.168.1.100',
        port: 4370,
        password: '',
        location: 'Building A - Main Entrance',
        serial_number: 'ZKT-001-2024',
      },
    ],
  },
)

/** Body of `PUT` and `PATCH /devices/{deviceId}`: the fields to change. */
export const DeviceChangeRequest = Type.Object(
  {
    name: Type.Optional(Name),
    ip: Type.Optional(Host),
    port: Type.Optional(Type.Integer(port)),
    password: Type.Optional(Type.String(commKey)),
    location: Type.Optional(orNull(Type.String(location))),
    serial_number: Type.Optional(
      orNull(Type.String({ ...serialNumber, description: 'A label, stored as given' })),
    ),
    transport: Type.Optional(Transport),
    timezone: Type.Optional(
      Type.String({
        ...timezone,
        description:
          "IANA zone in which the terminal's clock runs. Alone it corrects the instants of all punches; with timezone_since it is a move",
      }),
    ),
    timezone_since: Type.Optional(
      Type.String({
        maxLength: 19,
        description: 'Wall time from which the zone holds: punches before keep their instants',
        examples: ['2024-02-05T21:30:00'],
      }),
    ),
    name_encoding: Type.Optional(Type.String(nameEncoding)),
    live: Type.Optional(Type.Boolean(live)),
    sync_interval_minutes: Type.Optional(
      orNull(
        Type.Integer({ ...syncInterval, description: 'Sync by itself so often; null: by SYNC_SCHEDULE' }),
      ),
    ),
    unlock_unit: Type.Optional(UnlockUnit),
    status: Type.Optional(Status),
  },
  {
    additionalProperties: false,
    description: 'The fields to change; what is left out stays',
    examples: [{ name: 'Back Entrance Reader', status: 'inactive' }],
  },
)

const created = {
  id: Type.Integer({ examples: [1] }),
  name: Type.String({ examples: ['Main Entrance Reader'] }),
  ip: Type.String({ examples: ['192.168.1.100'] }),
  port: Type.Integer({ examples: [4370] }),
  location: textOrNull('Building A - Main Entrance', 'Where it hangs'),
  serial_number: textOrNull('ZKT-001-2024', "The label given, or the terminal's own serial number"),
  status: Status,
  is_connected: Type.Boolean({ description: 'Whether the last contact succeeded', examples: [true] }),
  created_at: Instant('When it was registered'),
}

const warnings = Type.Optional(
  Type.Array(Type.String(), {
    description: 'What is odd but no reason to refuse; left out when nothing is',
    examples: [['The terminal names itself BOCK194961234, not ZKT-001-2024']],
  }),
)

/** What `POST /devices` answers. `warnings` is there only when there are any. */
export const RegisteredDevice = Type.Object(
  {
    ...created,
    warnings,
  },
  { $id: 'RegisteredDevice', description: 'A device just registered' },
)

const known = {
  terminal_serial_number: textOrNull('BOCK194961234', 'What the terminal itself answers'),
  transport: Transport,
  timezone: Type.String({ description: "IANA zone of the terminal's clock", examples: ['Asia/Jakarta'] }),
  name_encoding: Type.String({ examples: ['auto'] }),
  live: Type.Boolean({ examples: [true] }),
  sync_interval_minutes: Type.Union([Type.Integer(), Type.Null()], { examples: [60] }),
  next_sync_at: InstantOrNull('When it syncs by itself next; null: it does not'),
  unlock_unit: UnlockUnit,
  has_comm_key: Type.Boolean({ description: 'Whether a comm key is stored', examples: [false] }),
}
const lastKnown = {
  last_seen_at: InstantOrNull('When it last answered'),
  last_sync_at: InstantOrNull('When its log was last read to the end'),
  last_error: textOrNull('DEVICE_UNREACHABLE', 'Error code of the last contact; null when it went well'),
  clock_drift_seconds: Type.Union([Type.Number(), Type.Null()], {
    description: "How far the terminal's clock is ahead; null while not measured",
    examples: [-2],
  }),
}

/** A device as lists show it. */
export const DeviceReply = Type.Object(
  { ...created, ...known, ...lastKnown, updated_at: Instant('When it was last changed') },
  { $id: 'Device', description: 'A registered terminal' },
)

/** What a change answers. `warnings` is there only when there are any. */
export const ChangedDevice = Type.Object(
  { ...created, ...known, ...lastKnown, updated_at: Instant('When it was last changed'), warnings },
  { $id: 'ChangedDevice', description: 'A device as it is after a change' },
)

/** What `DELETE /devices/{deviceId}` answers. */
export const RemovedDevice = Type.Object(
  { device_id: Type.Integer({ examples: [1] }) },
  { $id: 'RemovedDevice', description: 'A device that was deleted' },
)

/** What `GET /devices/{deviceId}/status` answers. */
export const DeviceStateReply = Type.Object(
  {
    device_id: Type.Integer({ examples: [1] }),
    status: Status,
    is_connected: Type.Boolean({ description: 'Whether the last contact succeeded', examples: [true] }),
    ...lastKnown,
    records: Type.Union([Type.Object({ count: Type.Integer(), capacity: Type.Integer() }), Type.Null()], {
      description: 'Attendance records as the terminal last counted them; null where it never did',
      examples: [{ count: 5000, capacity: 100_000 }],
    }),
  },
  { $id: 'DeviceState', description: 'The last known state of a terminal' },
)

/** Query of `GET /devices`. */
export const DeviceQuery = Type.Object({
  status: Type.Optional(Status),
  search: Type.Optional(
    Type.String({
      minLength: 1,
      maxLength: 100,
      description: 'Part of a name, location, address or serial number',
      examples: ['Entrance'],
    }),
  ),
  ...PageQuery,
})

/** The body of `POST /devices` as the service takes it. */
export function toDeviceInput(body: Static<typeof DeviceRequest>): DeviceInput {
  return inOurWords(body)
}

/** The body of a change as the service takes it. */
export function toDeviceChange({
  timezone_since,
  ...body
}: Static<typeof DeviceChangeRequest>): DeviceChange {
  return { ...inOurWords(body), ...(timezone_since !== undefined && { timezoneSince: timezone_since }) }
}

/** Fields that are called otherwise in JSON; what is left out stays out. */
function inOurWords<Body extends Omit<Static<typeof DeviceChangeRequest>, 'timezone_since'>>(body: Body) {
  const { serial_number, name_encoding, sync_interval_minutes, unlock_unit, ...rest } = body
  return {
    ...rest,
    ...(serial_number !== undefined && { serialNumber: serial_number }),
    ...(name_encoding !== undefined && { nameEncoding: name_encoding }),
    ...(sync_interval_minutes !== undefined && { syncIntervalMinutes: sync_interval_minutes }),
    ...(unlock_unit !== undefined && { unlockUnit: unlock_unit }),
  }
}

/** A device just registered, in JSON. */
export function toRegisteredDevice(
  device: Device,
  warnings: readonly string[],
): Static<typeof RegisteredDevice> {
  return {
    id: device.id,
    name: device.name,
    ip: device.ip,
    port: device.port,
    location: device.location,
    serial_number: device.serialNumber,
    status: device.status,
    is_connected: device.isConnected,
    created_at: toInstant(device.createdAt),
    ...(warnings.length > 0 && { warnings: [...warnings] }),
  }
}

/** A device in JSON. */
export function toDeviceReply(device: Device): Static<typeof DeviceReply> {
  return {
    ...toRegisteredDevice(device, []),
    terminal_serial_number: device.terminalSerialNumber,
    transport: device.transport,
    timezone: device.timezone,
    name_encoding: device.nameEncoding,
    live: device.live,
    sync_interval_minutes: device.syncIntervalMinutes,
    next_sync_at: toInstantOrNull(device.nextSyncAt),
    unlock_unit: device.unlockUnit,
    has_comm_key: device.hasCommKey,
    last_seen_at: toInstantOrNull(device.lastSeenAt),
    last_sync_at: toInstantOrNull(device.lastSyncAt),
    last_error: device.lastError,
    clock_drift_seconds: device.clockDriftSeconds,
    updated_at: toInstant(device.updatedAt),
  }
}

/** A device just changed, in JSON. */
export function toChangedDevice(device: Device, warnings: readonly string[]): Static<typeof ChangedDevice> {
  return { ...toDeviceReply(device), ...(warnings.length > 0 && { warnings: [...warnings] }) }
}

/** The last known state of a device, in JSON. */
export function toDeviceStateReply({ device, records }: DeviceState): Static<typeof DeviceStateReply> {
  return {
    device_id: device.id,
    status: device.status,
    is_connected: device.isConnected,
    last_seen_at: toInstantOrNull(device.lastSeenAt),
    last_sync_at: toInstantOrNull(device.lastSyncAt),
    last_error: device.lastError,
    clock_drift_seconds: device.clockDriftSeconds,
    records: records === null ? null : { ...records },
  }
}
