// oidc-provider's storage on PostgreSQL, one table, so that the comparison is between two durable servers.
import pg from 'pg';

const pool = new pg.Pool({ connectionString: process.env.PEER_DATABASE_URL, max: 10 });

export async function prepare() {
  await pool.query(`CREATE TABLE IF NOT EXISTS oidc_payloads (
    id text NOT NULL, type text NOT NULL, payload jsonb NOT NULL, grant_id text, user_code text, uid text,
    expires_at timestamptz, consumed_at timestamptz, PRIMARY KEY (id, type))`);
  await pool.query('CREATE INDEX IF NOT EXISTS oidc_payloads_grant ON oidc_payloads (grant_id)');
  await pool.query('CREATE INDEX IF NOT EXISTS oidc_payloads_uid ON oidc_payloads (uid)');
  await pool.query('CREATE TABLE IF NOT EXISTS accounts (id text PRIMARY KEY, login text NOT NULL UNIQUE, claims jsonb NOT NULL)');
}

// oidc-provider leaves accounts to who runs it: here they are in the same database, read whenever it asks for one.
export const accounts = {
  async add(id, login, claims) {
    await pool.query('INSERT INTO accounts VALUES ($1, $2, $3) ON CONFLICT DO NOTHING', [id, login, claims]);
  },

  async byLogin(login) {
    const { rows: [row] } = await pool.query({ name: 'account-by-login', text: 'SELECT id FROM accounts WHERE login = $1', values: [login] });
    return row?.id;
  },

  async claimsOf(id) {
    const { rows: [row] } = await pool.query({ name: 'account', text: 'SELECT claims FROM accounts WHERE id = $1', values: [id] });
    return row?.claims;
  },
};

const FIND = 'SELECT payload, expires_at, consumed_at FROM oidc_payloads WHERE';

export class PostgresAdapter {
  constructor(type) { this.type = type; }

  async upsert(id, payload, expiresIn) {
    const expires = expiresIn ? new Date(Date.now() + expiresIn * 1000) : null;
    await pool.query({
      name: 'upsert',
      text: `INSERT INTO oidc_payloads (id, type, payload, grant_id, user_code, uid, expires_at)
             VALUES ($1, $2, $3, $4, $5, $6, $7)
             ON CONFLICT (id, type) DO UPDATE SET payload = $3, grant_id = $4, user_code = $5, uid = $6, expires_at = $7`,
      values: [id, this.type, payload, payload.grantId, payload.userCode, payload.uid, expires],
    });
  }

  async one(name, where, value) {
    const { rows: [row] } = await pool.query({ name, text: `${FIND} ${where} = $1 AND type = $2`, values: [value, this.type] });
    if (!row || (row.expires_at && row.expires_at < new Date())) return undefined;
    return { ...row.payload, ...(row.consumed_at ? { consumed: true } : undefined) };
  }

  find(id) { return this.one('find', 'id', id); }

  findByUserCode(code) { return this.one('find-user-code', 'user_code', code); }

  findByUid(uid) { return this.one('find-uid', 'uid', uid); }

  async destroy(id) {
    await pool.query({ name: 'destroy', text: 'DELETE FROM oidc_payloads WHERE id = $1 AND type = $2', values: [id, this.type] });
  }

  async consume(id) {
    await pool.query({
      name: 'consume', text: 'UPDATE oidc_payloads SET consumed_at = now() WHERE id = $1 AND type = $2', values: [id, this.type],
    });
  }

  async revokeByGrantId(grantId) {
    await pool.query({ name: 'revoke', text: 'DELETE FROM oidc_payloads WHERE grant_id = $1 AND type = $2', values: [grantId, this.type] });
  }
}
