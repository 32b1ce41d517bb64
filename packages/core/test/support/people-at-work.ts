// A service with a terminal for tests of people: adds, edits and removes with what most tests do not care about filled in.
import type { SimulatedTerminal, TerminalOptions, TerminalTruth } from '@org/zk-sim'
import type {
  AddPersonInput,
  Device,
  EditPersonInput,
  PeopleCopyOrder,
  PeopleCopyReport,
  PeopleSyncReport,
  Person,
} from '../../src/index.ts'
import { createChanges } from '../../src/changes.ts'
import type { PeopleActParts } from '../../src/operations/add-person.ts'
import type { KeptTemplates } from '../../src/operations/kept-templates.ts'
import type { AlteredWay } from './altered-terminals.ts'
import { quiet, scratchService, type Engine, type ScratchService } from './scratch-service.ts'

export const OPERATOR = { name: 'operator@example.org', accountId: 2, address: '192.0.2.8' }

export class PeopleAtWork implements AsyncDisposable {
  readonly service: ScratchService
  readonly terminal: SimulatedTerminal
  readonly device: Device

  private constructor(service: ScratchService, terminal: SimulatedTerminal, device: Device) {
    this.service = service
    this.terminal = terminal
    this.device = device
  }

  static async set(
    engine: Engine,
    env: Readonly<Record<string, string>>,
    options: TerminalOptions = {},
  ): Promise<PeopleAtWork> {
    const service = await scratchService(engine, { DEVICE_WAIT_MS: '8000', ...env })
    const terminal = await service.terminal({ people: 0, punches: 0, ...options })
    return new PeopleAtWork(service, terminal, await service.register(terminal))
  }

  add(input: Partial<AddPersonInput> = {}): Promise<Person> {
    return this.service.services.people.add({
      deviceId: this.device.id,
      pin: '1042',
      name: 'Siti Rahma',
      enrol: { finger: 6, timeoutSeconds: 60 },
      by: OPERATOR,
      mayGrant: false,
      signal: new AbortController().signal,
      ...input,
    })
  }

  edit(
    pin: string,
    changes: EditPersonInput['changes'],
    input: Partial<EditPersonInput> = {},
  ): Promise<Person> {
    const signal = new AbortController().signal
    const whose = { deviceId: this.device.id, pin, changes }
    return this.service.services.people.edit({ ...whose, by: OPERATOR, mayGrant: false, signal, ...input })
  }

  remove(pin: string): Promise<void> {
    const signal = new AbortController().signal
    return this.service.services.people.remove({ deviceId: this.device.id, pin, by: OPERATOR, signal })
  }

  sync(deviceId = this.device.id): Promise<PeopleSyncReport> {
    const signal = new AbortController().signal
    return this.service.services.syncPeople({ deviceId, signal, progress: () => undefined })
  }

  copy(order: Partial<PeopleCopyOrder> = {}): Promise<PeopleCopyReport> {
    return this.service.services.copyPeople({
      order: {
        deviceId: this.device.id,
        fromDeviceId: null,
        within: null,
        pins: null,
        templates: true,
        dryRun: false,
        mayGrant: false,
        by: OPERATOR,
        ...order,
      },
      signal: new AbortController().signal,
      progress: () => undefined,
    })
  }

  /** What acts need, by a way of the test's own; templates are not kept. */
  partsOf(way: AlteredWay): PeopleActParts {
    const templates: KeptTemplates = {
      kept: false,
      keepOf: async () => undefined,
      keepAll: async () => null,
      open: async () => new Map(),
    }
    return { ...way, database: this.service.database, templates, changes: createChanges(quiet), log: quiet }
  }

  /** Rows of the device, by PIN. */
  async rows(deviceId = this.device.id): Promise<readonly Person[]> {
    const page = { page: 1, limit: 10_000 }
    return (await this.service.services.people.list({ deviceIds: [deviceId] }, page)).rows
  }

  notes(): Promise<readonly unknown[]> {
    return this.service.database.pendingPeople.list(this.device.id)
  }

  /** What the audit trail says of people, oldest first. */
  async trail(): Promise<readonly unknown[]> {
    const { rows } = await this.service.database.audit.list({}, { offset: 0, limit: 100 })
    return rows
      .filter(({ action }) => action.startsWith('pe'))
      .toReversed()
      .map(({ action, outcome, actor, details }) => ({ action, outcome, actor, details }))
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.service[Symbol.asyncDispose]()
  }
}

/** All that a terminal knows of people and fingers, byte for byte. */
export function whoIsOn({ memory }: SimulatedTerminal): Pick<TerminalTruth, 'people' | 'templates'> {
  const { people, templates } = memory.truth()
  return { people, templates }
}

/** Waits until it is so. */
export async function until(isSo: () => boolean | Promise<boolean>): Promise<void> {
  const deadline = Date.now() + 60_000
  while (!(await isSo())) {
    if (Date.now() > deadline) throw new Error('it did not become so within a minute')
    await new Promise((resolve) => setTimeout(resolve, 5))
  }
}
