// Groups, time zones, unlock combinations, and what a person has of them; in the form of the model's family where the
// families differ. Source: docs/protocol §19.
import {
  CODES,
  fromHex,
  groupZonesCompactRead,
  readGroupZones,
  readGroupZonesCompact,
  readPersonGroup,
  readPersonZones,
  readTimeZone,
  readUnlockCombination,
  timeZoneRead,
  unlockCombination,
  writeGroupZones,
  writeGroupZonesCompact,
  writePersonGroup,
  writePersonZones,
  writeTimeZone,
  writeUnlockCombination,
} from '@org/zk-proto/wire'
import type { PersonZones } from '../access-rules.ts'
import { ownZonesOf } from '../person-record.ts'
import { done, fork, refused, respond, type Exchange, type Fork, type Responder } from './respond.ts'

/** How a panel says that a group has no record. Source: docs/protocol §19. */
const NO_GROUP = new Uint8Array(4)
/** Stands behind the week of a zone. Capture access-timezone-48. */
const CAPTURED_TRAILER = fromHex('a71c')

const groupZones = respond(readGroupZones, ({ number }, { memory }) => {
  const rule = memory.access.group(number)
  if (rule === undefined) return refused()
  const [zone1, zone2, zone3] = rule.zones
  return { group: number, zone1, zone2, zone3, style: rule.style }
})

const groupZonesCompact = respond(readGroupZonesCompact, ({ number }, { memory }) => {
  const rule = memory.access.group(number)
  if (rule === undefined) return done(NO_GROUP)
  return done(groupZonesCompactRead.encode({ found: 1, zone: rule.zones[0] }))
})

const setGroupZones = respond(writeGroupZones, ({ group, zone1, zone2, zone3, style }, exchange) =>
  changed(exchange, exchange.memory.access.setGroup(group, { zones: [zone1, zone2, zone3], style })),
)

const setGroupZonesCompact = respond(
  writeGroupZonesCompact,
  ({ group, valid, zone1, zone2, zone3 }, exchange) => {
    const rule = valid === 0 ? undefined : { zones: [zone1, zone2, zone3] as const, style: 0 }
    return changed(exchange, exchange.memory.access.setGroup(group, rule))
  },
)

const isCompact = ({ memory }: Exchange): boolean => memory.profile.accessForm === 'compact'

export const accessResponders: readonly (Responder | Fork)[] = [
  respond(readPersonGroup, ({ uid }, { memory }) => {
    const person = memory.people.get(uid)
    return person === undefined ? refused() : { group: person.group }
  }),

  respond(writePersonGroup, ({ uid, group }, { memory }) => {
    if (group > memory.access.highestGroup || !memory.people.setGroup(uid, group)) return refused()
    memory.clientDid('changePersonAccess', { on: uid })
    return undefined
  }),

  respond(readPersonZones, ({ uid }, { memory }) => {
    const person = memory.people.get(uid)
    if (person === undefined) return refused()
    const { own, zones } = ownZonesOf(memory.people.layout, person.raw) ?? memory.access.zonesOf(uid)
    const [zone1, zone2, zone3] = zones
    return { own: own ? 1 : 0, zone1, zone2, zone3 }
  }),

  respond(writePersonZones, ({ uid, own, zone1, zone2, zone3 }, { memory }) => {
    const zones: PersonZones = { own: own !== 0, zones: [zone1, zone2, zone3] }
    if (memory.people.get(uid) === undefined || !memory.access.areZones(zones.zones)) return refused()
    if (!memory.people.setZones(uid, zones)) memory.access.setZonesOf(uid, zones)
    memory.clientDid('changePersonAccess', { on: uid })
    return undefined
  }),

  fork(CODES.GRPTZ_RRQ, (_, exchange) => (isCompact(exchange) ? groupZonesCompact : groupZones)),
  fork(CODES.GRPTZ_WRQ, (_, exchange) => (isCompact(exchange) ? setGroupZonesCompact : setGroupZones)),

  respond(readTimeZone, ({ zone }, exchange) => {
    const week = exchange.memory.access.timeZone(zone)
    if (week === undefined) return refused()
    return isCompact(exchange) ? week : timeZoneRead.encode({ zone, week, unknown30: CAPTURED_TRAILER })
  }),

  respond(writeTimeZone, ({ zone, week }, { memory }) => {
    if (!memory.access.setTimeZone(zone, week)) return refused()
    memory.clientDid('changeTimeZone', { detail: zone })
    return undefined
  }),

  respond(readUnlockCombination, ({ number }, { memory }) => {
    const groups = memory.access.combination(number)
    if (groups === undefined) return refused()
    const [group1 = 0, group2 = 0, group3 = 0, group4 = 0, group5 = 0] = groups
    const groupCount = groups.length
    return unlockCombination.encode({
      combination: number,
      group1,
      group2,
      group3,
      group4,
      group5,
      groupCount,
    })
  }),

  respond(writeUnlockCombination, (record, { memory }) => {
    const { combination, group1, group2, group3, group4, group5 } = record
    const groups = [group1, group2, group3, group4, group5].filter((group) => group !== 0)
    if (!memory.access.setCombination(combination, groups)) return refused()
    memory.clientDid('changeCombination', { detail: combination })
    return undefined
  }),
]

function changed({ memory }: Exchange, wasSet: boolean): ReturnType<typeof refused> | undefined {
  if (!wasSet) return refused()
  memory.clientDid('changeAccess')
  return undefined
}
