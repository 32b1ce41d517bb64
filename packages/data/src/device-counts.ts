// How many devices are in which state.
import type { Scope } from './scope.ts'

/** Registered devices by their state. */
export interface DeviceCounts {
  readonly connected: number
  readonly unreachable: number
  readonly inactive: number
}

export async function countByState({ db }: Scope): Promise<DeviceCounts> {
  const stored = await db
    .selectFrom('devices')
    .select((of) => ['status', 'is_connected', of.fn.countAll<number>().as('total')])
    .where('deleted_at', 'is', null)
    .groupBy(['status', 'is_connected'])
    .execute()
  const sum = (counted: typeof stored) => counted.reduce((all, { total }) => all + total, 0)
  const active = stored.filter(({ status }) => status === 'active')
  return {
    connected: sum(active.filter((row) => row.is_connected === 1)),
    unreachable: sum(active.filter((row) => row.is_connected !== 1)),
    inactive: sum(stored.filter(({ status }) => status !== 'active')),
  }
}
