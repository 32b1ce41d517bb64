// Every secret that tests of the service use, declared once: `npm test` looks for all of them in what the tests log, and a test
// (scripts/test/log-secrets.test.ts) that none is used which stands not here.
import { randomBytes } from 'node:crypto'

/** What must stand in no line of a log. The name is told where one is found, never the secret. */
export interface TestSecret {
  readonly name: string
  readonly pattern: RegExp
}

/** The comm key of terminals in tests: a number that means nothing else by chance. */
export const TEST_COMM_KEY = 3_714_285_906
/** What signs the webhook in tests. */
export const TEST_WEBHOOK_SECRET = 'the secret that signs the webhook, 32 bytes'

const FRESH_SECRET = '5ec2e75ec2e7'

/** A secret of 32 bytes and more, another each time, as JWT_SECRET and ENCRYPTION_KEY are. */
export function freshTestSecret(): string {
  return `${FRESH_SECRET}${randomBytes(32).toString('hex')}`
}

/** Passwords of accounts; one that begins another stands for it too. */
const PASSWORDS = [
  'danish123',
  'danish-and-secret',
  'password123',
  'password124',
  'password456',
  'wrong-password',
  'wrong password',
  'another password',
  'a better password',
  'a long journey',
  'a long password',
  'set by an admin',
  'mine now!',
  'correct horse',
]

/** Passwords that people type at terminals, those of them that mean nothing else by chance. */
const PINS_AT_TERMINALS = ['73519864', '11112222']

/** Other texts: keys, secrets of the webhook, passwords of mail servers, the secret part of addresses. */
const TEXTS = [
  TEST_WEBHOOK_SECRET,
  'the present secret of the webhook',
  'the previous secret of the webhook',
  'the secret of a journey',
  'a secret of the tests',
  'a secret for tokens of thirty-two bytes',
  'a-token-of-the-tests',
  'MySuperSecretValue',
  'another encryption key, also',
  'very-secret-path',
  'p@ss:word',
  'p%40ss%3Aword',
  'wrong-one',
  'hunter2',
  'jjjjjjjjjjjjjjjjjjjj',
  'eeeeeeeeeeeeeeeeeeee',
  'wwwwwwwwwwwwwwwwwwww',
  FRESH_SECRET,
]

const literally = (text: string): string => text.replaceAll(/[.*+?^${}()|[\]\\]/g, String.raw`\$&`)
const anyOf = (texts: readonly string[]): RegExp => new RegExp(texts.map(literally).join('|'))
const anyNumberOf = (numbers: readonly (string | number)[]): RegExp =>
  new RegExp(`(?<![\\d.])(?:${numbers.join('|')})(?!\\d)`)

export const TEST_SECRETS: readonly TestSecret[] = [
  { name: 'password of an account', pattern: anyOf(PASSWORDS) },
  { name: 'password at a terminal', pattern: anyNumberOf(PINS_AT_TERMINALS) },
  { name: 'comm key', pattern: anyNumberOf([TEST_COMM_KEY]) },
  { name: 'secret of the configuration', pattern: anyOf(TEXTS) },
  { name: 'token (JWT)', pattern: /eyJ[\w-]{10,}\.eyJ[\w-]{10,}\.[\w-]{10,}/ },
  { name: 'API key', pattern: /\bzk_[\w-]{40,}/ },
  { name: 'hash of a password', pattern: /\$argon2id?\$|\$2[aby]\$\d\d\$/ },
  // The head of every made-up template, as it is printed: hex, base64, bytes in JSON.
  { name: 'template', pattern: /4d9853533231|TZhTUzIx|77,152,83,83,50,49|"0":77,"1":152,"2":83/i },
]
