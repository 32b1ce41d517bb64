// The columns of the table of faults: every model by every way it can be reached.
import { profiles, type Profile } from '@org/zk-sim'

/** A model and the way to it. */
export interface Column {
  readonly name: string
  readonly profile: Profile
  readonly transport: 'tcp' | 'udp'
}

/** A restart lasts a second on hardware; here only as long as it takes to notice. */
const DOWN_MS = 5
/** Nor is a finger waited for as long. */
const PRESS_TIMEOUT_MS = 150

/** All columns. */
export const COLUMNS: readonly Column[] = profiles.flatMap((profile) =>
  profile.transports.map((transport) => ({
    name: profile.transports.length > 1 ? `${profile.name} ${transport}` : profile.name,
    profile: {
      ...profile,
      restart: { ...profile.restart, downMs: DOWN_MS },
      enrolment: { ...profile.enrolment, pressTimeoutMs: PRESS_TIMEOUT_MS },
    },
    transport,
  })),
)
