// All commands, in the order of the help. Each loads what it works with when it runs, so that help and refusals come at once.
import { adminCreate } from './admin-create.ts'
import type { Command } from './command.ts'
import { doctor } from './doctor.ts'
import { exportPunches } from './export.ts'
import { migrate } from './migrate.ts'
import { sync } from './sync.ts'

export const COMMANDS: readonly Command[] = [adminCreate, migrate, doctor, sync, exportPunches]
