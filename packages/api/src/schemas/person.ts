// People on terminals in JSON. Passwords go in and never come out; templates do neither.
import {
  PRIVILEGES,
  type AddPersonInput,
  type CopyPeopleRequest,
  type Person,
  type PersonChanges,
  type PersonFilter,
} from '@org/core'
import { Type } from 'typebox'
import type { Static } from 'typebox'
import { DeviceParams, OfDevice } from './device.ts'
import { Instant, toInstant } from './instant.ts'
import { PageQuery } from './paging.ts'

/** Longest PIN of any terminal. Source: docs/protocol, the 72-byte person. */
const MAX_PIN_LENGTH = 24
const MAX_CARD_NUMBER = 4_294_967_295
const DEFAULT_FINGER = 6
const DEFAULT_ENROLL_SECONDS = 60
const MOST_COPIED = 10_000

/** A person as every list shows them. */
export const PersonReply = Type.Object(
  {
    device_id: Type.Integer({ examples: [1] }),
    user_id: Type.String({ description: 'The PIN, byte for byte: leading zeros stay', examples: ['1042'] }),
    name: Type.String({ examples: ['Siti Rahma'] }),
    privilege: Type.Integer({
      description:
        '0 user, 2 enroller, 6 manager, 14 administrator, as the terminal has it; the lowest bit means disabled',
      examples: [0],
    }),
    card_number: Type.Union([Type.Integer(), Type.Null()], { examples: [8_812_345] }),
    group: Type.Union([Type.Integer(), Type.Null()], { examples: [1] }),
    has_password: Type.Boolean({ examples: [false] }),
    fingers: Type.Array(Type.Integer(), {
      description: 'Enrolled fingers, 0 to 9, as last read from the terminal',
      examples: [[6]],
    }),
    on_device: Type.Boolean({
      description: 'false once the terminal no longer has them',
      examples: [true],
    }),
    updated_at: Instant('When any of this changed last'),
  },
  { $id: 'Person', description: 'Somebody on a terminal' },
)

/** The device in a path, and the person on it. */
export const PersonParams = Type.Object({
  ...DeviceParams.properties,
  userId: Type.String({
    minLength: 1,
    maxLength: MAX_PIN_LENGTH,
    description: 'The PIN',
    examples: ['1042'],
  }),
})

const search = Type.Optional(
  Type.String({
    minLength: 1,
    maxLength: 100,
    description: 'Part of user_id or name, without case',
    examples: ['rahma'],
  }),
)
const onDevice = Type.Optional(
  Type.Enum(['true', 'false'], {
    description: 'Only who is on the terminal, or only who no longer is',
    examples: ['true'],
  }),
)

/** Query of `GET /users`. */
export const PeopleQuery = Type.Object({
  ...OfDevice,
  search,
  on_device: onDevice,
  ...PageQuery,
})

/** Query of `GET /users/device/{deviceId}`. */
export const DevicePeopleQuery = Type.Object({
  source: Type.Enum(['database', 'device'], {
    default: 'database',
    description: 'database: as last read; device: asked of the terminal now, and stored nowhere',
    examples: ['database'],
  }),
  search,
  on_device: onDevice,
  ...PageQuery,
})

const userId = Type.String({
  minLength: 1,
  maxLength: MAX_PIN_LENGTH,
  pattern: '^[!-~]*$',
  description: 'The PIN; what a terminal takes differs: most only digits',
  examples: ['1042'],
})
const name = Type.String({ format: 'name', maxLength: 100, examples: ['Siti Rahma'] })
const privilege = Type.Enum([...PRIVILEGES.keys()], {
  description: '0 user, 2 enroller, 6 manager, 14 administrator; above 0 by an admin only',
  examples: [0],
})
const password = Type.String({
  maxLength: 8,
  pattern: '^[0-9]*$',
  description: 'What the person types at the terminal: digits; empty for none',
  examples: ['4711'],
})
const cardNumber = Type.Union([Type.Integer({ minimum: 0, maximum: MAX_CARD_NUMBER }), Type.Null()], {
  description: 'null or 0 for none',
  examples: [8_812_345],
})
const group = Type.Integer({ minimum: 1, maximum: 255, description: 'Access group', examples: [1] })

/** Body of `POST /users/device/{deviceId}`. */
export const PersonRequest = Type.Object(
  {
    user_id: userId,
    name,
    privilege: Type.Optional(privilege),
    password: Type.Optional(password),
    card_number: Type.Optional(cardNumber),
    group: Type.Optional(group),
    finger: Type.Optional(
      Type.Integer({
        minimum: 0,
        maximum: 9,
        default: DEFAULT_FINGER,
        description: 'Which finger is enrolled',
        examples: [DEFAULT_FINGER],
      }),
    ),
    enroll: Type.Optional(
      Type.Boolean({
        default: true,
        description: 'Whether the terminal asks for a finger, three times; the answer waits for that',
        examples: [true],
      }),
    ),
    enroll_timeout: Type.Optional(
      Type.Integer({
        minimum: 10,
        maximum: 180,
        default: DEFAULT_ENROLL_SECONDS,
        description: 'Seconds that the enrolment may take',
        examples: [DEFAULT_ENROLL_SECONDS],
      }),
    ),
  },
  {
    additionalProperties: false,
    description: 'Who is to be added',
    examples: [{ user_id: '1042', name: 'Siti Rahma' }],
  },
)

