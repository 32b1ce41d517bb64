// The clients of other people, as npm has them: CommonJS without types. Here stands what the tests use of them.
import { createRequire } from 'node:module'

const load = createRequire(import.meta.url)

/** What zkteco-js and node-zklib have in common. */
interface OtherClient {
  createSocket(): Promise<unknown>
  getInfo(): Promise<{ userCounts: number; logCounts: number; logCapacity: number }>
  enableDevice(): Promise<Buffer>
  disableDevice(): Promise<Buffer>
  disconnect(): Promise<unknown>
  freeData(): Promise<Buffer>
  clearAttendanceLog(): Promise<Buffer>
  executeCmd(command: number, data: string | Buffer): Promise<Buffer>
  functionWrapper<T>(overTcp: () => Promise<T>, overUdp: () => Promise<T>): Promise<T>
  getSocketStatus(): Promise<unknown>
  setIntervalSchedule(tick: () => void, everyMs: number): void
  setTimerSchedule(tick: () => void, afterMs: number): void
  interval: NodeJS.Timeout | null
  /** Settles when the request has been written; `take` is called for each punch from then on. */
  getRealTimeLogs(take: (log: OtherLiveLog) => void): Promise<unknown>
}

/** A live punch as both decode one. */
export interface OtherLiveLog {
  /** A number over UDP, a text over TCP. */
  userId: string | number
  attTime: Date
}

/** A person as both decode one. */
interface OtherUser {
  uid: number
  role: number
  name: string
  /** A number over UDP, a text over TCP. */
  userId: string | number
}

export interface ZktecoJs extends OtherClient {
  connectionType: string | null
  getUsers(): Promise<{ data: OtherUser[] }>
  getAttendances(): Promise<{
    data: { sn: number; user_id: string; record_time: string; type: number; state: number }[]
  }>
  getTime(): Promise<Date>
  getSerialNumber(): Promise<string>
  getDeviceName(): Promise<string>
  getPlatform(): Promise<string>
  getFirmware(): Promise<string>
  getMacAddress(): Promise<string>
  getVendor(): Promise<string>
  getProductTime(): Promise<Date>
  getOS(): Promise<string>
  getPIN(): Promise<string>
  getSSR(): Promise<string>
  getFaceOn(): Promise<string>
  getDeviceVersion(): Promise<string>
  getAttendanceSize(): Promise<number>
  getWorkCode(): Promise<string>
  setTime(time: Date): Promise<Buffer>
  voiceTest(): Promise<Buffer>
  setUser(
    uid: number,
    userId: string,
    name: string,
    password: string,
    role: number,
    cardNumber: number,
  ): Promise<Buffer>
  deleteUser(uid: number): Promise<Buffer>
  connect(): Promise<boolean>
  clearData(): Promise<Buffer>
}

export interface NodeZklib extends OtherClient {
  connectionType: string | null
  getUsers(): Promise<{ data: OtherUser[]; err: unknown }>
  getAttendances(): Promise<{
    data: { userSn: number; deviceUserId: string | number; recordTime: Date }[]
    err: unknown
  }>
}

type Constructor<T extends object> = (new (
  ip: string,
  port: number,
  timeoutMs: number,
  inport: number,
) => T) & { readonly prototype: object }

/** zkteco-js 1.7.2. */
export const ZktecoJs = load('zkteco-js') as Constructor<ZktecoJs>

/** node-zklib 1.3.0. */
export const NodeZklib = load('node-zklib') as Constructor<NodeZklib>
