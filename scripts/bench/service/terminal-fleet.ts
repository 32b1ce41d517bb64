// Simulated terminals as a program of their own, so that answering shares no thread with what is timed. Started by
// fleet-process.ts with one argument, a FleetPlan as JSON; tells the ports, then obeys FleetOrders one after the other.
import { madeUpMemory, profileNamed, startTerminal } from '@org/zk-sim'
import type { SimulatedTerminal } from '@org/zk-sim'
import type { FleetOrder, FleetPlan, Presented } from './fleet-process.ts'

const MODEL = 'typical'

async function startFleet({ terminals, people, punches, seed = 0 }: FleetPlan): Promise<SimulatedTerminal[]> {
  const model = profileNamed(MODEL)
  // Room for more than there is: a full log overwrites its oldest records, and every sync of one reads all of it.
  const capacity = { ...model.capacity, people: people + 1, records: punches * 2 + 1_000 }
  const started: SimulatedTerminal[] = []
  for (let number = 1; number <= terminals; number += 1) {
    const memory = madeUpMemory({ profile: { ...model, capacity }, seed: seed + number, people, punches })
    started.push(await startTerminal({ memory, transports: ['tcp'] }))
  }
  return started
}

function obey(fleet: readonly SimulatedTerminal[], order: FleetOrder): number | Presented | null {
  const terminal = fleet[order.terminal]
  if (terminal === undefined) throw new RangeError(`there is no terminal ${order.terminal}`)
  if ('person' in order) return present(terminal, order.person)
  let written = 0
  for (let i = 0; i < order.punches; i += 1) if (terminal.memory.punch({ uid: 1 }) !== undefined) written += 1
  return written
}

function present({ memory, hand }: SimulatedTerminal, uid: number): Presented | null {
  const pin = memory.people.get(uid)?.pin
  if (pin === undefined) return null
  const atMs = performance.timeOrigin + performance.now()
  return hand.present(pin) === undefined ? null : { pin, atMs }
}

const plan: FleetPlan = JSON.parse(process.argv[2] ?? '')
const fleet = await startFleet(plan)
process.on('message', (order: FleetOrder) => process.send?.(obey(fleet, order)))
process.on('disconnect', () => process.exit())
process.send?.(fleet.map(({ port }) => port))
