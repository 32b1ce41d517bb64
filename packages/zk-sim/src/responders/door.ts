// The door: relay and sensor. Source: docs/protocol §19.
import { readDoorState, unlockDoor } from '@org/zk-proto/wire'
import { unlocked } from '../live-happening.ts'
import { respond, type Responder } from './respond.ts'

export const doorResponders: readonly Responder[] = [
  respond(unlockDoor, ({ delay }, { memory }) => {
    memory.door.openFor(delay * memory.profile.unlockUnitMs)
    memory.clientDid('unlock')
    memory.announce([unlocked])
  }),

  respond(readDoorState, (_, { memory }) => ({ open: memory.door.isOpen ? 1 : 0 })),
]