/** Body of `PUT /users/device/{deviceId}/{userId}`: only what is named changes. */
export const PersonChangesRequest = Type.Object(
  {
    name: Type.Optional(name),
    privilege: Type.Optional(privilege),
    password: Type.Optional(password),
    card_number: Type.Optional(cardNumber),
    group: Type.Optional(group),
  },
  {
    additionalProperties: false,
    minProperties: 1,
    description: 'What is to be changed; what is left out stays',
    examples: [{ name: 'Siti Rahma', card_number: 8_812_345 }],
  },
)

/** What `DELETE /users/device/{deviceId}/{userId}` answers. */
export const RemovedPerson = Type.Object(
  { device_id: Type.Integer({ examples: [1] }), user_id: Type.String({ examples: ['1042'] }) },
  { $id: 'RemovedPerson', description: 'Who was removed' },
)

/** Body of `POST /users/device/{deviceId}/syncUserToDb`: none, or an object without fields. */
export const PeopleSyncRequest = Type.Object(
  {},
  { additionalProperties: false, description: 'Nothing is to be said', examples: [{}] },
)

/** Body of `POST /users/device/{deviceId}/syncUserToDevice`; it may be left out. */
export const PeopleCopyRequest = Type.Object(
  {
    user_ids: Type.Optional(
      Type.Array(Type.String({ minLength: 1, maxLength: MAX_PIN_LENGTH }), {
        minItems: 1,
        maxItems: MOST_COPIED,
        description:
          'Whom; left out: everybody of the other device, or everybody whom the database has on this one. From the database a person is taken as this device has or had them, else as any other last had them',
        examples: [['1042', '1043']],
      }),
    ),
    from_device_id: Type.Optional(
      Type.Integer({
        minimum: 1,
        maximum: Number.MAX_SAFE_INTEGER,
        description: 'The device to read them from, with passwords and templates; left out: the database',
        examples: [2],
      }),
    ),
    templates: Type.Optional(
      Type.Boolean({
        default: true,
        description:
          'Whether fingerprint templates are written too; from the database only where STORE_TEMPLATES is set',
        examples: [true],
      }),
    ),
    dry_run: Type.Optional(
      Type.Boolean({
        default: false,
        description: 'Writes nothing; the result of the job tells what would be written',
        examples: [false],
      }),
    ),
  },
  {
    additionalProperties: false,
    description: 'Whom, and from where',
    examples: [{ from_device_id: 2, dry_run: true }],
  },
)

/** A person in JSON. */
export function toPersonReply(person: Person): Static<typeof PersonReply> {
  return {
    device_id: person.deviceId,
    user_id: person.pin,
    name: person.name,
    privilege: person.privilege,
    card_number: person.cardNumber,
    group: person.group,
    has_password: person.hasPassword,
    fingers: [...person.fingers],
    on_device: person.onDevice,
    updated_at: toInstant(person.updatedAt),
  }
}

/** The filter of a list. */
export function toPersonFilter(
  query: Pick<Static<typeof PeopleQuery>, 'device_id' | 'search' | 'on_device'>,
): PersonFilter {
  const { device_id, search: needle, on_device } = query
  return {
    ...(device_id !== undefined && { deviceIds: [device_id] }),
    ...(needle !== undefined && { search: needle }),
    ...(on_device !== undefined && { onDevice: on_device === 'true' }),
  }
}

/** Who is to be added, as the service takes it. */
export function toNewPerson(
  body: Static<typeof PersonRequest>,
): Omit<AddPersonInput, 'deviceId' | 'by' | 'mayGrant' | 'signal'> {
  const { user_id, enroll = true, finger = DEFAULT_FINGER, ...rest } = body
  return {
    ...toPersonChanges(rest),
    pin: user_id,
    name: body.name,
    enrol: enroll ? { finger, timeoutSeconds: enrollSeconds(body) } : null,
  }
}

/** How long the enrolment of a request may take, in seconds. */
export function enrollSeconds({
  enroll_timeout = DEFAULT_ENROLL_SECONDS,
}: {
  enroll_timeout?: number
}): number {
  return enroll_timeout
}

/** What is to be changed, as the service takes it. */
export function toPersonChanges(body: Static<typeof PersonChangesRequest>): PersonChanges {
  return {
    ...(body.name !== undefined && { name: body.name }),
    ...(body.privilege !== undefined && { privilege: body.privilege }),
    ...(body.password !== undefined && { password: body.password }),
    ...(body.card_number !== undefined && { cardNumber: body.card_number }),
    ...(body.group !== undefined && { group: body.group }),
  }
}

/** Whom to copy, as the service takes it. */
export function toCopyRequest(body: Static<typeof PeopleCopyRequest>, mayGrant: boolean): CopyPeopleRequest {
  return {
    ...(body.user_ids !== undefined && { pins: body.user_ids }),
    ...(body.from_device_id !== undefined && { fromDeviceId: body.from_device_id }),
    templates: body.templates ?? true,
    dryRun: body.dry_run ?? false,
    mayGrant,
  }
}
