// The client that the table judges: what of a Terminal it uses, so that a test can put a worse one in its place.
import { connect, type ConnectOptions, type Terminal } from '@org/zk-proto'

/** What the steps use of a connected terminal. */
export type Client = Pick<
  Terminal,
  'info' | 'readPeople' | 'readAttendance' | 'liveEvents' | 'ping' | 'close' | 'closed'
> & {
  readonly clock: Pick<Terminal['clock'], 'set'>
  readonly door: Pick<Terminal['door'], 'unlock'>
  readonly people: Pick<Terminal['people'], 'add'>
  readonly power: Pick<Terminal['power'], 'disable'>
  readonly enrolment: Pick<Terminal['enrolment'], 'enrol'>
}

/** Makes a client. */
export type Connect = (options: ConnectOptions) => Promise<Client>

/** Ours. */
export const ourClient: Connect = connect
