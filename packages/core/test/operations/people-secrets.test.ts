// What is done with people leaves no password and no template in the log, whatever goes wrong.
import { Writable } from 'node:stream'
import { pino } from 'pino'
import { startTerminal } from '@org/zk-sim'
import { expect, it } from 'vitest'
import { createServices, readConfig, SYSTEM } from '../../src/index.ts'
import { openScratch, scratchFolder } from '../support/scratch-service.ts'

const PASSWORD = '73519864'

it('logs neither passwords nor templates', async () => {
  await using folder = await scratchFolder()
  await using scratch = await openScratch('sqlite', folder.path)
  await using terminal = await startTerminal({ people: 0, punches: 0 })
  const lines: string[] = []
  const sink = new Writable({
    write(chunk: Buffer, _encoding, done) {
      lines.push(chunk.toString())
      done()
    },
  })
  const config = readConfig({ DATA_DIR: folder.path, DATABASE_URL: scratch.url, STORE_TEMPLATES: 'true' })
  const log = pino({ level: 'trace' }, sink)
  const services = await createServices(config, scratch.database, { role: 'both', log })
  try {
    const input = { name: 'Gate', ip: terminal.host, port: terminal.port }
    const { device } = await services.devices.register(input, SYSTEM)
    const signal = new AbortController().signal
    const whose = { deviceId: device.id, by: SYSTEM, mayGrant: true, signal }
    const person = { ...whose, pin: '1', name: 'Ana', password: PASSWORD }
    const errors: unknown[] = []
    const attempt = (act: Promise<unknown>) => act.catch((error: unknown) => void errors.push(error))

    await services.people.add({ ...person, enrol: { finger: 6, timeoutSeconds: 60 } })
    terminal.hand.answerEnrolments('poor')
    await attempt(services.people.add({ ...person, pin: '2', enrol: { finger: 6, timeoutSeconds: 60 } }))
    await attempt(services.people.add({ ...person, pin: '3', name: 'x'.repeat(60), enrol: null }))
    terminal.faults.set('unanswered=writePerson')
    await attempt(services.people.edit({ ...whose, pin: '1', changes: { password: PASSWORD } }))
    await attempt(services.people.edit({ ...whose, pin: '1', changes: { password: '11112222' } }))
    terminal.faults.clear()
    await services.syncPeople({ deviceId: device.id, signal, progress: () => undefined })
    log.error({ errors }, 'what the attempts ended with')

    const [template] = terminal.memory.templates.list()
    const bytes = Buffer.from(template?.bytes ?? [])
    expect(bytes.length).toBeGreaterThan(100)
    const told = lines.join('')
    expect(errors.length).toBeGreaterThan(2)
    expect(told).toContain('what the attempts ended with')
    for (const secret of [PASSWORD, '11112222', bytes.toString('hex'), bytes.toString('base64')])
      expect(told).not.toContain(secret.slice(0, 40))
  } finally {
    await services.close()
  }
})
