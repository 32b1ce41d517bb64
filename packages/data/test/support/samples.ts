// Rows to try things with: right in every field, different where a test says so.
import type { Database, NewAccount, NewDevice, NewJob, NewPerson, NewPunch } from '../../src/index.ts'

export const NOON = '2026-03-01T12:00:00.000Z'

/** An instant some milliseconds after NOON. */
export function later(ms: number): string {
  return new Date(Date.parse(NOON) + ms).toISOString()
}

export function account(name: string, changes: Partial<NewAccount> = {}): NewAccount {
  return {
    username: name,
    email: `${name}@example.org`,
    passwordHash: `hash of ${name}`,
    role: 'user',
    createdAt: NOON,
    ...changes,
  }
}

export function device(port: number, changes: Partial<NewDevice> = {}): NewDevice {
  return {
    name: `Door ${port}`,
    ip: '10.0.0.1',
    port,
    commKeyEncrypted: null,
    location: null,
    serialNumber: `LABEL-${port}`,
    terminalSerialNumber: `SERIAL-${port}`,
    transport: 'auto',
    timezone: 'Asia/Jakarta',
    nameEncoding: 'auto',
    live: true,
    syncIntervalMinutes: null,
    unlockUnit: 'tenths',
    isConnected: true,
    lastSeenAt: NOON,
    clockDriftSeconds: null,
    info: null,
    createdAt: NOON,
    ...changes,
  }
}

let nextPort = 1

/** A registered device that no other test knows. */
export async function newDevice(database: Database): Promise<number> {
  return (await database.devices.insert(device(nextPort++))).id
}

/** A punch of somebody, some seconds after noon; `packedTime` counts with them. */
export function punch(pin: string, second: number, changes: Partial<NewPunch> = {}): NewPunch {
  const at = later(second * 1_000)
  return {
    packedTime: 800_000_000 + second,
    logNumber: pin,
    pin,
    uid: null,
    wallTime: at.slice(0, 19),
    timezone: 'UTC',
    at,
    timeStatus: 'ok',
    state: 0,
    verifyMode: 1,
    workCode: null,
    denied: false,
    receivedAt: NOON,
    ...changes,
  }
}

export function person(pin: string, changes: Partial<NewPerson> = {}): NewPerson {
  return {
    pin,
    uid: Number(pin),
    name: `Person ${pin}`,
    privilege: 0,
    cardNumber: null,
    groupNumber: 1,
    hasPassword: false,
    fingers: [6],
    ...changes,
  }
}

export function job(id: string, changes: Partial<NewJob> = {}): NewJob {
  return {
    id,
    queue: 'attendance-sync',
    name: 'sync',
    deviceId: null,
    dedupeKey: null,
    lane: null,
    data: { mode: 'auto' },
    runAt: NOON,
    maxAttempts: 4,
    queuedAt: NOON,
    ...changes,
  }
}

/** The first of two pages and more. */
export const FIRST_100 = { offset: 0, limit: 100 }
