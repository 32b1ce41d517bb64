// Logs of 8-byte records name people by uid alone, and uids change hands: each punch gets the PIN of whoever had the uid, once.
import { encodePerson, profileNamed, TerminalMemory, type Profile } from '@org/zk-sim'
import { describe, expect, it } from 'vitest'
import type { SyncProgress } from '../../src/index.ts'
import { scratchService, type ScratchService } from '../support/scratch-service.ts'

const OLD: Profile = { ...profileNamed('old'), transports: ['tcp'] }

const FIRST_MS = Date.parse('2026-05-04T08:00:00Z')

/** A terminal that writes 8-byte records, its people as uid and PIN, and the device it is registered as. */
async function oldTerminal(service: ScratchService, people: Readonly<Record<number, string>>, profile = OLD) {
  const memory = new TerminalMemory({ profile, serialNumber: 'OLD1' })
  const enrol = (uid: number, pin: string): void => {
    memory.people.store(encodePerson(profile.personLayout, { uid, pin, name: `P ${pin}` }))
  }
  for (const [uid, pin] of Object.entries(people)) enrol(Number(uid), pin)
  const terminal = await service.terminal({ memory, transports: ['tcp'] })
  let punches = 0
  const punch = (uid: number): void => {
    // Every second comes twice, so that equal punches must be told apart.
    memory.punch({
      uid,
      wallTime: new Date(FIRST_MS + Math.floor(punches / 2) * 1_000).toISOString().slice(0, 19),
    })
    punches += 1
  }
  return { memory, enrol, punch, device: await service.register(terminal) }
}

/** Everybody's PIN and name, in the order of their punches. */
async function whoPunched({ services }: ScratchService) {
  const { rows } = await services.attendance.list({}, { page: 1, limit: 100, sort: 'timestamp' })
  return rows.map(({ pin, userName }) => [pin, userName])
}

/** Calls once, after the people were read and before the log is. */
function beforeTheLogIsRead(act: () => void): (progress: SyncProgress) => void {
  let done = false
  return ({ phase }) => {
    if (phase !== 'preparing' || done) return
    done = true
    act()
  }
}

describe('a log that names people by uid alone', () => {
  it('gives a punch to whoever has the uid now, though somebody who left had it before', async () => {
    await using service = await scratchService()
    const { memory, enrol, punch, device } = await oldTerminal(service, { 3: '1001', 5: '1002' })
    punch(3)
    punch(5)
    await service.sync(device.id)
    memory.people.remove(5)
    memory.people.remove(3)
    enrol(5, '1001')
    punch(5)

    await service.sync(device.id)

    expect(await whoPunched(service)).toEqual([
      ['1001', 'P 1001'],
      ['1002', 'P 1002'],
      ['1001', 'P 1001'],
    ])
    expect(await service.database.people.findByPin(device.id, '1002')).toMatchObject({ onDevice: false })
    expect(await service.database.people.findByPin(device.id, '1001')).toMatchObject({ onDevice: true })
  })

  it('still knows who left before the punches were read', async () => {
    await using service = await scratchService()
    const { memory, punch, device } = await oldTerminal(service, { 3: '1001', 5: '1002' })
    punch(3)
    await service.sync(device.id)
    punch(5)
    memory.people.remove(5)

    expect(await service.sync(device.id)).toMatchObject({ from: 1, read: 1, new: 1 })
    expect(await whoPunched(service)).toEqual([
      ['1001', 'P 1001'],
      ['1002', 'P 1002'],
    ])
  })

  it.each(['auto', 'full'] as const)(
    'looks for somebody who was enrolled after the people were read, reading %s',
    async (mode) => {
      await using service = await scratchService()
      const { enrol, punch, device } = await oldTerminal(service, { 3: '1001' })
      punch(3)
      await service.sync(device.id)
      const progress = beforeTheLogIsRead(() => {
        enrol(9, '7009')
        punch(9)
      })

      expect(await service.sync(device.id, { mode, progress })).toMatchObject({
        from: mode === 'auto' ? 1 : 0,
        new: 1,
      })
      expect(await whoPunched(service)).toEqual([
        ['1001', 'P 1001'],
        ['7009', 'P 7009'],
      ])
    },
  )

  it('looks for somebody who was enrolled while the log was read', async () => {
    await using service = await scratchService()
    const { enrol, punch, device } = await oldTerminal(service, { 3: '1001' })
    punch(3)
    await service.sync(device.id)
    punch(3)
    let enrolled = false
    const progress = ({ phase }: SyncProgress): void => {
      if (phase !== 'checking' || enrolled) return
      enrolled = true
      enrol(9, '7009')
      punch(9)
    }

    expect(await service.sync(device.id, { progress })).toMatchObject({ from: 0, read: 3, new: 2, known: 1 })
    expect(await whoPunched(service)).toEqual([
      ['1001', 'P 1001'],
      ['1001', 'P 1001'],
      ['7009', 'P 7009'],
    ])
  })

  it('stores nothing twice when they come up behind what was already stored of a long tail', async () => {
    await using service = await scratchService()
    const { enrol, punch, device } = await oldTerminal(service, { 3: '1001' })
    punch(3)
    await service.sync(device.id)
    for (let i = 0; i < 5_000; i += 1) punch(3)
    const progress = beforeTheLogIsRead(() => {
      enrol(9, '7009')
      punch(9)
    })

    expect(await service.sync(device.id, { progress })).toMatchObject({ read: 5_002, new: 5_001, known: 1 })
    expect(await service.database.punches.count(device.id)).toBe(5_002)
    const { rows } = await service.services.attendance.list({ pin: '7009' }, { page: 1, limit: 2 })
    expect(rows).toHaveLength(1)
  })

  it('keeps the uid for a name when nobody has it, after looking for them once more only', async () => {
    await using service = await scratchService()
    const { punch, device } = await oldTerminal(service, { 3: '1001' })
    punch(3)
    punch(9)
    let lists = 0
    const progress = ({ phase }: SyncProgress): void => {
      if (phase === 'people') lists += 1
    }

    expect(await service.sync(device.id, { progress })).toMatchObject({ read: 2, new: 2 })
    expect(lists).toBe(2)
    expect(await whoPunched(service)).toEqual([
      ['1001', 'P 1001'],
      ['9', null],
    ])
  })
})
