// All migrations, in the order in which they run.
import { accounts } from './0001-accounts.ts'
import { devices } from './0002-devices.ts'
import { people } from './0003-people.ts'
import { punches } from './0004-punches.ts'
import { jobs } from './0005-jobs.ts'
import { audit } from './0006-audit.ts'
import { settings } from './0007-settings.ts'
import { doors } from './0008-doors.ts'
import { deviceZones } from './0009-device-zones.ts'
import { pendingPeople } from './0010-pending-people.ts'
import { keptTransfers } from './0011-kept-transfers.ts'
import { apiKeys } from './0012-api-keys.ts'
import { told } from './0013-told.ts'
import { personTemplates } from './0014-person-templates.ts'
import { schedules } from './0015-schedules.ts'
import { punchRetention } from './0016-punch-retention.ts'
import { listIndexes } from './0017-list-indexes.ts'
import type { Migration } from './migrate.ts'

export const MIGRATIONS: readonly Migration[] = [
  accounts,
  devices,
  people,
  punches,
  jobs,
  audit,
  settings,
  doors,
  deviceZones,
  pendingPeople,
  keptTransfers,
  apiKeys,
  told,
  personTemplates,
  schedules,
  punchRetention,
  listIndexes,
]
