// Terminals that answer nonsense to what a sync asks by the way: the log is what it came for.
import { Terminal, ZkProtocolError } from '@org/zk-proto'
import { afterEach, expect, it, vi } from 'vitest'
import { expectSameAsTerminal } from '../support/same-as-terminal.ts'
import { scratchService } from '../support/scratch-service.ts'

const nonsense = new ZkProtocolError('ZK_BAD_RECORD', 'an answer of no bytes')

afterEach(() => {
  vi.restoreAllMocks()
})

it.each([
  ['the clock', 'readTime', { clockDriftSeconds: null }],
  ['the serial number', 'readOption', {}],
] as const)('a sync goes on where the answer about %s is unreadable', async (_what, question, kept) => {
  await using service = await scratchService()
  const terminal = await service.terminal({ people: 3, punches: 40, seed: 91 })
  const device = await service.register(terminal)
  vi.spyOn(Terminal.prototype, question).mockRejectedValue(nonsense)

  expect(await service.sync(device.id)).toMatchObject({ from: 0, read: 40, new: 40 })
  terminal.memory.punch({ pin: '1' })
  expect(await service.sync(device.id)).toMatchObject({ from: 40, read: 1, new: 1 })

  expect(await service.services.devices.find(device.id)).toMatchObject({ isConnected: true, ...kept })
  await expectSameAsTerminal(service.database, device.id, terminal.memory)
})
