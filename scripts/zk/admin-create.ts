// `zk admin create`: an account for a person, made beside the service and by its rules, with a row in the audit trail.
import { userInfo } from 'node:os'
import { askHidden, readPiped } from './ask-secret.ts'
import { CommandFailure, defineCommand, UsageError } from './command.ts'
import { isTerminal, type Io } from './io.ts'

/** Whoever types it differently three times has forgotten it. */
const TRIES = 3

export const adminCreate = defineCommand({
  name: 'admin create',
  about: 'makes an account, an admin unless told otherwise',
  more: [
    'The password is asked for twice, without echo; from a script it comes by standard input. It has 8 to 128 characters, as in POST /auth/register.',
    'Works while the service runs and while it does not, in both modes; the audit trail names who ran it. While there is no account at all the service makes a first admin when it starts; one that was made here before takes its place.',
  ],
  options: {
    email: { type: 'string', value: 'ADDRESS', about: 'e-mail address to log in with; needed' },
    username: {
      type: 'string',
      value: 'NAME',
      about: 'user name, 3 to 64 letters, digits, dots, hyphens and underscores',
      unless: 'what stands before the @',
    },
    role: { type: 'string', value: 'ROLE', about: 'admin, operator or user', unless: 'admin' },
    'password-stdin': { type: 'boolean', about: 'reads the password from standard input' },
    json: { type: 'boolean', about: 'prints the account as JSON' },
  },
  examples: [
    ['asks for the password', 'admin create --email ada@example.com'],
    ['from a script', 'admin create --email ada@example.com --username ada --password-stdin < password.txt'],
  ],

  async run(given, io) {
    const email = given.text('email')
    if (email === undefined) throw new UsageError('admin create: expected --email ADDRESS')
    const username = given.text('username') ?? email.split('@', 1).join('')
    const role = given.text('role') ?? 'admin'
    const { openConfigured } = await import('./opened-database.ts')
    await using opened = await openConfigured(io)
    // A terminal would show what is typed: there it is asked for all the same.
    const isPiped = given.flag('password-stdin') && !isTerminal(io.stdin)
    const password = isPiped ? await readPiped(io) : await askTwice(io)
    const { checkRegistration } = await import('@org/api/beside-http')
    const account = await checkRegistration({ username, email, password, role })
    const { openRegistration, ServiceError } = await import('@org/core')
    const { register } = await openRegistration(opened.config, opened.database)
    try {
      const made = await register(account, { name: actorName(), accountId: null, address: null })
      const shown = { id: made.id, username: made.username, email: made.email, role: made.role }
      io.stdout.write(
        given.flag('json')
          ? `${JSON.stringify(shown)}\n`
          : `Account ${made.id} made: ${made.username} <${made.email}>, ${made.role}\n`,
      )
      return 0
    } catch (error) {
      if (error instanceof ServiceError && error.code === 'DUPLICATE_EMAIL')
        throw new CommandFailure(`there is an account with the address ${email} already`, { cause: error })
      if (error instanceof ServiceError && error.code === 'DUPLICATE_USERNAME')
        throw new CommandFailure(
          `there is an account named ${username} already; choose another with --username`,
          { cause: error },
        )
      throw error
    }
  },
})

async function askTwice(io: Io): Promise<string> {
  for (let left = TRIES; left > 0; left -= 1) {
    const password = await askHidden(io, 'Password: ')
    if (password === (await askHidden(io, 'Once more: '))) return password
    io.stderr.write('The two differ.\n')
  }
  throw new CommandFailure('the password was typed differently each time; nothing was made')
}

/** Who the audit trail says it was: whoever is logged in on the machine. */
function actorName(): string {
  return `command line (${userName()})`
}

function userName(): string {
  try {
    return userInfo().username
  } catch (error) {
    // A container may run as a user that has no name.
    if (error instanceof Error) return String(process.getuid?.() ?? 'unknown')
    throw error
  }
}
