// Who makes a request: an account by its access token, or a machine by its API key; and which devices it may see and touch.
import type { Actor, Role } from './account.ts'

/** All devices, or those alone. */
export type DeviceScope = 'all' | readonly number[]

/** Whoever makes a request. */
export interface Caller {
  /** The account's e-mail address, or `key:<name>`. */
  readonly name: string
  readonly role: Role
  /** Null for an API key. */
  readonly accountId: number | null
  /** Null for an account. */
  readonly apiKeyId: number | null
  /** The login that the access token comes from; null for an API key. */
  readonly familyId: string | null
  readonly deviceIds: DeviceScope
}

/** The caller as the audit trail names it. */
export function actorOf({ name, accountId }: Caller, address: string | null): Actor {
  return { name, accountId, address }
}

/** Whether a caller may see and touch this device; what belongs to no device (null) only callers with all devices may. */
export function mayTouch({ deviceIds }: Pick<Caller, 'deviceIds'>, deviceId: number | null): boolean {
  return deviceIds === 'all' || (deviceId !== null && deviceIds.includes(deviceId))
}

/**
 * The devices of a list, narrowed to what the caller may see: those wanted that are also allowed. Undefined: no filter at
 * all. An empty list finds nothing.
 */
export function narrowDevices(
  { deviceIds }: Pick<Caller, 'deviceIds'>,
  wanted?: readonly number[],
): readonly number[] | undefined {
  if (deviceIds === 'all') return wanted
  return wanted === undefined ? deviceIds : wanted.filter((deviceId) => deviceIds.includes(deviceId))
}

/** A list's filter, narrowed to what the caller may see. */
export function narrowFilter<Filter extends { readonly deviceIds?: readonly number[] }>(
  caller: Pick<Caller, 'deviceIds'>,
  filter: Filter,
): Filter {
  const deviceIds = narrowDevices(caller, filter.deviceIds)
  return deviceIds === undefined ? filter : { ...filter, deviceIds }
}
