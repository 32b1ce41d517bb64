// Devices in JSON. The comm key goes in as `password` and never comes out.
import type { Device, DeviceInput } from '@org/core'
import { Type } from 'typebox'
import type { Static } from 'typebox'
import { Instant, InstantOrNull, toInstant, toInstantOrNull } from './instant.ts'
import { PageQuery } from './paging.ts'

/** The largest id that a row can have here: what every client can read without loss. */
const MAX_ID = Number.MAX_SAFE_INTEGER

/** The id of a device in a path. */
export const DeviceParams = Type.Object({
  deviceId: Type.Integer({ minimum: 1, maximum: MAX_ID, description: 'Id of the device', examples: [1] }),
})

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

/** Body of `POST /devices`. */
export const DeviceRequest = Type.Object(
  {
    name: Type.String({ format: 'name', maxLength: 100, examples: ['Main Entrance Reader'] }),
    ip: Type.String({
      format: 'host',
      maxLength: 253,
      description: 'IPv4 address, IPv6 address or host name',
      examples: ['192.168.1.100'],
    }),
    port: Type.Optional(Type.Integer({ minimum: 1, maximum: 65_535, default: 4370, examples: [4370] })),
    password: Type.Optional(
      Type.String({
        format: 'comm-key',
        default: '',
        description: 'The comm key of the terminal: decimal digits up to 4294967295; empty or 0 means none',
        examples: [''],
      }),
    ),
    location: Type.Optional(
      Type.String({ format: 'one-line', maxLength: 255, examples: ['Building A - Main Entrance'] }),
    ),
    serial_number: Type.Optional(
      Type.String({
        format: 'one-line',
        maxLength: 64,
        description: 'A label, stored as given; read from the terminal when left out',
        examples: ['ZKT-001-2024'],
      }),
    ),
    transport: Type.Optional(Transport),
    timezone: Type.Optional(
      Type.String({
        format: 'time-zone',
        maxLength: 64,
        description: "IANA zone in which the terminal's clock runs; default DEFAULT_TIMEZONE",
        examples: ['Asia/Jakarta'],
      }),
    ),
    name_encoding: Type.Optional(
      Type.String({
        format: 'text-encoding',
        maxLength: 32,
        default: 'auto',
        description: 'How the terminal spells names: auto, or a WHATWG label such as gb18030',
        examples: ['auto'],
      }),
    ),
    live: Type.Optional(
      Type.Boolean({
        default: true,
        description: 'Whether punches are taken as they happen',
        examples: [true],
      }),
    ),
    sync_interval_minutes: Type.Optional(
      Type.Integer({
        minimum: 1,
        maximum: 10_080,
        description: 'Sync by itself so often; never when left out',
        examples: [60],
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

/** What `POST /devices` answers. `warnings` is there only when there are any. */
export const RegisteredDevice = Type.Object(
  {
    ...created,
    warnings: Type.Optional(
      Type.Array(Type.String(), {
        description: 'What is odd but no reason to refuse; left out when nothing is',
        examples: [['The terminal names itself BOCK194961234, not ZKT-001-2024']],
      }),
    ),
  },
  { $id: 'RegisteredDevice', description: 'A device just registered' },
)

/** A device as lists show it. */
export const DeviceReply = Type.Object(
  {
    ...created,
    terminal_serial_number: textOrNull('BOCK194961234', 'What the terminal itself answers'),
    transport: Transport,
    timezone: Type.String({ description: "IANA zone of the terminal's clock", examples: ['Asia/Jakarta'] }),
    name_encoding: Type.String({ examples: ['auto'] }),
    live: Type.Boolean({ examples: [true] }),
    sync_interval_minutes: Type.Union([Type.Integer(), Type.Null()], { examples: [60] }),
    unlock_unit: UnlockUnit,
    has_comm_key: Type.Boolean({ description: 'Whether a comm key is stored', examples: [false] }),
    last_seen_at: InstantOrNull('When it last answered'),
    last_sync_at: InstantOrNull('When its log was last read to the end'),
    last_error: textOrNull('DEVICE_UNREACHABLE', 'Error code of the last contact; null when it went well'),
    clock_drift_seconds: Type.Union([Type.Number(), Type.Null()], {
      description: "How far the terminal's clock is ahead; null while not measured",
      examples: [-2],
    }),
    updated_at: Instant('When it was last changed'),
  },
  { $id: 'Device', description: 'A registered terminal' },
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
    unlock_unit: device.unlockUnit,
    has_comm_key: device.hasCommKey,
    last_seen_at: toInstantOrNull(device.lastSeenAt),
    last_sync_at: toInstantOrNull(device.lastSyncAt),
    last_error: device.lastError,
    clock_drift_seconds: device.clockDriftSeconds,
    updated_at: toInstant(device.updatedAt),
  }
}
