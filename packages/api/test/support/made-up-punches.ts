// A database with as many punches as one wants, stored past any terminal.
import { openDatabase } from '@org/data'
import type { NumberedPunch } from '@org/data'

const FIRST_SECOND = Date.parse('2020-01-01T00:00:00Z')
const BATCH = 5_000

/** Makes the database and stores so many punches of one device, a minute apart. */
export async function madeUpPunches(url: string, count: number): Promise<void> {
  const database = await openDatabase(url)
  try {
    const now = new Date().toISOString()
    const { id: deviceId } = await database.devices.insert({
      name: 'Made up',
      ip: '127.0.0.1',
      port: 4370,
      commKeyEncrypted: null,
      location: null,
      serialNumber: null,
      terminalSerialNumber: 'MADE-UP',
      transport: 'auto',
      timezone: 'UTC',
      nameEncoding: 'auto',
      live: false,
      syncIntervalMinutes: null,
      unlockUnit: 'tenths',
      isConnected: false,
      lastSeenAt: now,
      clockDriftSeconds: null,
      info: null,
      createdAt: now,
    })
    for (let first = 0; first < count; first += BATCH) {
      const length = Math.min(BATCH, count - first)
      const punches = Array.from({ length }, (_, i) => punch(first + i, now))
      await database.transaction((tx) => tx.punches.insertWhole(deviceId, punches))
    }
  } finally {
    await database.close()
  }
}

function punch(number: number, receivedAt: string): NumberedPunch {
  const at = new Date(FIRST_SECOND + number * 60_000).toISOString()
  const pin = String(1 + (number % 500)).padStart(4, '0')
  return {
    packedTime: number,
    logNumber: pin,
    occurrence: 1,
    pin,
    uid: null,
    wallTime: at.slice(0, 19),
    timezone: 'UTC',
    at,
    timeStatus: 'ok',
    state: number % 2,
    verifyMode: 1,
    workCode: 0,
    denied: false,
    receivedAt,
  }
}
